// The guest's console on stdin and stdout: only guest bytes on stdout, every byte of stdin to the
// guest, both ways with back-pressure.
//
//   vCPU -> write() -> stdout (non-blocking), while it keeps up; what it does not take at once:
//                   -> OutputRing -> [wake eventfd] -> main thread -> stdout, when it is ready
//   stdin -> EscapeFilter (terminals only) -> device.receive(); what it does not take waits here
//   and stdin is not read on; the device's on_receive_room() -> [wake eventfd] -> main thread
//
// Thread rule: write, writable and on_receive_room from any thread; all else, the main thread's.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "vmm/base/event_fd.h"
#include "vmm/base/fd.h"
#include "vmm/base/mutex.h"
#include "vmm/control/console_front.h"
#include "vmm/control/escape_filter.h"
#include "vmm/control/output_ring.h"
#include "vmm/control/standard_output.h"
#include "vmm/control/terminal.h"
#include "vmm/io/byte_channel.h"

namespace skiff {

struct StdioConsoleOptions {
  char escape = 0x01;  // 0: none
  bool input = true;
};

class StdioConsole final : public ByteSink, public ReceiveRoomListener, public ConsoleFront {
 public:
  struct Handlers {
    std::function<void(ConsoleAction)> on_action;
    // stdout takes no more (EPIPE, ENOSPC, ...): one complete sentence; output is discarded from
    // now.
    std::function<void(const std::string&)> on_output_lost;
  };

  // Throws HostError if stdout is closed, or the limit of open files is reached.
  StdioConsole(boost::asio::io_context& io, const StdioConsoleOptions& options, Handlers handlers);
  ~StdioConsole() override;
  StdioConsole(const StdioConsole&) = delete;
  StdioConsole& operator=(const StdioConsole&) = delete;

  // Whom input goes to; null: input waits.
  void attach(CharacterDevice* device);
  // After SIGWINCH, and whenever the terminal may have another size: tells the device. Nothing if
  // stdout is no terminal.
  void update_window_size() override;
  // After SIGCONT: reads stdin again if Skiff is in the foreground now.
  void resume_input() override { deliver_input(); }
  // When no vCPU runs any more: writes what is in the ring and what the device still has for it,
  // waiting for a slow reader; `give_up` is asked again and again, and
  // told for how long the reader has taken nothing. False if something could not be written.
  bool drain(const GiveUp& give_up) override;
  // To the person, if stdin is a terminal; not part of the guest's output.
  void tell(const std::string& text) override;
  bool interactive() const override { return terminal_.is_terminal(); }
  void suspend_terminal() override { terminal_.suspend(); }
  void resume_terminal() override { terminal_.resume(); }

  std::size_t write(std::span<const std::byte> bytes) noexcept override;
  bool writable() const noexcept override;
  void on_receive_room() noexcept override;

 private:
  enum class Progress { done, blocked, lost };

  void await_wake();
  void pump_output();
  Progress write_some();
  void await_output_room();
  void await_input();
  void await_foreground();
  void read_input();
  void deliver_input();

  boost::asio::io_context& io_;
  const Handlers handlers_;
  Terminal terminal_;
  EscapeFilter filter_;

  const StandardOutput output_;
  std::uint64_t written_ = 0;  // [bytes]
  bool output_lost_ = false;
  bool output_waiting_ = false;  // for stdout to become writable
  Mutex producers_;              // orders the vCPUs' writes, straight or into the ring
  OutputRing ring_;
  std::atomic<bool> discard_{false};

  bool input_open_ = false;
  bool input_waiting_ = false;      // for stdin to become readable
  std::vector<std::byte> pending_;  // read, not yet taken by the device
  std::size_t pending_at_ = 0;
  CharacterDevice* device_ = nullptr;

  EventFd wake_;
  boost::asio::posix::stream_descriptor wake_descriptor_;
  boost::asio::posix::stream_descriptor output_descriptor_;
  boost::asio::posix::stream_descriptor input_descriptor_;
  boost::asio::steady_timer foreground_timer_;
};

}  // namespace skiff
