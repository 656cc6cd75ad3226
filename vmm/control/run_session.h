// One `skiff run`: machines from the first start to the last end, with the console on stdio, or for
// whoever attaches, and the process's signals.
//
//   SIGINT, SIGTERM, SIGHUP   the first presses the power button (a guest that does not listen is
//                             stopped); the second, or machine.stop_timeout, stops it
//   SIGTSTP, SIGCONT          terminal restored, process stopped; terminal raw again
//   SIGWINCH                  the window's new size goes to the console's device
//   (one of these that was ignored when Skiff started stays ignored)
//   guest reset               a new Machine, unless machine.on_reboot = "exit"
//   control socket            of a named VM: SessionControl, asked through a ControlServer, which
//   is
//                             made once the guest runs, so that it costs the start nothing
//
// Thread rule: main thread; it also runs the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "vmm/base/clock.h"
#include "vmm/base/event_fd.h"
#include "vmm/control/api/control_server.h"
#include "vmm/control/console/console_switch.h"
#include "vmm/control/console_front.h"
#include "vmm/control/device_mailbox.h"
#include "vmm/control/run_directory/run_directory.h"
#include "vmm/control/serial_files.h"
#include "vmm/control/session_control.h"
#include "vmm/control/silence_watch.h"
#include "vmm/control/stdio_console.h"
#include "vmm/kvm/kvm_system.h"
#include "vmm/machine/io_executor.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/run_options.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

class RunSession {
 public:
  // `directory`: of a named VM, else null; outlives the session.
  RunSession(const VmConfig& config, const RunOptions& options, RunDirectory* directory);
  // The process's exit status. Throws ConfigError or HostError before the first guest has started.
  int run();

 private:
  void await_signal();
  void await_machine_end();
  void on_signal(int number);
  void on_action(ConsoleAction action);
  void on_output_lost(const std::string& why);
  // Asks the guest to power off, which it has `timeout` seconds for (0: for ever); what stops it in
  // the end gives the exit status.
  void shut_down(int exit_status, std::uint32_t timeout);
  void shut_down(int exit_status) { shut_down(exit_status, config_.machine.stop_timeout); }
  void stop_machine(int exit_status);
  void stop_process();

  int run_machines();
  void begin_control();
  void stop_on_request(const StopRequest& request);
  void end_control(int exit_status);

  std::unique_ptr<Machine> create_machine();
  template <typename Port>
  ByteSink& output_sink(const Port& port);
  std::unique_ptr<StdioConsole> create_stdio();
  void attach_consoles();
  void detach_consoles();
  ByteSink* debug_sink();
  MachineEnd run_machine_once();
  // False if some of the console's output could not be delivered.
  bool drain_console();
  void print_stats();
  // What `skiff why` says; the machine runs or has ended.
  GuestExplanation explain() { return machine_->explain(silence_.has_printed()); }
  // False if there was nothing to tell.
  bool on_silent(bool busy);
  int exit_status_of(const MachineEnd& end);

  const VmConfig& config_;
  const RunOptions options_;
  RunDirectory* const directory_;
  boost::asio::io_context io_{1};
  SystemClock clock_;
  IoExecutor executor_;
  std::unique_ptr<StdioConsole> stdio_;  // null: detached
  ConsoleSwitch consoles_;
  ConsoleFront& console_;  // stdio_, or without it consoles_
  SerialFiles files_;
  SilenceWatch silence_;
  std::unique_ptr<ByteSink> debug_text_;
  KvmSystem kvm_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer stop_timer_;
  EventFd machine_ended_;
  boost::asio::posix::stream_descriptor ended_descriptor_;
  DeviceMailbox broken_devices_;
  std::unique_ptr<Machine> machine_;
  std::unique_ptr<SessionControl> control_;  // of a named VM, once its guest runs
  std::unique_ptr<ControlServer> server_;

  // Set when something outside the guest wants it to end: the status if it has to be stopped.
  std::optional<int> wanted_status_;
  bool force_ = false;        // no more waiting, not even for the console's reader
  bool output_lost_ = false;  // the run's status is a host fault, however the guest ended
  std::string how_it_ended_;  // for a person, a line
};

}  // namespace skiff
