#include "vmm/control/session_control.h"

#include <fmt/core.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <utility>

namespace skiff {
namespace {

std::unexpected<ControlError> refused(ControlError::Kind kind, std::string message) {
  return std::unexpected(ControlError{.kind = kind, .message = std::move(message)});
}

std::uint64_t processor_time() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(used.tv_nsec);
}

// Without the merging of a whole report: `skiff ps` asks two hundred VMs at once.
std::uint64_t count_exits(const Machine& machine) {
  std::uint64_t count = 0;
  for (const ExitLedger* const ledger : machine.ledgers()) {
    for (const ExitLedger::Row* const row : ledger->rows())
      count += row->count.load(std::memory_order_relaxed);
  }
  return count;
}

}  // namespace

SessionControl::SessionControl(const VmConfig& config, std::string name, std::string config_path,
                               SessionActions actions)
    : config_(config),
      name_(std::move(name)),
      config_path_(std::move(config_path)),
      actions_(std::move(actions)) {
  std::error_code ignored;
  kernel_ = std::filesystem::absolute(config.boot.kernel, ignored).string();
}

void SessionControl::machine_started() {
  paused_ = false;
  publish("started");
}

void SessionControl::machine_reset() {
  ++resets_;
  publish("reset");
}

void SessionControl::ended(int exit_status, std::string detail) {
  ended_ = std::chrono::system_clock::now();
  exit_status_ = exit_status;
  detail_ = std::move(detail);
  publish("ended", fmt::format("{} (status {})", detail_, exit_status));
}

VmInfo SessionControl::info() {
  VmInfo info{
      .name = name_,
      .state = paused_ ? VmState::paused : VmState::running,
      .detail = detail_,
      .pid = ::getpid(),
      .vcpus = config_.machine.vcpus,
      .memory = config_.machine.memory,
      .resets = resets_,
      .cpu_ns = processor_time(),
      .started = started_,
      .ended = ended_,
      .exit_status = exit_status_,
      .kernel = kernel_,
      .config = config_path_,
  };
  const Machine* const machine = actions_.machine();
  if (machine == nullptr || machine->end() || ended_) info.state = VmState::ended;
  if (machine != nullptr) {
    info.uptime = machine->run_time();
    info.exits = count_exits(*machine);
  }
  return info;
}

ControlResult<Machine*> SessionControl::running() const {
  Machine* const machine = actions_.machine();
  if (machine == nullptr || machine->end()) {
    return refused(ControlError::Kind::conflict, fmt::format("{} has ended", name_));
  }
  return machine;
}

ControlResult<> SessionControl::pause() {
  const auto machine = running();
  if (!machine) return std::unexpected(machine.error());
  if (paused_) return {};
  (*machine)->pause();
  paused_ = true;
  publish("paused");
  return {};
}

ControlResult<> SessionControl::resume() {
  const auto machine = running();
  if (!machine) return std::unexpected(machine.error());
  if (!paused_) return {};
  (*machine)->resume();
  paused_ = false;
  publish("resumed");
  return {};
}

ControlResult<> SessionControl::reset() {
  const auto machine = running();
  if (!machine) return std::unexpected(machine.error());
  (*machine)->reset();
  return {};
}

ControlResult<> SessionControl::send_nmi() {
  const auto machine = running();
  if (!machine) return std::unexpected(machine.error());
  if (!(*machine)->send_nmi()) {
    return refused(ControlError::Kind::unsupported, "this host's KVM sends no NMI");
  }
  return {};
}

ControlResult<> SessionControl::press_power_button() {
  const auto machine = running();
  if (!machine) return std::unexpected(machine.error());
  if (!(*machine)->press_power_button()) {
    return refused(ControlError::Kind::conflict,
                   fmt::format("{}'s guest does not listen to its power button; `skiff stop {}` "
                               "stops it all the same",
                               name_, name_));
  }
  return {};
}

ControlResult<> SessionControl::stop(const StopRequest& request) {
  if (const auto machine = running(); !machine) return std::unexpected(machine.error());
  publish("stopping", request.force ? "forced" : "");
  actions_.stop(request);
  return {};
}

LedgerReport SessionControl::exits() {
  Machine* const machine = actions_.machine();
  if (machine == nullptr) return {};
  // First, because it may interrupt each vCPU once, which the ledger then has.
  std::vector<KvmCount> kvm = machine->kvm_counts();
  LedgerReport report = make_ledger_report(machine->ledgers(), machine->run_time());
  report.coalesced = machine->coalesced();
  report.kvm = std::move(kvm);
  return report;
}

MachineStats SessionControl::stats() {
  const Machine* const machine = actions_.machine();
  return machine == nullptr ? MachineStats{} : machine->stats();
}

ControlResult<std::string> SessionControl::why() {
  if (const auto machine = running(); !machine) return std::unexpected(machine.error());
  return actions_.why();
}

std::vector<DeviceInfo> SessionControl::devices() {
  const Machine* const machine = actions_.machine();
  return machine == nullptr ? std::vector<DeviceInfo>() : machine->devices();
}

ControlResult<DeviceInfo> SessionControl::change_device(std::string_view name,
                                                        const DeviceChange& change) {
  const auto machine = running();
  if (!machine) return std::unexpected(machine.error());
  return (*machine)->change_device(name, change);
}

std::vector<ConsoleInfo> SessionControl::consoles() {
  return actions_.consoles.list();
}

ControlResult<> SessionControl::may_attach(std::string_view console, const AttachRequest& request) {
  return actions_.consoles.may_attach(console, request);
}

void SessionControl::attach_console(std::string_view console, const AttachRequest& request,
                                    Fd socket, std::span<const std::byte> early) {
  actions_.consoles.adopt(console, request, std::move(socket), early);
}

std::shared_ptr<void> SessionControl::subscribe(std::uint64_t after,
                                                std::function<void(const VmEvent&)> listener) {
  return events_.subscribe(after, std::move(listener));
}

}  // namespace skiff
