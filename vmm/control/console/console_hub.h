// One console of a VM for any number of people: a writer, viewers, what was said before.
//
//   vCPU, I/O thread -> write() -> OutputHistory -> [wake eventfd] -> main thread -> each client
//   the writer's input -> device.receive(); what it does not take waits in the client, which is not
//   read on; the device's on_receive_room() -> [wake eventfd] -> main thread
//
// Who holds the guest back (docs/console.md):
//   nobody attached            the guest never waits
//   the writer                 as long as it takes at least a byte in kWriterPatience
//   a viewer                   as long as it takes kFastBytes in each kFastWindow in which the
//   guest
//                              waits
// Whoever is slower is passed by: it holds nobody any more, goes on from the oldest byte kept and
// is told what it missed, and counts as fast again once it has caught up.
//
// While nothing happens nothing wakes: the only timer runs while a guest waits for a client.
//
// Thread rule: write, writable and on_receive_room from any thread; all else, the main thread's,
// which runs the io_context. Outlives the machines it is given devices of.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vmm/base/event_fd.h"
#include "vmm/base/fd.h"
#include "vmm/control/console/attach_request.h"
#include "vmm/control/console/console_client.h"
#include "vmm/control/console/output_history.h"
#include "vmm/io/byte_channel.h"

namespace skiff {

class ConsoleLog;

struct ConsoleHubOptions {
  // Who types to this console by another way ("the terminal of `skiff run`"): clients then are
  // viewers, and the guest never waits for them. Empty: nobody.
  std::string local_writer{};
};

class ConsoleHub final : public ByteSink, public ReceiveRoomListener, private ConsoleClient::Owner {
 public:
  static constexpr std::size_t kMaxClients = 64;
  static constexpr std::chrono::milliseconds kWriterPatience{2000};
  static constexpr std::chrono::milliseconds kFastWindow{250};
  static constexpr std::uint64_t kFastBytes = 1024 * 1024;

  // Throws HostError where the limit of open files is reached.
  ConsoleHub(boost::asio::io_context& io, std::string name, ConsoleHubOptions options = {});
  ~ConsoleHub() override;
  ConsoleHub(const ConsoleHub&) = delete;
  ConsoleHub& operator=(const ConsoleHub&) = delete;

  const std::string& name() const { return name_; }
  // Whom input goes to; null: input waits.
  void attach(CharacterDevice* device);
  void set_log(std::unique_ptr<ConsoleLog> log);

  // Why a client would be refused: a sentence.
  std::expected<void, std::string> may_attach(const AttachRequest& request) const;
  // A connected stream socket that speaks frames from now on. One that may not be the writer after
  // all (may_attach was asked a while ago) becomes a viewer and is told.
  void adopt(const AttachRequest& request, Fd socket, std::span<const std::byte> early);
  // A raw stream: the writer if there is none, else a viewer; `casual`: as ConsoleClient has it.
  // Null if there are too many clients.
  std::shared_ptr<ConsoleClient> adopt_raw(ConsoleClient::Kind kind, Fd stream, std::string who,
                                           bool casual = false);
  // It goes. Nothing if it has gone already.
  void drop(const std::shared_ptr<ConsoleClient>& client);

  bool has_writer() const { return writer_ != nullptr || !options_.local_writer.empty(); }
  std::size_t client_count() const { return clients_.size(); }
  std::uint64_t output_bytes() const { return history_.head(); }

  // For a guest that has ended: sends on what clients take now. True when all is sent, but to those
  // who take nothing: the writer for kWriterPatience, a viewer for kFastWindow, since `since`; and
  // to viewers who are not done kWriterPatience after it.
  bool flush(ConsoleClient::Clock::time_point since);
  bool is_transmit_idle() { return device_ == nullptr || device_->is_transmit_idle(); }
  // The VM has ended: every client is told, the log is finished.
  void tell_ended(int exit_status);

  std::size_t write(std::span<const std::byte> bytes) noexcept override;
  bool writable() const noexcept override { return history_.writable(); }
  void on_receive_room() noexcept override;

 private:
  using ClientPtr = std::shared_ptr<ConsoleClient>;

  ConsoleClient::Owner& owner() { return *this; }
  void add(const ClientPtr& client, bool replay);
  bool may_hold(const ConsoleClient& client) const;
  bool is_heard(const ConsoleClient& client) const;
  void make_writer(const ClientPtr& client);
  void end_writer();
  void on_wake();
  void resume_inputs();
  void await_wake();
  void pump();
  bool step(ConsoleClient& client);
  void post_pump();
  void update_hold();
  void note_waiting();
  void begin_window();
  void judge();
  bool is_slow(const ConsoleClient& client, ConsoleClient::Clock::time_point now) const;
  void remove_closed();
  std::string writer_name() const;
  void send_window();

  void on_writable(ConsoleClient& client) override;
  std::size_t on_input(ConsoleClient& client, std::span<const std::byte> bytes) override;
  void on_window(ConsoleClient& client) override;
  void on_break(ConsoleClient& client) override;
  void on_role_asked(ConsoleClient& client, RoleRequest request) override;
  void on_input_end(ConsoleClient& client) override;

  boost::asio::io_context& io_;
  const std::string name_;
  const ConsoleHubOptions options_;
  OutputHistory history_;
  EventFd wake_;
  boost::asio::posix::stream_descriptor wake_descriptor_;
  boost::asio::steady_timer judge_timer_;
  bool judging_ = false;
  std::uint64_t refusals_seen_ = 0;
  ConsoleClient::Clock::time_point waiting_since_{};
  ConsoleClient::Clock::time_point window_began_{};
  bool pump_posted_ = false;
  std::vector<ClientPtr> clients_;
  ClientPtr writer_;
  ClientWindow window_{};  // the last writer's
  CharacterDevice* device_ = nullptr;
  std::unique_ptr<ConsoleLog> log_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for work that was posted
};

}  // namespace skiff
