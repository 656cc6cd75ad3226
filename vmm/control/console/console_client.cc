#include "vmm/control/console/console_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace skiff {
namespace {

namespace asio = boost::asio;

// Read at once; also the most that waits for the guest. [bytes]
constexpr std::size_t kReadSize = 16 * 1024;
// What may be said to a client that does not read: a notice that finds more waiting is left out.
constexpr std::size_t kMostQueued = 16 * 1024;

}  // namespace

std::string process_at(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid == 0) {
    return "a process elsewhere";
  }
  return fmt::format("process {}", peer.pid);
}

ConsoleClient::ConsoleClient(asio::io_context& io, Owner& owner, Kind kind, Fd stream,
                             std::string who)
    : stream_(io), owner_(owner), kind_(kind), who_(std::move(who)), progress_at_(Clock::now()) {
  const int flags = ::fcntl(stream.get(), F_GETFL);
  if (flags >= 0) ::fcntl(stream.get(), F_SETFL, flags | O_NONBLOCK);
  boost::system::error_code error;
  stream_.assign(stream.get(), error);
  if (error) {
    closed_ = true;
    return;
  }
  fd_ = stream.release();
}

void ConsoleClient::start(std::span<const std::byte> early) {
  if (closed_) return;
  await_end();
  received_.assign(early.begin(), early.end());
  unparsed_ = received_;
  process_input();
}

void ConsoleClient::close() {
  if (std::exchange(closed_, true)) return;
  boost::system::error_code error;
  stream_.close(error);
}

void ConsoleClient::say(std::string_view text) {
  if (framed() && queued_.size() < kMostQueued) append_notice(queued_, text);
}

void ConsoleClient::tell_role(bool writer) {
  if (framed() && queued_.size() < kMostQueued) append_role(queued_, writer);
}

void ConsoleClient::tell_ended(int exit_status) {
  if (framed()) append_ended(queued_, exit_status);
}

bool ConsoleClient::up_to(std::uint64_t head) const {
  return pending_.empty() && queued_.empty() && ring_rest_ == 0 && position_ == head;
}

// What to send next, when nothing is left of what was begun.
void ConsoleClient::begin_output(OutputHistory& history) {
  pending_.swap(queued_);
  const std::size_t available = std::min<std::uint64_t>(history.head() - position_, kMaxFrameData);
  if (available == 0) return;
  if (holds_) {
    ring_rest_ = available;
    if (!framed()) return;
    const auto header = frame_header(FrameType::output, available);
    pending_.insert(pending_.end(), header.begin(), header.end());
    return;
  }
  const std::uint64_t wanted = position_;
  const std::size_t at = pending_.size() + (framed() ? kFrameHeaderSize : 0);
  std::vector<std::byte> bytes(kMaxFrameData);
  bytes.resize(history.copy(position_, bytes));
  if (framed() && position_ != wanted) {
    append_notice(pending_, fmt::format("{} bytes missed", position_ - wanted));
  }
  position_ += bytes.size();
  if (!framed()) {
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
  } else {
    pending_.reserve(at + bytes.size());
    append_frame(pending_, FrameType::output, bytes);
  }
}

ssize_t ConsoleClient::send(std::span<iovec> parts) {
  if (kind_ == Kind::pty) return ::writev(fd_, parts.data(), static_cast<int>(parts.size()));
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void ConsoleClient::consume(std::size_t sent) {
  sent_ += sent;
  progress_at_ = Clock::now();
  const std::size_t first = std::min(sent, pending_.size() - pending_at_);
  pending_at_ += first;
  if (pending_at_ == pending_.size()) {
    // A slow client's copy is not kept for its whole life.
    if (pending_.capacity() > kReadSize) pending_ = {};
    pending_.clear();
    pending_at_ = 0;
  }
  position_ += sent - first;
  ring_rest_ -= sent - first;
}

ConsoleClient::Sent ConsoleClient::send_some(OutputHistory& history) {
  if (closed_) return Sent::gone;
  if (waits_for_room_) return Sent::blocked;
  if (pending_.empty() && ring_rest_ == 0) begin_output(history);
  if (pending_.empty() && ring_rest_ == 0) return Sent::all;
  const auto ring = history.view(position_, ring_rest_);
  std::array<iovec, 3> parts{};
  std::size_t count = 0;
  if (!pending_.empty()) {
    parts[count++] = {.iov_base = pending_.data() + pending_at_,
                      .iov_len = pending_.size() - pending_at_};
  }
  for (const iovec& part : ring) {
    if (part.iov_len != 0) parts[count++] = part;
  }
  const ssize_t sent = send(std::span(parts).first(count));
  if (sent >= 0) {
    consume(static_cast<std::size_t>(sent));
    return Sent::some;
  }
  if (errno == EINTR) return Sent::some;
  if (errno == EAGAIN) {
    await_room();
    return Sent::blocked;
  }
  close();
  return Sent::gone;
}

void ConsoleClient::stop_holding(OutputHistory& history) {
  holds_ = false;
  if (ring_rest_ == 0) return;
  const auto rest = history.view(position_, ring_rest_);
  for (const iovec& part : rest) {
    const auto* const bytes = static_cast<const std::byte*>(part.iov_base);
    pending_.insert(pending_.end(), bytes, bytes + part.iov_len);
  }
  position_ += std::exchange(ring_rest_, 0);
}

void ConsoleClient::await_room() {
  waits_for_room_ = true;
  stream_.async_wait(asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->waits_for_room_ = false;
                       if (!error && !self->closed_) self->owner_.on_writable(*self);
                     });
}

// Tells of a peer that is gone also while nothing is read and nothing is to be sent.
void ConsoleClient::await_end() {
  stream_.async_wait(asio::posix::stream_descriptor::wait_error,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (error || self->closed_) return;
                       self->close();
                       self->owner_.on_input_end(*self);
                     });
}

void ConsoleClient::await_input() {
  if (reading_ || closed_ || !input_open_) return;
  reading_ = true;
  stream_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->reading_ = false;
                       if (!error && !self->closed_) self->read_input();
                     });
}

void ConsoleClient::read_input() {
  received_.resize(kReadSize);
  const ssize_t count = ::read(fd_, received_.data(), received_.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return await_input();
  if (count <= 0) {
    if (count < 0) close();
    return end_input();
  }
  unparsed_ = std::span<const std::byte>(received_).first(static_cast<std::size_t>(count));
  process_input();
}

// The other end may go on reading: the guest's output still goes there.
void ConsoleClient::end_input() {
  if (!std::exchange(input_open_, false)) return;
  owner_.on_input_end(*this);
}

void ConsoleClient::process_input() {
  while (!closed_) {
    if (!untaken_.empty()) {
      untaken_ = untaken_.subspan(owner_.on_input(*this, untaken_));
      if (!untaken_.empty()) return;  // resume_input goes on
    }
    if (unparsed_.empty()) break;
    if (!framed()) {
      untaken_ = std::exchange(unparsed_, {});
      continue;
    }
    const auto part = parser_.next(unparsed_);
    if (!part) {
      close();
      return end_input();
    }
    if (*part && !act_on(**part)) return;
  }
  await_input();
}

// False if the client is gone.
bool ConsoleClient::act_on(const FramePart& part) {
  switch (part.type) {
    case FrameType::input:
      untaken_ = part.bytes;
      break;
    case FrameType::window:
      window = {.columns = part.columns(), .rows = part.rows()};
      owner_.on_window(*this);
      break;
    case FrameType::line_break:
      owner_.on_break(*this);
      break;
    case FrameType::ask_role:
      if (part.number() > std::to_underlying(RoleRequest::steal)) {
        close();
        end_input();
        return false;
      }
      owner_.on_role_asked(*this, static_cast<RoleRequest>(part.number()));
      break;
    default:
      break;
  }
  return !closed_;
}

void ConsoleClient::resume_input() {
  if (!untaken_.empty()) process_input();
}

void ConsoleClient::drop_input() {
  if (untaken_.empty()) return;
  untaken_ = {};
  process_input();
}

}  // namespace skiff
