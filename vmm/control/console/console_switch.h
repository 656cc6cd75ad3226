// All consoles of a VM: a hub for each port that somebody may attach to, by name.
//
//   target = "socket"    a hub, always
//   target = "console"   detached: a hub, the main one. In the foreground the port is on the
//                        terminal (StdioConsole); of a named VM it has a hub beside, whose clients
//                        only look on and hold nobody
//
// Thread rule: main thread; the sinks' methods from any thread. Outlives the machines.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/control/console/console_hub.h"
#include "vmm/control/console/rotating_file.h"
#include "vmm/control/console_front.h"
#include "vmm/control/vm_control.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

struct ConsoleSwitchOptions {
  // The console of a VM in the foreground: where the main port's output goes first. Null: detached.
  ByteSink* terminal = nullptr;
  bool named = false;  // somebody may attach
  // The main console's log.
  std::optional<RotatingFileOptions> log{};
};

class ConsoleSwitch final : public ConsoleFront {
 public:
  // Throws HostError. `config` outlives this.
  ConsoleSwitch(boost::asio::io_context& io, const VmConfig& config,
                const ConsoleSwitchOptions& options);
  ~ConsoleSwitch() override;

  // Where a port whose target is console or socket sends its output. `config`'s own ports only.
  ByteSink& sink(const SerialConfig& serial);
  ByteSink& sink(const VirtioConsolePortConfig& port);
  ByteSink& main_sink();
  // The character devices of the machine that runs now; none between two machines.
  void attach(std::span<const NamedCharacterDevice> devices);

  std::vector<ConsoleInfo> list() const;
  // An empty `name` means the main console.
  ControlResult<> may_attach(std::string_view name, const AttachRequest& request) const;
  void adopt(std::string_view name, const AttachRequest& request, Fd socket,
             std::span<const std::byte> early);
  // A UNIX socket console-NAME.sock and a pseudo-terminal console-NAME.pty in `directory` for each
  // console. One that cannot be made is left out with a warning.
  void listen(const std::string& directory);
  // The VM has ended, after drain(): everybody is told, and who reads is waited for a moment.
  void end(int exit_status);

  bool drain(const GiveUp& give_up) override;
  void tell(const std::string&) override {}
  bool interactive() const override { return false; }
  void suspend_terminal() override {}
  void resume_terminal() override {}
  void update_window_size() override {}
  void resume_input() override {}

 private:
  struct Console;

  void add(std::size_t port, bool main);
  ByteSink& sink_of(std::size_t port);
  Console* find(std::string_view name) const;
  bool flush(ConsoleClient::Clock::time_point since);

  boost::asio::io_context& io_;
  const VmConfig& config_;
  const ConsoleSwitchOptions options_;
  const std::vector<std::string> names_;  // of all ports, those without a hub too
  std::vector<std::unique_ptr<Console>> consoles_;
};

}  // namespace skiff
