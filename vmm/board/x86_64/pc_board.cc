#include "vmm/board/x86_64/pc_board.h"

#include <fmt/format.h>

#include <algorithm>

#include "vmm/base/error.h"
#include "vmm/board/x86_64/memory_map.h"
#include "vmm/board/x86_64/pc_boot.h"
#include "vmm/boot/x86_64/acpi/acpi_tables.h"
#include "vmm/kvm/x86_64/vcpu_state.h"
#include "vmm/kvm/x86_64/vm_arch.h"

namespace skiff {
namespace {

CpuTopologyShape shape_of(const VmConfig& config) {
  const CpuTopology& wanted = config.cpu.topology;
  const std::uint32_t threads = std::max(wanted.threads, 1U);
  const std::uint32_t sockets = std::max(wanted.sockets, 1U);
  const std::uint32_t per_core_row = threads * sockets;
  const std::uint32_t cores =
      wanted.cores != 0 ? wanted.cores : (config.machine.vcpus + per_core_row - 1) / per_core_row;
  return {.threads_per_core = threads, .cores_per_socket = std::max(cores, 1U), .sockets = sockets};
}

bool has_virtio(const VmConfig& config) {
  return !config.disks.empty() || !config.nets.empty() || !config.virtio_console.ports.empty() ||
         config.rng.has_value();
}

}  // namespace

std::vector<Range> ram_ranges(std::uint64_t size) {
  if (size <= pc::kLowRamEnd) return {{0, size}};
  return {{0, pc::kLowRamEnd}, {pc::kHighRamStart, size - pc::kLowRamEnd}};
}

std::unique_ptr<Board> create_board(const BoardContext& context) {
  return std::make_unique<PcBoard>(context);
}

PcBoard::PcBoard(const BoardContext& context)
    : context_(context),
      topology_(shape_of(context.config)),
      cpuid_(context.vm.system(), topology_, context.config.cpu.hide,
             context.config.machine.irqchip == IrqchipMode::user ? LocalApic::absent
                                                                 : LocalApic::in_kernel) {
  const std::uint64_t ram_end = context.memory.regions().back().range.last();
  if ((ram_end >> cpuid_.physical_bits()) != 0) {
    throw ConfigError(fmt::format(
        "machine.memory: RAM would end at {:#x}, past this host's {}-bit physical addresses",
        ram_end, cpuid_.physical_bits()));
  }
  if (!context.config.debug.device_tree_file.empty()) {
    throw ConfigError("--dump-dtb: a PC describes itself by ACPI tables and has no device tree");
  }
  set_real_mode_pages(context.vm, pc::kTssPages, pc::kIdentityMapPage);
  enable_emulation_failure_exits(context.vm);
  irqchip_ = create_pc_irqchip(context, apic_id_of(context.config.machine.vcpus - 1, topology_));
  platform_ = std::make_unique<PcPlatform>(context, *irqchip_);
  serial_ = std::make_unique<PcSerial>(context, *irqchip_);
  pci_ = std::make_unique<PcPci>(context, *irqchip_, platform_->reset_control(),
                                 cpuid_.physical_bits());
  if (has_virtio(context_.config))
    virtio_ = std::make_unique<PcVirtio>(context_, *irqchip_, pci_->bus());
  pci_->bus().assign_bars();
  const bool named = context.config.boot.virtio_mmio_cmdline && virtio_;
  boot_ = load_pc_guest(context_, write_acpi_tables(),
                        named ? virtio_->devices().mmio_cmdline() : std::string());
}

PcBoard::~PcBoard() = default;

std::uint64_t PcBoard::write_acpi_tables() {
  AcpiPlatform platform;
  for (std::uint32_t index = 0; index < context_.config.machine.vcpus; ++index) {
    platform.apic_ids.push_back(apic_id_of(index, topology_));
  }
  platform.has_apic = irqchip_->has_apic();
  platform.lapic_address = pc::kLocalApic;
  platform.ioapic_address = pc::kIoapic;
  platform.irq0_gsi = 0;  // as KVM wires its PIT to its IOAPIC, and Skiff its own
  platform.sci.number = pc::kSciIrq;
  platform.pm1_event_port = static_cast<std::uint16_t>(pc::kPm1aEvent.start);
  platform.pm1_control_port = static_cast<std::uint16_t>(pc::kPm1aControl.start);
  platform.reset_port = pc::kResetControl;
  platform.pci = AcpiPci{.ecam = pc::kPciEcam,
                         .io = pci_->windows().io,
                         .fixed_io = {},
                         .mmio32 = pci_->windows().mmio32,
                         .mmio64 = pci_->windows().mmio64,
                         .intx_gsis = {}};
  for (const PciIntxRoute& route : pci_->intx())
    platform.pci->intx_gsis.push_back(route.number);
  platform.devices = platform_->descriptions();
  for (HwDescription& port : serial_->descriptions())
    platform.devices.push_back(std::move(port));
  if (virtio_) {
    platform.pci->fixed_io = virtio_->devices().fixed_ports();
    for (const HwDescription& device : virtio_->devices().descriptions())
      platform.devices.push_back(device);
  }

  const AcpiTables tables =
      build_acpi(platform, GuestAddress(pc::kAcpiArea.start), pc::kAcpiArea.size);
  if (!context_.memory.write(GuestAddress(pc::kAcpiArea.start), tables.bytes)) {
    throw ConfigError("machine.memory is too small for the firmware tables below 1 MiB");
  }
  return tables.rsdp.value;
}

std::unique_ptr<KvmVcpu> PcBoard::create_vcpu(std::uint32_t index) {
  auto vcpu = context_.vm.create_vcpu(apic_id_of(index, topology_));
  cpuid_.apply(*vcpu);
  if (!irqchip_->has_apic()) disable_local_apic(*vcpu);
  set_boot_msrs(*vcpu);
  // The others wait for their INIT and SIPI in the reset state KVM gave them.
  if (index == 0) {
    set_vcpu_state(*vcpu, to_vcpu_state(boot_));
    first_vcpu_ = vcpu.get();
  }
  return vcpu;
}

CharacterDevice& PcBoard::console_device() {
  CharacterDevice* const terminal = virtio_ ? virtio_->devices().terminal() : nullptr;
  return terminal != nullptr ? *terminal : serial_->console_device();
}

std::vector<CharacterDevice*> PcBoard::character_devices() {
  std::vector<CharacterDevice*> devices = serial_->character_devices();
  if (virtio_) {
    const auto& ports = virtio_->devices().character_devices();
    devices.insert(devices.end(), ports.begin(), ports.end());
  }
  return devices;
}

bool PcBoard::send_nmi() {
  return first_vcpu_ != nullptr && inject_nmi(*first_vcpu_);
}

std::vector<DeviceInfo> PcBoard::devices() const {
  return virtio_ ? virtio_->devices().infos() : std::vector<DeviceInfo>();
}

ControlResult<DeviceInfo> PcBoard::change_device(std::string_view name,
                                                 const DeviceChange& change) {
  if (!virtio_) return std::unexpected(no_such_device(name));
  return virtio_->devices().change(name, change);
}

std::vector<DeviceStats> PcBoard::device_stats() const {
  return virtio_ ? virtio_->devices().stats() : std::vector<DeviceStats>();
}

std::string PcBoard::boot_description() const {
  return boot_.description + "\n" + describe(boot_);
}

}  // namespace skiff
