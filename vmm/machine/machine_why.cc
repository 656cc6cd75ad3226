// Machine::explain: the facts of `skiff why` gathered from a machine that runs, is paused or has
// ended. What they mean is decided in vmm/machine/why.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "vmm/board/vcpu_sample.h"
#include "vmm/kvm/host_facts.h"
#include "vmm/machine/exit_history.h"
#include "vmm/machine/guest_symbols.h"
#include "vmm/machine/ledger_report.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/why/guest_rules.h"
#include "vmm/machine/why/why_page.h"

namespace skiff {
namespace {

using Doing = VcpuFacts::Doing;

constexpr std::size_t kLooks = 8;
constexpr auto kBetweenLooks = std::chrono::milliseconds(12);
constexpr auto kFirstLook = std::chrono::seconds(1);  // how long a vCPU may take to stop
constexpr auto kLaterLook = std::chrono::milliseconds(50);
constexpr std::size_t kMessages = 60;     // lines
constexpr std::size_t kStackWords = 256;  // looked at
constexpr std::size_t kStackNames = 10;   // told
constexpr std::uint64_t kKernelHalf = 1ULL << 63;

std::string end_in_words(const MachineEnd& end) {
  switch (end.kind) {
    case MachineEnd::Kind::power_off:
      return "it has powered off";
    case MachineEnd::Kind::reset:
      return "it has reset itself";
    case MachineEnd::Kind::guest_status:
      return fmt::format("it has ended with status {}", end.status);
    case MachineEnd::Kind::panic:
      return "it has told that its kernel has panicked";
    case MachineEnd::Kind::failure:
      return end.report.substr(0, end.report.find('\n'));
    case MachineEnd::Kind::stopped:
      return "it was stopped";
  }
  return "it has ended";
}

std::string register_text(const ExitKey& key) {
  if (key.device == nullptr) return fmt::format("{:#x}", key.offset);
  const std::string_view name = key.device->register_name(key.offset, key.is_write);
  if (name.empty()) return fmt::format("{}+{:#x}", key.device->name(), key.offset);
  return fmt::format("{}.{}", key.device->name(), name);
}

// Names of the return addresses, or what looks like them, each once.
std::vector<std::string> stack_names(const std::vector<std::uint64_t>& words,
                                     const AddressName& name) {
  std::vector<std::string> names;
  for (const std::uint64_t word : words) {
    if ((word & kKernelHalf) == 0) continue;
    auto text = name(word);
    if (!text || text->ends_with("+0x0")) continue;  // a pointer to a thing, not into a function
    if (std::ranges::find(names, *text) != names.end()) continue;
    names.push_back(std::move(*text));
    if (names.size() == kStackNames) break;
  }
  return names;
}

bool is_busy(const VcpuFacts& vcpu) {
  return vcpu.doing == Doing::kernel || vcpu.doing == Doing::spinning ||
         vcpu.doing == Doing::halted_for_good || vcpu.doing == Doing::ended;
}

void describe_config(GuestFacts& facts, const VmConfig& config) {
  facts.has_initrd = !config.boot.initrd.empty();
  for (const DiskConfig& disk : config.disks) {
    if (disk.face != DiskFace::virtio) continue;
    facts.disks.push_back({.path = disk.host.path.empty() ? "the disk" : disk.host.path,
                           .is_mmio = disk.virtio.face == VirtioFace::mmio});
  }
  facts.has_virtio_console = !config.virtio_console.ports.empty();
  facts.command_line = config.boot.cmdline.value_or("");
}

}  // namespace

std::vector<std::optional<std::chrono::nanoseconds>> Machine::vcpu_times() const {
  std::vector<std::optional<std::chrono::nanoseconds>> times;
  for (const auto& vcpu : vcpus_)
    times.push_back(vcpu->cpu_time());
  return times;
}

std::vector<VcpuLook> Machine::look_at_vcpus(std::chrono::steady_clock::time_point deadline) {
  for (const auto& vcpu : vcpus_)
    vcpu->request(VcpuThread::Request::pause);
  std::vector<VcpuLook> looks;
  for (const auto& vcpu : vcpus_) {
    VcpuLook look{.is_parked = vcpu->wait_until_parked(deadline)};
    if (look.is_parked) {
      if (const auto busy = vcpu->busy_with()) look.busy = register_text(*busy);
      look.sample = sample_vcpu(vcpu->vcpu(), memory_);
      if (vcpu->is_halted()) look.sample.run_state = VcpuRunState::halted;
    }
    looks.push_back(std::move(look));
  }
  return looks;
}

GuestFacts Machine::gather_facts(bool has_printed) {
  const auto resume_all = [this] {
    for (const auto& vcpu : vcpus_)
      vcpu->request(VcpuThread::Request::run);
  };
  const auto ended = end();
  const bool stands = paused_ || ended.has_value();
  const LedgerReport before = make_ledger_report(ledgers(), run_time());
  std::vector<std::vector<VcpuLook>> looks(vcpus_.size());
  for (std::size_t look = 0; look < (stands ? 1 : kLooks); ++look) {
    if (look != 0) {
      resume_all();
      std::this_thread::sleep_for(kBetweenLooks);
    }
    const auto patience = look == 0 ? std::chrono::steady_clock::duration(kFirstLook) : kLaterLook;
    const auto seen = look_at_vcpus(std::chrono::steady_clock::now() + patience);
    for (std::size_t vcpu = 0; vcpu < seen.size(); ++vcpu)
      looks[vcpu].push_back(seen[vcpu]);
  }

  // From here to the end all that could be stopped stands.
  GuestFacts facts{.run_time = run_time(), .has_printed = has_printed};
  facts.idle_words = idle_words();
  if (ended) facts.end = end_in_words(*ended);
  describe_config(facts, config_);
  facts.interrupts = board_->describe_interrupts();
  if (!stands)
    facts.hottest = hottest_register(before, make_ledger_report(ledgers(), facts.run_time));
  GuestSymbols symbols(config_.boot);
  const FileSymbols file = [&symbols](std::string_view name) {
    return symbols.linked_address(name);
  };
  std::optional<LinuxView> kernel;
  for (std::size_t vcpu = 0; vcpu < vcpus_.size() && !kernel; ++vcpu) {
    if (looks[vcpu].back().is_parked && looks[vcpu].back().sample.has_registers)
      kernel = find_linux(vcpus_[vcpu]->vcpu(), memory_, file, kMessages);
  }
  if (kernel) {
    symbols.use(&*kernel);
    facts.is_linux = true;
    facts.symbols = kernel->symbols ? kernel->symbols->size() : 0;
    facts.release = kernel->release;
    facts.command_line_is_guests = !kernel->command_line.empty();
    if (facts.command_line_is_guests) facts.command_line = kernel->command_line;
    facts.messages = std::move(kernel->messages);
  }
  const AddressName name = [&symbols](std::uint64_t address) { return symbols.name(address); };
  for (std::size_t at = 0; at < vcpus_.size(); ++at) {
    const VcpuThread& thread = *vcpus_[at];
    VcpuFacts vcpu =
        judge_vcpu(thread.vcpu().id(), looks[at], ended.has_value(), kernel.has_value(), name);
    if (looks[at].back().is_parked) {
      if (is_busy(vcpu))
        vcpu.stack = stack_names(kernel_stack(thread.vcpu(), memory_, kStackWords), name);
      const auto recent = thread.ledger().recent();
      // The report of a failure has them already.
      const bool is_told = ended && ended->kind == MachineEnd::Kind::failure;
      if (!recent.empty() && !is_told) vcpu.exits = format_exit_history(recent);
    }
    facts.vcpus.push_back(std::move(vcpu));
  }
  if (!stands) resume_all();
  return facts;
}

GuestExplanation Machine::explain(bool has_printed) {
  GuestFacts facts = gather_facts(has_printed);
  const bool is_in_kernel = std::ranges::any_of(facts.vcpus, [](const VcpuFacts& vcpu) {
    return vcpu.doing == Doing::kernel || vcpu.doing == Doing::spinning;
  });
  // Asked last, while the guest runs again: at most 50 ms.
  if (is_in_kernel && facts.end.empty()) {
    if (const auto speed = kernel_code_speed(services_.kvm)) facts.kernel_speed = *speed;
  }
  const Finding first = find_causes(facts).front();
  return {.page = why_page(facts),
          .headline = why_headline(facts),
          .is_linux = facts.is_linux,
          .is_trouble = first.weight != Finding::Weight::state};
}

}  // namespace skiff
