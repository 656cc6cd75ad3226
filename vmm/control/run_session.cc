#include "vmm/control/run_session.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>

#include "vmm/base/error.h"
#include "vmm/base/exit_status.h"
#include "vmm/base/log.h"
#include "vmm/control/api/vm_json.h"
#include "vmm/control/run_directory/run_files.h"
#include "vmm/control/terminal.h"
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

// How long clients of the control socket may take to hear of the end.
constexpr auto kFarewell = std::chrono::seconds(1);

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

ConsoleSwitchOptions console_options(ByteSink* terminal, const RunDirectory* directory,
                                     const std::string& log) {
  ConsoleSwitchOptions options{.terminal = terminal, .named = directory != nullptr};
  if (!log.empty()) {
    options.log = RotatingFileOptions{.path = log};
  } else if (directory != nullptr) {
    options.log = RotatingFileOptions{.path = directory->file(run_files::kConsoleLog)};
  }
  if (!log.empty() && directory != nullptr) {
    // Where `skiff logs` looks.
    const std::string link = directory->file(run_files::kConsoleLog);
    if (::symlink(log.c_str(), link.c_str()) != 0) {
      throw HostError::from_errno(fmt::format("cannot make the link {}", link), errno);
    }
  }
  return options;
}

}  // namespace

RunSession::RunSession(const VmConfig& config, const RunOptions& options, RunDirectory* directory)
    : config_(config),
      options_(options),
      directory_(directory),
      executor_(io_),
      stdio_(options.detached ? nullptr : create_stdio()),
      consoles_(io_, config, console_options(stdio_.get(), directory, options.console_log)),
      console_(stdio_ ? static_cast<ConsoleFront&>(*stdio_) : consoles_),
      silence_(io_, std::chrono::seconds(config.machine.why_after),
               [this](bool busy) { return on_silent(busy); }),
      signals_(io_),
      stop_timer_(io_),
      ended_descriptor_(io_),
      broken_devices_(io_, clock_, [this](const std::string& device) {
        if (control_) control_->publish("needs-reset", device);
      }) {
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
  const int status = run_machines();
  consoles_.end(status);
  if (control_) end_control(status);
  return status;
}

int RunSession::run_machines() {
  for (bool first = true;; first = false) {
    try {
      machine_ = create_machine();
      if (first && console_.interactive() && config_.console.escape != 0) {
        console_.tell(fmt::format("skiff: {} h for help, {} x to quit\r\n",
                                  EscapeFilter(config_.console.escape).escape_name(),
                                  EscapeFilter(config_.console.escape).escape_name()));
      }
      log_debug("{}", machine_->boot_description());
      attach_consoles();
      machine_->start();
      if (first && directory_ != nullptr) begin_control();
      if (control_) control_->machine_started();
      silence_.start([this] { return machine_->vcpu_times(); });
    } catch (const Error& error) {
      detach_consoles();
      if (first) throw;
      how_it_ended_ = "could not be started again after a reset";
      log_error("the guest asked for a reset, but the machine cannot be started again: {}",
                error.what());
      return exit_status::kHost;
    }
    const MachineEnd end = run_machine_once();
    if (control_ && end.kind == MachineEnd::Kind::reset) control_->machine_reset();
    if (control_ && end.kind == MachineEnd::Kind::panic) control_->publish("panic");
    silence_.stop();
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
    detach_consoles();
    machine_.reset();
    machine_ended_.consume();
  }
}

void RunSession::begin_control() {
  control_ = std::make_unique<SessionControl>(
      config_, directory_->name(), options_.config_path,
      SessionActions{.machine = [this] { return machine_.get(); },
                     .stop = [this](const StopRequest& request) { stop_on_request(request); },
                     .why = [this] { return explain().page; },
                     .consoles = consoles_});
  consoles_.listen(directory_->path());
  server_ = std::make_unique<ControlServer>(io_, *control_, directory_->listen(run_files::kSocket));
  if (options_.on_running) options_.on_running();
}

void RunSession::stop_on_request(const StopRequest& request) {
  const int status = exit_status::of_signal(SIGTERM);
  if (!request.force) {
    return shut_down(status, request.timeout.value_or(config_.machine.stop_timeout));
  }
  force_ = true;
  stop_machine(status);
}

void RunSession::end_control(int exit_status) {
  control_->ended(exit_status, how_it_ended_);
  const VmInfo info = control_->info();
  if (!directory_->end(to_json(info))) {
    log_error("cannot write {}: {}", directory_->file(run_files::kStatus), std::strerror(errno));
  }
  server_->finish(info, kFarewell);
}

bool RunSession::drain_console() {
  const auto give_up = [this](std::chrono::steady_clock::duration stalled) {
    io_.poll();
    return force_ || (wanted_status_ && stalled > kStalledReader);
  };
  const bool complete = console_.drain(give_up);
  // Who looks on at a terminal's console, or at another port.
  if (stdio_) consoles_.drain(give_up);
  return complete;
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
      config_,
      MachineServices{
          .kvm = kvm_,
          .clock = clock_,
          .executor = executor_,
          .serial_sink = [this](const SerialConfig& serial) -> ByteSink& {
            return output_sink(serial);
          },
          .debug_sink = debug_sink(),
          .console_port_sink = [this](const VirtioConsolePortConfig& port) -> ByteSink& {
            return output_sink(port);
          },
          .on_end = [this] { machine_ended_.signal(); },
          .on_needs_reset = [this](std::string_view device) { broken_devices_.put(device); },
      });
}

std::unique_ptr<StdioConsole> RunSession::create_stdio() {
  return std::make_unique<StdioConsole>(
      io_, StdioConsoleOptions{.escape = config_.console.escape, .input = config_.console.input},
      StdioConsole::Handlers{
          .on_action = [this](ConsoleAction action) { on_action(action); },
          .on_output_lost = [this](const std::string& why) { on_output_lost(why); }});
}

void RunSession::attach_consoles() {
  if (stdio_) stdio_->attach(&machine_->console_device());
  consoles_.attach(machine_->character_devices());
}

void RunSession::detach_consoles() {
  if (stdio_) stdio_->attach(nullptr);
  consoles_.attach({});
}

template <typename Port>
ByteSink& RunSession::output_sink(const Port& port) {
  switch (port.target) {
    case SerialTarget::console:
    case SerialTarget::socket:
      return silence_.meter(consoles_.sink(port));
    case SerialTarget::file:
      return silence_.meter(files_.sink(port.path));
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
      return &silence_.meter(consoles_.main_sink());
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
      console_.resume_terminal();
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
    case ConsoleAction::why:
      if (machine_) console_.tell("\r\n" + with_returns(explain().page));
      return;
    case ConsoleAction::send_break:  // the console's own
    case ConsoleAction::help:
    case ConsoleAction::detach:  // of `skiff console`
    case ConsoleAction::send_file:
    case ConsoleAction::take_writer:
    case ConsoleAction::leave_writer:
      return;
  }
}

void RunSession::on_output_lost(const std::string& why) {
  log_error("{}; shutting the guest down", why);
  output_lost_ = true;
  shut_down(exit_status::kHost);
}

void RunSession::shut_down(int exit_status, std::uint32_t timeout) {
  wanted_status_ = exit_status;
  if (!machine_) return;
  // A paused guest cannot power itself off; one that has ended meanwhile need not.
  if (control_) {
    [[maybe_unused]] const auto resumed = control_->resume();
  }
  if (!machine_->press_power_button()) {
    log_info("the guest does not listen to its power button; stopping it");
    return stop_machine(exit_status);
  }
  stop_timer_.cancel();
  if (timeout == 0) return;
  log_info("power button pressed; waiting up to {} s (a second signal stops the guest at once)",
           timeout);
  stop_timer_.expires_after(std::chrono::seconds(timeout));
  stop_timer_.async_wait([this, exit_status, timeout](const boost::system::error_code& error) {
    if (error) return;
    log_warning("the guest has not powered off within {} s; stopping it", timeout);
    stop_machine(exit_status);
  });
}

void RunSession::stop_machine(int exit_status) {
  wanted_status_ = exit_status;
  if (machine_) machine_->stop();
}

void RunSession::stop_process() {
  console_.suspend_terminal();
  // SIGSTOP cannot be caught: here is where the process stands still until SIGCONT.
  ::raise(SIGSTOP);
}

bool RunSession::on_silent(bool busy) {
  const GuestExplanation why = explain();
  const std::uint32_t seconds = config_.machine.why_after;
  if (!busy) {
    // It may have nothing to say; a cause is worth one line.
    if (why.is_trouble)
      log_warning("the guest has printed nothing for {} s: {}", seconds, why.headline);
    return why.is_trouble;
  }
  if (!why.is_trouble) return false;
  log_warning("the guest has printed nothing for {} s while it keeps a processor busy: {}", seconds,
              why.page);
  return true;
}

void RunSession::print_stats() {
  LedgerReport report = make_ledger_report(machine_->ledgers(), machine_->run_time());
  report.coalesced = machine_->coalesced();
  report.kvm = machine_->kvm_counts();
  const std::string text = options_.stats == StatsFormat::json ? to_json(report) : to_table(report);
  console_.suspend_terminal();
  write_whole(STDERR_FILENO, text);
  console_.resume_terminal();
}

int RunSession::exit_status_of(const MachineEnd& end) {
  switch (end.kind) {
    case MachineEnd::Kind::power_off:
      how_it_ended_ = "the guest has powered off";
      log_debug("{}", how_it_ended_);
      return exit_status::kPoweredOff;
    case MachineEnd::Kind::reset:
      how_it_ended_ = "the guest has reset itself";
      log_debug("{}", how_it_ended_);
      return exit_status::kPoweredOff;
    case MachineEnd::Kind::guest_status:
      how_it_ended_ = fmt::format("the guest ended with status {}", end.status);
      if (end.status > static_cast<std::uint64_t>(exit_status::kGuestMax)) {
        log_warning("{}, reported as {}", how_it_ended_, exit_status::kGuestMax);
        return exit_status::kGuestMax;
      }
      return static_cast<int>(end.status);
    case MachineEnd::Kind::panic:
      how_it_ended_ = "the guest's kernel has panicked";
      log_error("{}", explain().page);
      return exit_status::kGuestPanic;
    case MachineEnd::Kind::failure:
      how_it_ended_ = end.report.substr(0, end.report.find('\n'));
      // Of anything but Linux the page knows no more than the report.
      if (const GuestExplanation why = explain(); why.is_linux) {
        log_error("{}\n\n{}", end.report, why.page);
      } else {
        log_error("{}", end.report);
      }
      return exit_status::kGuestFault;
    case MachineEnd::Kind::stopped:
      how_it_ended_ = "stopped from outside";
      return wanted_status_.value_or(exit_status::kHost);
  }
  return exit_status::kHost;
}

int run_machine(const VmConfig& config, const RunOptions& options) {
  try {
    std::optional<RunDirectory> directory;
    if (!options.name.empty()) directory.emplace(options.name);
    if (directory && options.run_log != LogLevel::off) {
      log_setup(options.run_log, directory->file(run_files::kLog));
    }
    RunSession session(config, options, directory ? &*directory : nullptr);
    const int status = session.run();
    log_flush();
    return status;
  } catch (const boost::system::system_error& error) {
    // The reactor could not be set up: it lacks descriptors or kernel memory.
    throw HostError::from_errno("cannot wait for events", error.code().value());
  }
}

}  // namespace skiff
