#include "vmm/control/run_session.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>
#include <string_view>

#include "vmm/base/error.h"
#include "vmm/base/exit_status.h"
#include "vmm/base/log.h"
#include "vmm/machine/ledger_report.h"
#include "vmm/machine/run_machine.h"

namespace skiff {
namespace {

namespace asio = boost::asio;

// Debug text ports: lines to stderr are for the person, so they may be dropped when nobody can take
// them; a guest must not be able to stop itself on Skiff's error channel.
class StandardErrorSink final : public ByteSink {
 public:
  std::size_t write(std::span<const std::byte> bytes) noexcept override {
    pollfd room{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&room, 1, 0) == 1) {
      // A pipe with any room takes this much without waiting (pipe(7), PIPE_BUF).
      const std::size_t size = std::min<std::size_t>(bytes.size(), 4096);
      [[maybe_unused]] const auto written = ::write(STDERR_FILENO, bytes.data(), size);
    }
    return bytes.size();
  }
  bool writable() const noexcept override { return true; }
};

// How long a reader of the console may take nothing after Skiff was asked to stop.
constexpr auto kStalledReader = std::chrono::seconds(2);

// Ignored by whoever started Skiff (nohup; a script's background job): it stays so.
bool is_ignored(int signal_number) {
  struct sigaction action{};
  return ::sigaction(signal_number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

RunSession::RunSession(const VmConfig& config, const RunOptions& options)
    : config_(config),
      options_(options),
      executor_(io_),
      console_(io_, {.escape = config.console.escape, .input = config.console.input},
               {.on_action = [this](ConsoleAction action) { on_action(action); },
                .on_output_lost = [this](const std::string& why) { on_output_lost(why); }}),
      signals_(io_),
      stop_timer_(io_),
      ended_descriptor_(io_) {
  // A closed pipe is an error value of write, not the end of the process.
  ::signal(SIGPIPE, SIG_IGN);
  VcpuThread::install_kick_signal();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH}) {
    if (!is_ignored(number)) signals_.add(number);
  }
  await_signal();
  Fd ended(::dup(machine_ended_.fd()));
  if (!ended) throw HostError::from_errno("cannot duplicate an eventfd", errno);
  ended_descriptor_.assign(ended.get());
  ended.release();
  await_machine_end();
}

int RunSession::run() {
  for (bool first = true;; first = false) {
    try {
      machine_ = create_machine();
      if (first && console_.interactive() && config_.console.escape != 0) {
        console_.tell(fmt::format("skiff: {} h for help, {} x to quit\r\n",
                                  EscapeFilter(config_.console.escape).escape_name(),
                                  EscapeFilter(config_.console.escape).escape_name()));
      }
      log_debug("{}", machine_->boot_description());
      console_.attach(&machine_->console_device());
      machine_->start();
    } catch (const Error& error) {
      console_.attach(nullptr);
      if (first) throw;
      log_error("the guest asked for a reset, but the machine cannot be started again: {}",
                error.what());
      return exit_status::kHost;
    }
    const MachineEnd end = run_machine_once();
    const bool again = end.kind == MachineEnd::Kind::reset && !wanted_status_ &&
                       config_.machine.on_reboot == OnReboot::restart;
    if (!again) {
      const bool complete = drain_console();
      if (options_.stats != StatsFormat::none) print_stats();
      if (output_lost_) return exit_status::kHost;
      return complete ? exit_status_of(end) : wanted_status_.value_or(exit_status_of(end));
    }
    if (options_.stats != StatsFormat::none) print_stats();
    log_info("the guest has reset itself; starting it again");
    console_.attach(nullptr);
    machine_.reset();
    machine_ended_.consume();
  }
}

bool RunSession::drain_console() {
  return console_.drain([this](std::chrono::steady_clock::duration stalled) {
    io_.poll();
    return force_ || (wanted_status_ && stalled > kStalledReader);
  });
}

MachineEnd RunSession::run_machine_once() {
  for (;;) {
    if (auto end = machine_->end()) {
      machine_->join();
      return *std::move(end);
    }
    io_.run_one();
  }
}

std::unique_ptr<Machine> RunSession::create_machine() {
  return std::make_unique<Machine>(
      config_, MachineServices{
                   .kvm = kvm_,
                   .clock = clock_,
                   .executor = executor_,
                   .serial_sink = [this](const SerialConfig& serial) -> ByteSink& {
                     return output_sink(serial.target, serial.path);
                   },
                   .debug_sink = debug_sink(),
                   .console_port_sink = [this](const VirtioConsolePortConfig& port) -> ByteSink& {
                     return output_sink(port.target, port.path);
                   },
                   .on_end = [this] { machine_ended_.signal(); },
               });
}

ByteSink& RunSession::output_sink(SerialTarget target, const std::string& path) {
  switch (target) {
    case SerialTarget::console:
      return console_;
    case SerialTarget::file:
      return files_.sink(path);
    case SerialTarget::null_sink:
      return files_.null_sink();
  }
  return files_.null_sink();
}

ByteSink* RunSession::debug_sink() {
  switch (config_.debug.text) {
    case DebugPortTarget::off:
      return nullptr;
    case DebugPortTarget::console:
      return &console_;
    case DebugPortTarget::standard_error:
      if (!debug_text_) debug_text_ = std::make_unique<StandardErrorSink>();
      return debug_text_.get();
  }
  return nullptr;
}

void RunSession::await_machine_end() {
  // Only to wake run_one(): what happened is asked of the machine.
  ended_descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                               [this](const boost::system::error_code& error) {
                                 if (error) return;
                                 machine_ended_.consume();
                                 await_machine_end();
                               });
}

void RunSession::await_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    on_signal(number);
    await_signal();
  });
}

void RunSession::on_signal(int number) {
  switch (number) {
    case SIGTSTP:
      return stop_process();
    case SIGCONT:
      console_.terminal().resume();
      console_.update_window_size();
      return console_.resume_input();
    case SIGWINCH:
      return console_.update_window_size();
    default:
      if (machine_ && machine_->end()) {
        // Nothing is left but a reader who does not take the console's last bytes.
        wanted_status_ = exit_status::of_signal(number);
        force_ = true;
        return;
      }
      if (wanted_status_) {
        force_ = true;
        log_warning("second signal: stopping the guest");
        return stop_machine(exit_status::of_signal(number));
      }
      return shut_down(exit_status::of_signal(number));
  }
}

void RunSession::on_action(ConsoleAction action) {
  switch (action) {
    case ConsoleAction::quit:
      force_ = true;
      return stop_machine(exit_status::of_signal(SIGTERM));
    case ConsoleAction::power_button:
      if (machine_ && !machine_->press_power_button()) {
        console_.tell("skiff: the guest does not listen to its power button\r\n");
      }
      return;
    case ConsoleAction::reset:
      if (machine_) machine_->reset();
      return;
    case ConsoleAction::nmi:
      if (machine_ && !machine_->send_nmi()) console_.tell("skiff: no NMI on this host\r\n");
      return;
    case ConsoleAction::send_break:
    case ConsoleAction::help:
      return;  // the console's own
  }
}

void RunSession::on_output_lost(const std::string& why) {
  log_error("{}; shutting the guest down", why);
  output_lost_ = true;
  shut_down(exit_status::kHost);
}

void RunSession::shut_down(int exit_status) {
  wanted_status_ = exit_status;
  if (!machine_) return;
  if (!machine_->press_power_button()) {
    log_info("the guest does not listen to its power button; stopping it");
    return stop_machine(exit_status);
  }
  if (config_.machine.stop_timeout == 0) return;
  log_info("power button pressed; waiting up to {} s (a second signal stops the guest at once)",
           config_.machine.stop_timeout);
  stop_timer_.expires_after(std::chrono::seconds(config_.machine.stop_timeout));
  stop_timer_.async_wait([this, exit_status](const boost::system::error_code& error) {
    if (error) return;
    log_warning("the guest has not powered off within {} s; stopping it",
                config_.machine.stop_timeout);
    stop_machine(exit_status);
  });
}

void RunSession::stop_machine(int exit_status) {
  wanted_status_ = exit_status;
  if (machine_) machine_->stop();
}

void RunSession::stop_process() {
  console_.terminal().suspend();
  // SIGSTOP cannot be caught: here is where the process stands still until SIGCONT.
  ::raise(SIGSTOP);
}

void RunSession::print_stats() {
  const LedgerReport report = make_ledger_report(machine_->ledgers(), machine_->run_time());
  const std::string text = options_.stats == StatsFormat::json ? to_json(report) : to_table(report);
  console_.terminal().suspend();
  write_whole(STDERR_FILENO, text);
  console_.terminal().resume();
}

int RunSession::exit_status_of(const MachineEnd& end) const {
  switch (end.kind) {
    case MachineEnd::Kind::power_off:
      log_debug("the guest has powered off");
      return exit_status::kPoweredOff;
    case MachineEnd::Kind::reset:
      log_debug("the guest has reset itself");
      return exit_status::kPoweredOff;
    case MachineEnd::Kind::guest_status:
      if (end.status > static_cast<std::uint64_t>(exit_status::kGuestMax)) {
        log_warning("the guest ended with status {}, reported as {}", end.status,
                    exit_status::kGuestMax);
        return exit_status::kGuestMax;
      }
      return static_cast<int>(end.status);
    case MachineEnd::Kind::panic:
      log_error("the guest's kernel has panicked");
      return exit_status::kGuestPanic;
    case MachineEnd::Kind::failure:
      log_error("{}", end.report);
      return exit_status::kGuestFault;
    case MachineEnd::Kind::stopped:
      return wanted_status_.value_or(exit_status::kHost);
  }
  return exit_status::kHost;
}

int run_machine(const VmConfig& config, const RunOptions& options) {
  try {
    RunSession session(config, options);
    const int status = session.run();
    log_flush();
    return status;
  } catch (const boost::system::system_error& error) {
    // The reactor could not be set up: it lacks descriptors or kernel memory.
    throw HostError::from_errno("cannot wait for events", error.code().value());
  }
}

}  // namespace skiff
