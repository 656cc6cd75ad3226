#include "vmm/control/console/console_switch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/control/console/console_log.h"
#include "vmm/control/console/console_pty.h"
#include "vmm/control/console/raw_socket.h"
#include "vmm/machine/console_names.h"

namespace skiff {
namespace {

using SteadyClock = std::chrono::steady_clock;

// How long a device may say that it has output, and bring none, when the guest has ended.
constexpr auto kSilentDevice = std::chrono::seconds(2);
// How long who reads may take for the last words.
constexpr auto kLastWords = std::chrono::milliseconds(500);
constexpr auto kTurn = std::chrono::milliseconds(2);

// What the terminal has taken goes to the hub, which takes everything.
class TeeSink final : public ByteSink {
 public:
  TeeSink(ByteSink& first, ByteSink& second) : first_(first), second_(second) {}
  std::size_t write(std::span<const std::byte> bytes) noexcept override {
    // Two vCPUs' bytes come in one order to both.
    MutexLock lock(mutex_);
    const std::size_t taken = first_.write(bytes);
    if (taken != 0) second_.write(bytes.first(taken));
    return taken;
  }
  bool writable() const noexcept override { return first_.writable(); }

 private:
  ByteSink& first_;
  ByteSink& second_;
  Mutex mutex_;
};

std::vector<SerialTarget> targets_of(const VmConfig& config) {
  std::vector<SerialTarget> targets;
  for (const SerialConfig& serial : config.serial)
    targets.push_back(serial.target);
  for (const VirtioConsolePortConfig& port : config.virtio_console.ports)
    targets.push_back(port.target);
  return targets;
}

// The port on the console; else the first one to attach to; else COM1, which takes input at least.
std::size_t main_port(const std::vector<SerialTarget>& targets) {
  for (const SerialTarget wanted : {SerialTarget::console, SerialTarget::socket}) {
    const auto found = std::ranges::find(targets, wanted);
    if (found != targets.end()) return static_cast<std::size_t>(found - targets.begin());
  }
  return 0;
}

}  // namespace

struct ConsoleSwitch::Console {
  std::size_t port;
  bool main;
  ConsoleHub hub;
  std::unique_ptr<TeeSink> tee{};  // with a terminal
  std::unique_ptr<RawSocket> socket{};
  std::unique_ptr<ConsolePty> pty{};
};

ConsoleSwitch::ConsoleSwitch(boost::asio::io_context& io, const VmConfig& config,
                             const ConsoleSwitchOptions& options)
    : io_(io), config_(config), options_(options), names_(console_names(config)) {
  const std::vector<SerialTarget> targets = targets_of(config);
  const std::size_t main = main_port(targets);
  for (std::size_t port = 0; port < targets.size(); ++port) {
    const bool wanted =
        targets[port] == SerialTarget::socket ||
        (port == main && (options.named || options.terminal == nullptr || options.log));
    if (wanted) add(port, port == main);
  }
}

ConsoleSwitch::~ConsoleSwitch() = default;

void ConsoleSwitch::add(std::size_t port, bool main) {
  // A terminal types to the port that is on the console, or to COM1; not to another one.
  const bool typed =
      main && options_.terminal != nullptr && targets_of(config_)[port] != SerialTarget::socket;
  ConsoleHubOptions hub_options;
  if (typed) {
    hub_options.local_writer = fmt::format("the terminal of `skiff run` (process {})", ::getpid());
  }
  auto console = std::unique_ptr<Console>(
      new Console{.port = port, .main = main, .hub = {io_, names_[port], std::move(hub_options)}});
  if (typed) console->tee = std::make_unique<TeeSink>(*options_.terminal, console->hub);
  if (main && options_.log) {
    console->hub.set_log(std::make_unique<ConsoleLog>(io_, *options_.log));
  }
  consoles_.push_back(std::move(console));
}

ByteSink& ConsoleSwitch::sink_of(std::size_t port) {
  for (const auto& console : consoles_) {
    if (console->port != port) continue;
    if (console->tee) return *console->tee;
    return console->hub;
  }
  return options_.terminal != nullptr ? *options_.terminal : consoles_.front()->hub;
}

ByteSink& ConsoleSwitch::sink(const SerialConfig& serial) {
  return sink_of(static_cast<std::size_t>(&serial - config_.serial.data()));
}

ByteSink& ConsoleSwitch::sink(const VirtioConsolePortConfig& port) {
  return sink_of(config_.serial.size() +
                 static_cast<std::size_t>(&port - config_.virtio_console.ports.data()));
}

ByteSink& ConsoleSwitch::main_sink() {
  return options_.terminal != nullptr ? sink_of(main_port(targets_of(config_)))
                                      : static_cast<ByteSink&>(find({})->hub);
}

void ConsoleSwitch::attach(std::span<const NamedCharacterDevice> devices) {
  for (const auto& console : consoles_) {
    if (console->tee) continue;  // the terminal has the device
    const auto device =
        std::ranges::find(devices, console->hub.name(), &NamedCharacterDevice::name);
    console->hub.attach(device != devices.end() ? device->device : nullptr);
  }
}

ConsoleSwitch::Console* ConsoleSwitch::find(std::string_view name) const {
  const auto found = std::ranges::find_if(consoles_, [name](const auto& console) {
    return name.empty() ? console->main : console->hub.name() == name;
  });
  return found != consoles_.end() ? found->get() : nullptr;
}

std::vector<ConsoleInfo> ConsoleSwitch::list() const {
  std::vector<ConsoleInfo> result;
  for (const auto& console : consoles_) {
    result.push_back({
        .name = console->hub.name(),
        .is_main = console->main,
        .has_writer = console->hub.has_writer(),
        .viewers = static_cast<std::uint32_t>(console->hub.client_count()),
        .output_bytes = console->hub.output_bytes(),
        .socket = console->socket ? console->socket->path() : std::string(),
        .pty = console->pty ? console->pty->link() : std::string(),
    });
  }
  return result;
}

ControlResult<> ConsoleSwitch::may_attach(std::string_view name,
                                          const AttachRequest& request) const {
  const Console* const console = find(name);
  if (console == nullptr) {
    std::string there;
    for (const auto& other : consoles_)
      there += (there.empty() ? "" : ", ") + other->hub.name();
    return std::unexpected(ControlError{
        .kind = ControlError::Kind::not_found,
        .message = there.empty()
                       ? std::string("this VM has no console that could be attached to")
                       : fmt::format("there is no console \"{}\"; there are: {}", name, there)});
  }
  if (auto allowed = console->hub.may_attach(request); !allowed) {
    return std::unexpected(
        ControlError{.kind = ControlError::Kind::conflict, .message = std::move(allowed.error())});
  }
  return {};
}

void ConsoleSwitch::adopt(std::string_view name, const AttachRequest& request, Fd socket,
                          std::span<const std::byte> early) {
  if (Console* const console = find(name)) console->hub.adopt(request, std::move(socket), early);
}

void ConsoleSwitch::listen(const std::string& directory) {
  for (const auto& console : consoles_) {
    const std::string base = fmt::format("{}/console-{}", directory, console->hub.name());
    try {
      console->socket = std::make_unique<RawSocket>(io_, console->hub, base + ".sock");
      console->pty = std::make_unique<ConsolePty>(io_, console->hub, base + ".pty");
    } catch (const HostError& error) {
      log_warning("{}", error.what());
    }
  }
}

bool ConsoleSwitch::flush(SteadyClock::time_point since) {
  bool all = true;
  for (const auto& console : consoles_)
    all &= console->hub.flush(since);
  return all;
}

bool ConsoleSwitch::drain(const GiveUp& give_up) {
  const auto began = SteadyClock::now();
  auto came_at = began;
  std::uint64_t before = 0;
  for (;;) {
    // Asked before the hubs are looked at, which the devices' thread may still be filling.
    bool idle = true;
    std::uint64_t output = 0;
    for (const auto& console : consoles_) {
      idle &= console->tee || console->hub.is_transmit_idle();
      output += console->hub.output_bytes();
    }
    const bool sent = flush(began);
    const auto now = SteadyClock::now();
    if (output != std::exchange(before, output)) came_at = now;
    if (sent && (idle || now - came_at > kSilentDevice)) return true;
    // Who takes nothing is not waited for by flush() itself.
    if (give_up({})) return false;
    io_.run_one_for(kTurn);
  }
}

void ConsoleSwitch::end(int exit_status) {
  for (const auto& console : consoles_)
    console->hub.tell_ended(exit_status);
  const auto began = SteadyClock::now();
  while (!flush(began) && SteadyClock::now() - began < kLastWords)
    io_.run_one_for(kTurn);
}

}  // namespace skiff
