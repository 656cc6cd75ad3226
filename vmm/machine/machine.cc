#include "vmm/machine/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/board/cpu_report.h"
#include "vmm/board/vcpu_sample.h"
#include "vmm/machine/console_names.h"
#include "vmm/machine/exit_history.h"
#include "vmm/machine/guest_symbols.h"
#include "vmm/machine/thread_times.h"

namespace skiff {
namespace {

constexpr Range kPortSpace{0, 0x1'0000};
// The last page of the 64-bit space is left out, so that no range's end wraps.
constexpr Range kMmioSpace{0, ~0ULL};

GuestMemoryOptions memory_options(const MachineConfig& config) {
  return {.huge_pages = config.huge_pages, .shared = config.shared_memory};
}

void check_vcpu_count(const VmConfig& config, const KvmSystem& kvm) {
  const std::uint32_t most = kvm.max_vcpus();
  if (config.machine.vcpus > most) {
    throw ConfigError(fmt::format("machine.vcpus = {}: this host's KVM takes at most {} vCPUs",
                                  config.machine.vcpus, most));
  }
}

}  // namespace

Machine::Machine(const VmConfig& config, const MachineServices& services)
    : config_(config),
      services_(services),
      memory_(ram_ranges(config.machine.memory), memory_options(config.machine)),
      vm_((check_vcpu_count(config, services.kvm), services.kvm), memory_),
      ports_("port", kPortSpace),
      mmio_("MMIO", kMmioSpace),
      io_threads_(config.io_threads) {
  // Before the board creates the interrupt chip: 0.1 ms a slot against 7 ms afterwards on some
  // hosts.
  vm_.map_memory();
  board_ = create_board({
      .config = config_,
      .memory = memory_,
      .vm = vm_,
      .ports = ports_,
      .mmio = mmio_,
      .clock = services_.clock,
      .executor = services_.executor,
      .events = *this,
      .serial_sink = services_.serial_sink,
      .debug_sink = services_.debug_sink,
      .console_port_sink = services_.console_port_sink,
      .io_thread = [this](std::string_view name) -> Executor& {
        return io_threads_.executor(name);
      },
  });
  for (std::uint32_t index = 0; index < config_.machine.vcpus; ++index) {
    std::unique_ptr<KvmVcpu> vcpu = board_->create_vcpu(index);
    if (index == 0) collect_writes(*vcpu);
    vcpus_.push_back(std::make_unique<VcpuThread>(
        std::move(vcpu), ports_, mmio_,
        [this](VcpuThread& thread, const VcpuExit& exit) { on_vcpu_end(thread, exit); },
        board_->processor_interrupts(index), coalesced_.get()));
  }
}

void Machine::collect_writes(const KvmVcpu& vcpu) {
  // The ring is the VM's; any vCPU's mapping shows it, and all of them live equally long.
  const std::span<std::byte> page = vcpu.coalesced_page(vm_.system().coalesced_page());
  if (page.empty()) return;
  bool collects = false;
  for (const Board::WriteOnly& writes : board_->coalesced_writes())
    collects |= vm_.collect_writes(writes.space, writes.range);
  if (collects) coalesced_ = std::make_unique<CoalescedWrites>(page, ports_, mmio_);
}

std::vector<LedgerReport::Coalesced> Machine::coalesced() const {
  std::vector<LedgerReport::Coalesced> rows;
  if (coalesced_ == nullptr) return rows;
  for (const CoalescedCount& count : coalesced_->counts())
    rows.push_back(describe_coalesced(count.device, count.offset, count.count));
  return rows;
}

bool Machine::send_nmi() {
  if (!board_->send_nmi()) return false;
  vcpus_.front()->end_halt();
  return true;
}

Machine::~Machine() {
  stop();
  join();
}

void Machine::start() {
  started_at_ = std::chrono::steady_clock::now();
  for (const auto& vcpu : vcpus_)
    vcpu->start();
}

void Machine::pause() {
  paused_ = true;
  for (const auto& vcpu : vcpus_)
    vcpu->request(VcpuThread::Request::pause);
  for (const auto& vcpu : vcpus_)
    vcpu->wait_until_parked();
}

void Machine::resume() {
  paused_ = false;
  for (const auto& vcpu : vcpus_)
    vcpu->request(VcpuThread::Request::run);
}

void Machine::stop() {
  finish({.kind = MachineEnd::Kind::stopped});
}

void Machine::join() {
  for (const auto& vcpu : vcpus_)
    vcpu->join();
}

std::optional<MachineEnd> Machine::end() const {
  MutexLock lock(mutex_);
  return end_;
}

std::vector<const ExitLedger*> Machine::ledgers() const {
  std::vector<const ExitLedger*> result;
  for (const auto& vcpu : vcpus_)
    result.push_back(&vcpu->ledger());
  return result;
}

void Machine::open_kvm_stats() {
  // KVM answers for a vCPU only while that is not in KVM_RUN.
  const bool is_running = !paused_ && !end();
  if (is_running) pause();
  kvm_stats_.emplace();
  const auto open = [this](int fd) {
    if (auto stats = KvmStats::open(fd)) kvm_stats_->push_back(*std::move(stats));
  };
  for (const auto& vcpu : vcpus_)
    open(vcpu->vcpu().fd());
  open(vm_.fd());
  if (is_running) resume();
}

std::vector<KvmCount> Machine::kvm_counts() {
  if (!kvm_stats_) open_kvm_stats();
  std::vector<KvmCount> counts;
  for (const KvmStats& stats : *kvm_stats_)
    stats.add_to(counts);
  return counts;
}

MachineStats Machine::stats() const {
  return {.devices = board_->device_stats(), .threads = thread_times()};
}

std::vector<NamedCharacterDevice> Machine::character_devices() {
  const std::vector<CharacterDevice*> devices = board_->character_devices();
  std::vector<std::string> names = console_names(config_);
  std::vector<NamedCharacterDevice> result;
  for (std::size_t i = 0; i < std::min(devices.size(), names.size()); ++i)
    result.push_back({.name = std::move(names[i]), .device = devices[i]});
  return result;
}

std::chrono::nanoseconds Machine::run_time() const {
  MutexLock lock(mutex_);
  return (end_ ? ended_at_ : std::chrono::steady_clock::now()) - started_at_;
}

void Machine::on_vcpu_end(VcpuThread& thread, const VcpuExit& exit) {
  if (const auto* const event = std::get_if<SystemEvent>(&exit)) {
    switch (event->kind) {
      case SystemEvent::Kind::shutdown:
        return on_power_off();
      case SystemEvent::Kind::reset:
        return on_reset();
      case SystemEvent::Kind::crash:
        return on_guest_panic();
      case SystemEvent::Kind::other:
        return finish({.kind = MachineEnd::Kind::failure,
                       .status = 0,
                       .report = fmt::format("unknown system event {}", event->type)});
    }
  }
  if (const auto* const fatal = std::get_if<Fatal>(&exit)) {
    {
      // A vCPU that falls over because another one has ended the machine needs no report.
      MutexLock lock(mutex_);
      if (end_) return;
    }
    finish(
        {.kind = MachineEnd::Kind::failure, .status = 0, .report = failure_report(thread, *fatal)});
  }
}

std::string Machine::failure_report(const VcpuThread& thread, const Fatal& fatal) const {
  GuestSymbols symbols(config_.boot);
  const auto kernel = find_linux(
      thread.vcpu(), memory_,
      [&symbols](std::string_view name) { return symbols.linked_address(name); }, 0);
  if (kernel) symbols.use(&*kernel);
  std::string report =
      describe_failure(thread.vcpu(), memory_, fatal,
                       [&symbols](std::uint64_t address) { return symbols.name(address); });
  report += fmt::format("last exits of vCPU {}, oldest first:\n", thread.vcpu().id());
  report += format_exit_history(thread.ledger().recent());
  report += board_->describe_interrupts();
  if (!report.empty() && report.back() == '\n') report.pop_back();
  return report;
}

void Machine::finish(MachineEnd end) noexcept {
  {
    MutexLock lock(mutex_);
    if (end_) return;
    end_ = std::move(end);
    ended_at_ = std::chrono::steady_clock::now();
  }
  for (const auto& vcpu : vcpus_)
    vcpu->request(VcpuThread::Request::stop);
  if (services_.on_end) services_.on_end();
}

}  // namespace skiff
