#include "vmm/control/console/console_hub.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/control/console/console_log.h"

namespace skiff {
namespace {

namespace asio = boost::asio;

// Turns of all clients before other work of the main thread gets its own.
constexpr int kRounds = 16;
// Room that is worth waking a guest for. [bytes]
constexpr std::uint64_t kRoomStep = OutputHistory::kCapacity / 4;
// A client this far behind is one that the guest waits for. [bytes]
constexpr std::uint64_t kFarBehind = OutputHistory::kCapacity / 2;

}  // namespace

ConsoleHub::ConsoleHub(asio::io_context& io, std::string name, ConsoleHubOptions options)
    : io_(io),
      name_(std::move(name)),
      options_(std::move(options)),
      wake_descriptor_(io),
      judge_timer_(io) {
  Fd wake(::dup(wake_.fd()));
  if (!wake) throw HostError::from_errno("cannot duplicate an eventfd", errno);
  wake_descriptor_.assign(wake.get());
  wake.release();
  await_wake();
}

ConsoleHub::~ConsoleHub() {
  for (const ClientPtr& client : clients_)
    client->close();
}

void ConsoleHub::attach(CharacterDevice* device) {
  device_ = device;
  if (device_ == nullptr) return;
  device_->set_room_listener(this);
  send_window();
  // Input that came while nobody was attached.
  resume_inputs();
}

void ConsoleHub::set_log(std::unique_ptr<ConsoleLog> log) {
  log_ = std::move(log);
  if (log_) log_->on_due([this] { pump(); });
  post_pump();
}

std::string ConsoleHub::writer_name() const {
  return writer_ ? writer_->who() : options_.local_writer;
}

std::expected<void, std::string> ConsoleHub::may_attach(const AttachRequest& request) const {
  if (clients_.size() >= kMaxClients) {
    return std::unexpected(
        fmt::format("{} has {} clients already, which is the most", name_, clients_.size()));
  }
  if (!request.write || !has_writer()) return {};
  if (!options_.local_writer.empty()) {
    return std::unexpected(fmt::format("{} is written to by {}; you can look on (--read-only)",
                                       name_, options_.local_writer));
  }
  if (request.steal) return {};
  return std::unexpected(
      fmt::format("{} is written to by {}; you can look on (--read-only) or take over (--steal)",
                  name_, writer_name()));
}

void ConsoleHub::adopt(const AttachRequest& request, Fd socket, std::span<const std::byte> early) {
  std::string who = process_at(socket.get());
  const auto client = std::make_shared<ConsoleClient>(io_, owner(), ConsoleClient::Kind::framed,
                                                      std::move(socket), std::move(who));
  const auto allowed = may_attach(request);
  client->window = {.columns = request.columns, .rows = request.rows};
  if (clients_.size() < kMaxClients) {
    add(client, request.replay);
    if (request.write && allowed) {
      make_writer(client);
    } else {
      if (!allowed) client->say(allowed.error());
      client->tell_role(false);
    }
    client->start(early);
    post_pump();
  }
}

std::shared_ptr<ConsoleClient> ConsoleHub::adopt_raw(ConsoleClient::Kind kind, Fd stream,
                                                     std::string who, bool casual) {
  if (clients_.size() >= kMaxClients) return nullptr;
  auto client =
      std::make_shared<ConsoleClient>(io_, owner(), kind, std::move(stream), std::move(who));
  if (casual) client->set_casual();
  add(client, true);
  if (!casual && !has_writer()) make_writer(client);
  client->start({});
  post_pump();
  return client;
}

void ConsoleHub::add(const ClientPtr& client, bool replay) {
  client->set_position(replay ? history_.oldest() : history_.head());
  client->marked_at = ConsoleClient::Clock::now();
  if (may_hold(*client)) {
    client->set_position(history_.hold_from(client->position()));
    client->start_holding();
  }
  clients_.push_back(client);
}

bool ConsoleHub::may_hold(const ConsoleClient& client) const {
  return options_.local_writer.empty() && !client.is_casual();
}

bool ConsoleHub::is_heard(const ConsoleClient& client) const {
  return &client == writer_.get() || (client.is_casual() && !has_writer());
}

void ConsoleHub::drop(const std::shared_ptr<ConsoleClient>& client) {
  if (client->closed()) return;
  client->close();
  on_input_end(*client);
}

void ConsoleHub::make_writer(const ClientPtr& client) {
  if (writer_ == client) return;
  if (const ClientPtr before = std::exchange(writer_, client)) {
    before->say(fmt::format("{} has taken over; you are a viewer now", client->who()));
    before->tell_role(false);
    before->drop_input();
  }
  client->tell_role(true);
  on_window(*client);
}

void ConsoleHub::end_writer() {
  writer_.reset();
}

std::size_t ConsoleHub::write(std::span<const std::byte> bytes) noexcept {
  const OutputHistory::Written written = history_.write(bytes);
  if (written.wake) wake_.signal();
  return written.taken;
}

void ConsoleHub::on_receive_room() noexcept {
  wake_.signal();
}

void ConsoleHub::await_wake() {
  wake_descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                              [this](const boost::system::error_code& error) {
                                if (error) return;
                                wake_.consume();
                                on_wake();
                                await_wake();
                              });
}

void ConsoleHub::on_wake() {
  resume_inputs();
  pump();
}

void ConsoleHub::resume_inputs() {
  // One that goes on may be taken over by the next: they keep until the end.
  const std::vector<ClientPtr> clients = clients_;
  for (const ClientPtr& client : clients)
    client->resume_input();
}

void ConsoleHub::post_pump() {
  if (std::exchange(pump_posted_, true)) return;
  asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    pump_posted_ = false;
    pump();
  });
}

void ConsoleHub::pump() {
  remove_closed();
  bool more = true;
  for (int round = 0; more && round < kRounds; ++round) {
    more = false;
    for (const ClientPtr& client : clients_)
      more |= step(*client);
  }
  if (log_) log_->serve(history_);
  note_waiting();
  std::uint64_t wake_at = log_ ? log_->wake_at() : OutputHistory::kNever;
  for (const ClientPtr& client : clients_) {
    if (!client->closed() && !client->waits_for_room()) {
      wake_at = std::min(wake_at, client->position());
    }
  }
  if (more || (wake_at != OutputHistory::kNever && !history_.wake_past(wake_at))) post_pump();
}

// False if it is to be left alone until something happens.
bool ConsoleHub::step(ConsoleClient& client) {
  if (may_hold(client) && !client.closed() && !client.holds() && client.up_to(history_.head())) {
    // Between the two the guest may have written more than is kept; then it is not up to date.
    if (history_.hold_from(client.position()) == client.position()) client.start_holding();
    update_hold();
  }
  switch (client.send_some(history_)) {
    case ConsoleClient::Sent::some:
      update_hold();
      return true;
    case ConsoleClient::Sent::gone:
      on_input_end(client);
      return false;
    case ConsoleClient::Sent::all:
    case ConsoleClient::Sent::blocked:
      return false;
  }
  return false;
}

void ConsoleHub::update_hold() {
  std::uint64_t slowest = OutputHistory::kNever;
  for (const ClientPtr& client : clients_) {
    if (client->holds() && !client->closed()) slowest = std::min(slowest, client->position());
  }
  history_.hold(slowest);
  if (history_.room() < kRoomStep || device_ == nullptr) return;
  if (history_.take_refused()) device_->on_transmit_room();
}

void ConsoleHub::remove_closed() {
  if (std::erase_if(clients_, [](const ClientPtr& client) { return client->closed(); }) != 0) {
    update_hold();
  }
}

void ConsoleHub::note_waiting() {
  if (judging_ || history_.refusals() == refusals_seen_) return;
  judging_ = true;
  waiting_since_ = ConsoleClient::Clock::now();
  history_.set_watched(true);
  begin_window();
}

void ConsoleHub::begin_window() {
  refusals_seen_ = history_.refusals();
  window_began_ = ConsoleClient::Clock::now();
  for (const ClientPtr& client : clients_) {
    client->sent_at_mark = client->sent_bytes();
    client->marked_at = window_began_;
  }
  judge_timer_.expires_after(kFastWindow);
  judge_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) judge();
  });
}

bool ConsoleHub::is_slow(const ConsoleClient& client, ConsoleClient::Clock::time_point now) const {
  if (history_.head() - client.position() < kFarBehind) return false;
  if (&client == writer_.get()) {
    return now - std::max(client.progress_at(), waiting_since_) >= kWriterPatience;
  }
  // One that came later has a window of its own.
  if (client.marked_at > window_began_) return false;
  return client.sent_bytes() - client.sent_at_mark < kFastBytes;
}

// Who has made the guest wait for too long is passed by.
void ConsoleHub::judge() {
  const bool waited = history_.refused() || history_.refusals() != refusals_seen_;
  const auto now = ConsoleClient::Clock::now();
  for (const ClientPtr& client : clients_) {
    if (waited && client->holds() && is_slow(*client, now)) client->stop_holding(history_);
  }
  update_hold();
  if (waited) {
    begin_window();
  } else {
    judging_ = false;
    history_.set_watched(false);
  }
  pump();
}

bool ConsoleHub::flush(ConsoleClient::Clock::time_point since) {
  pump();
  const auto now = ConsoleClient::Clock::now();
  return std::ranges::none_of(clients_, [&](const ClientPtr& client) {
    if (client->closed() || client->up_to(history_.head())) return false;
    const auto idle = now - std::max(client->progress_at(), since);
    if (client == writer_) return idle < kWriterPatience;
    return idle < kFastWindow && now - since < kWriterPatience;
  });
}

void ConsoleHub::tell_ended(int exit_status) {
  for (const ClientPtr& client : clients_)
    client->tell_ended(exit_status);
  if (log_) log_->finish(history_);
}

void ConsoleHub::send_window() {
  if (device_ != nullptr && window_.columns != 0) {
    device_->on_window_size(window_.columns, window_.rows);
  }
}

void ConsoleHub::on_writable(ConsoleClient&) {
  pump();
}

std::size_t ConsoleHub::on_input(ConsoleClient& client, std::span<const std::byte> bytes) {
  if (!is_heard(client)) return bytes.size();
  return device_ == nullptr ? 0 : device_->receive(bytes);
}

void ConsoleHub::on_window(ConsoleClient& client) {
  if (&client != writer_.get() || client.window.columns == 0) return;
  window_ = client.window;
  send_window();
}

void ConsoleHub::on_break(ConsoleClient& client) {
  if (&client == writer_.get() && device_ != nullptr) device_->receive_break();
}

void ConsoleHub::on_role_asked(ConsoleClient& client, RoleRequest request) {
  if (request == RoleRequest::give_up) {
    if (&client == writer_.get()) end_writer();
    client.tell_role(false);
  } else if (&client != writer_.get()) {
    const bool steal = request == RoleRequest::steal;
    if (!has_writer() || (steal && options_.local_writer.empty())) {
      make_writer(client.shared_from_this());
    } else {
      client.say(fmt::format("{} is written to by {}", name_, writer_name()));
      client.tell_role(false);
    }
  }
  post_pump();
}

void ConsoleHub::on_input_end(ConsoleClient& client) {
  // Nobody is promoted by itself.
  if (&client == writer_.get()) end_writer();
  if (client.closed()) post_pump();
}

}  // namespace skiff
