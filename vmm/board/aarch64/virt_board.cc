#include "vmm/board/aarch64/virt_board.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <optional>
#include <span>

#include "vmm/base/error.h"
#include "vmm/base/whole_file.h"
#include "vmm/board/aarch64/memory_map.h"
#include "vmm/boot/aarch64/device_tree.h"
#include "vmm/boot/aarch64/load_guest.h"
#include "vmm/boot/cmdline.h"
#include "vmm/kvm/aarch64/register_ids.h"
#include "vmm/kvm/aarch64/vm_arch.h"

namespace skiff {
namespace {

// COMMAND_LINE_SIZE of arm64 Linux, with its NUL.
constexpr std::uint64_t kMaxArm64Cmdline = 2047;

bool has_devices(const VmConfig& config) {
  return !config.disks.empty() || !config.nets.empty() || !config.virtio_console.ports.empty() ||
         config.rng.has_value();
}

// As Linux's drivers call the first port, which is /chosen's stdout-path.
std::string default_cmdline(const VmConfig& config) {
  const bool is_pl011 = config.serial.front().model == SerialModel::pl011;
  return is_pl011 ? "console=ttyAMA0" : "console=ttyS0";
}

std::optional<GicVersion> wanted_gic(IrqchipMode mode) {
  if (mode == IrqchipMode::gicv3) return GicVersion::v3;
  if (mode == IrqchipMode::gicv2) return GicVersion::v2;
  return std::nullopt;
}

// Which of them the host has it says only when asked for one.
std::unique_ptr<KvmGic> create_gic(const BoardContext& context) {
  const MachineConfig& machine = context.config.machine;
  try {
    return std::make_unique<KvmGic>(context.vm,
                                    GicPlaces{.distributor = virt::kGicDistributor.start,
                                              .cpu_interface = virt::kGicCpuInterface.start,
                                              .redistributors = virt::kGicRedistributors,
                                              .its = virt::kGicIts.start},
                                    virt::kSpis, wanted_gic(machine.irqchip));
  } catch (const HostError& error) {
    if (machine.irqchip_place.empty()) throw;
    throw HostError(fmt::format("{}: {}", machine.irqchip_place, error.what()));
  }
}

VcpuFeatures features_of(const BoardContext& context) {
  VcpuFeatures features = offered_features(context.vm.system());
  for (const std::string& hidden : context.config.cpu.hide) {
    if (hidden == "pmu") features.pmu = false;
    if (hidden == "sve") features.sve = false;
    if (hidden == "pauth") features.pauth = false;
  }
  return features;
}

arm64::DeviceTreeTopology topology_of(const VmConfig& config) {
  const CpuTopology& wanted = config.cpu.topology;
  const std::uint32_t groups = wanted.sockets * wanted.threads;
  return {.cores_per_socket = wanted.cores != 0 ? wanted.cores : config.machine.vcpus / groups,
          .threads_per_core = wanted.threads};
}

void fill_random(std::span<std::byte> out) {
  // Short seeds only: getrandom gives up to 256 bytes whole.
  if (::getrandom(out.data(), out.size(), 0) != static_cast<ssize_t>(out.size())) {
    throw HostError::from_errno("getrandom for the guest's seed", errno);
  }
}

}  // namespace

std::vector<Range> ram_ranges(std::uint64_t size) {
  return {{virt::kRamStart, size}};
}

std::unique_ptr<Board> create_board(const BoardContext& context) {
  return std::make_unique<VirtBoard>(context);
}

VirtBoard::VirtBoard(const BoardContext& context)
    : context_(context),
      features_(features_of(context)),
      cmdline_(context.config.boot.cmdline.value_or(default_cmdline(context.config))) {
  if (context.config.boot.protocol != BootProtocol::auto_detect) {
    throw ConfigError("boot.protocol: on arm64 the kernel's file says how it is booted; \"auto\"");
  }
  const unsigned bits = ipa_bits(context.vm.system(), context.memory);
  const std::uint64_t ram_last = context.memory.regions().back().range.last();
  if (bits < 64 && ram_last >> bits != 0) {
    throw ConfigError(fmt::format(
        "machine.memory: RAM would end at {:#x}, past this host's {}-bit guest addresses", ram_last,
        bits));
  }
  gic_ = create_gic(context);
  if (gic_->version() == GicVersion::v2 && context.config.machine.vcpus > KvmGic::kMaxV2Vcpus) {
    throw ConfigError(fmt::format("machine.vcpus is {}; a GICv2 has room for {}",
                                  context.config.machine.vcpus, KvmGic::kMaxV2Vcpus));
  }
  messages_ = std::make_unique<VirtMessages>(context_, gic_->version());
  platform_ = std::make_unique<VirtPlatform>(context_);
  pci_ = std::make_unique<VirtPci>(context_, bits);
  if (has_devices(context_.config)) {
    virtio_ = std::make_unique<VirtVirtio>(context_, pci_->bus(), messages_->sink());
  }
  pci_->bus().assign_bars();
  check_cmdline(cmdline_, kMaxArm64Cmdline);
  boot_ = arm64::load_guest({.memory = context_.memory,
                             .kernel = context_.config.boot.kernel,
                             .initrd = context_.config.boot.initrd,
                             .memory_is_zero = true});  // every machine gets fresh RAM
}

VirtBoard::~VirtBoard() = default;

std::unique_ptr<KvmVcpu> VirtBoard::create_vcpu(std::uint32_t index) {
  auto vcpu = context_.vm.create_vcpu(index);
  initialize_vcpu(context_.vm, *vcpu, features_, index != 0);
  if (index == 0) set_boot_registers(*vcpu, boot_.pc, boot_.device_tree);
  vcpus_.push_back(vcpu.get());
  if (vcpus_.size() == context_.config.machine.vcpus) {
    finish_processors();
    place_device_tree();
  }
  return vcpu;
}

void VirtBoard::finish_processors() {
  gic_->initialize(static_cast<std::uint32_t>(vcpus_.size()));
  if (!features_.pmu) return;
  for (const KvmVcpu* const vcpu : vcpus_)
    initialize_pmu(*vcpu);
}

std::vector<std::byte> VirtBoard::device_tree() const {
  arm64::DeviceTreePlatform platform;
  for (const GuestMemory::Region& region : context_.memory.regions())
    platform.memory.push_back(region.range);
  for (const KvmVcpu* const vcpu : vcpus_)
    platform.mpidrs.push_back(vcpu_affinity(*vcpu));
  platform.topology = topology_of(context_.config);
  platform.has_pmu = features_.pmu;
  platform.gic = {.is_v3 = gic_->version() == GicVersion::v3,
                  .distributor = virt::kGicDistributor,
                  .redistributors = {virt::kGicRedistributors.start,
                                     vcpus_.size() * KvmGic::kRedistributorSize},
                  .cpu_interface = virt::kGicCpuInterface,
                  .its = gic_->has_its() ? virt::kGicIts : Range{},
                  .message_frame = messages_->frame()};
  platform.devices = platform_->descriptions();
  if (virtio_) {
    const auto& more = virtio_->devices().descriptions();
    platform.devices.insert(platform.devices.end(), more.begin(), more.end());
  }
  platform.power_button_line = virt::kPowerButtonLine;
  platform.pci = arm64::DeviceTreePci{.ecam = virt::kPciEcam,
                                      .ports = virt::kPciPorts,
                                      .mmio32 = pci_->windows().mmio32,
                                      .mmio64 = pci_->windows().mmio64,
                                      .intx_spis = {}};
  for (const PciIntxRoute& route : pci_->intx())
    platform.pci->intx_spis.push_back(route.number);
  platform.cmdline = cmdline_;
  platform.initrd = boot_.initrd;
  fill_random(platform.rng_seed);
  fill_random(std::as_writable_bytes(std::span(&platform.kaslr_seed, 1)));
  return arm64::write_device_tree(platform);
}

void VirtBoard::place_device_tree() {
  const std::vector<std::byte> tree = device_tree();
  if (tree.size() > arm64::kMaxDeviceTree ||
      !context_.memory.write(GuestAddress(boot_.device_tree), tree)) {
    throw ConfigError("the device tree does not fit: use fewer devices or vCPUs");
  }
  const std::string& file = context_.config.debug.device_tree_file;
  if (file.empty()) return;
  if (const auto written = write_whole_file(file, tree); !written) {
    throw ConfigError(fmt::format("--dump-dtb {}: {}", file, written.error()));
  }
}

CharacterDevice& VirtBoard::console_device() {
  CharacterDevice* const terminal = virtio_ ? virtio_->devices().terminal() : nullptr;
  return terminal != nullptr ? *terminal : platform_->console_device();
}

std::vector<CharacterDevice*> VirtBoard::character_devices() {
  std::vector<CharacterDevice*> devices = platform_->character_devices();
  if (virtio_) {
    const auto& ports = virtio_->devices().character_devices();
    devices.insert(devices.end(), ports.begin(), ports.end());
  }
  return devices;
}

std::vector<DeviceInfo> VirtBoard::devices() const {
  return virtio_ ? virtio_->devices().infos() : std::vector<DeviceInfo>();
}

ControlResult<DeviceInfo> VirtBoard::change_device(std::string_view name,
                                                   const DeviceChange& change) {
  if (!virtio_) return std::unexpected(no_such_device(name));
  return virtio_->devices().change(name, change);
}

std::vector<DeviceStats> VirtBoard::device_stats() const {
  return virtio_ ? virtio_->devices().stats() : std::vector<DeviceStats>();
}

std::string VirtBoard::boot_description() const {
  return arm64::describe(boot_) + fmt::format("\n  command line: {}", cmdline_);
}

}  // namespace skiff
