#include "vmm/board/x86_64/pc_platform.h"

#include "vmm/base/error.h"
#include "vmm/board/x86_64/memory_map.h"

namespace skiff {
namespace {

CmosMemorySizes memory_sizes(const GuestMemory& memory) {
  const auto regions = memory.regions();
  const std::uint64_t low = regions.front().range.size;
  return {.below_4g = low, .above_4g = memory.size() - low};
}

constexpr std::uint16_t kPm1EnPowerButton = 1U << 8;  // PWRBTN_EN (ACPI 6.5, table 4.12)

}  // namespace

PcPlatform::PcPlatform(const BoardContext& context, PcIrqchip& irqchip)
    : rtc_("rtc", &irqchip.pin(pc::kRtcIrq, IrqTrigger::edge), context.clock, context.executor,
           memory_sizes(context.memory)),
      i8042_("i8042", [&events = context.events] { events.on_reset(); }),
      pm_("acpi-pm", &irqchip.pin(pc::kSciIrq, IrqTrigger::level),
          [&events = context.events] { events.on_power_off(); }),
      reset_control_("reset-control", [&events = context.events] { events.on_reset(); }),
      post_code_("post-code"),
      pvpanic_("pvpanic", [&events = context.events](PvpanicEvent event) {
        // With a crash kernel loaded the guest has a plan of its own.
        if (event == PvpanicEvent::panicked) events.on_guest_panic();
      }) {
  const auto add = [&context](Range range, IoDevice& device, std::uint64_t offset = 0) {
    const auto added = context.ports.add(range, device, offset);
    if (!added) throw ConfigError(added.error());
  };
  add(pc::kRtc, rtc_);
  add(pc::kI8042Data, i8042_, 0);
  add(pc::kI8042Command, i8042_, 4);
  add(pc::kPm1aEvent, pm_, 0);
  add(pc::kPm1aControl, pm_, 4);
  add(pc::kPostCode, post_code_);
  add(pc::kPvpanic, pvpanic_);
  if (context.config.debug.exit_port) {
    debug_exit_ = std::make_unique<DebugExit>(
        "debug-exit",
        [&events = context.events](std::uint32_t value) { events.on_guest_status(value); });
    add(pc::kDebugExit, *debug_exit_);
  }
  if (context.config.debug.coalesced) {
    debug_register_ = std::make_unique<DebugRegister>("debug-register");
    const auto added = context.mmio.add(pc::kDebugRegister, *debug_register_);
    if (!added) throw ConfigError(added.error());
  }
  if (context.debug_sink != nullptr) {
    debug_e9_ = std::make_unique<DebugTextPort>("debug-0xe9", *context.debug_sink);
    debug_402_ = std::make_unique<DebugTextPort>("debug-0x402", *context.debug_sink);
    add(pc::kDebugTextE9, *debug_e9_);
    add(pc::kDebugText402, *debug_402_);
  }
}

PcPlatform::~PcPlatform() = default;

bool PcPlatform::press_power_button() {
  pm_.press_power_button();
  return (pm_.state().pm1_en & kPm1EnPowerButton) != 0;
}

std::vector<Board::WriteOnly> PcPlatform::write_only() const {
  if (debug_register_ == nullptr) return {};
  return {{.space = IoSpace::mmio, .range = pc::kDebugRegister},
          {.space = IoSpace::port, .range = pc::kPostCode}};
}

std::vector<HwDescription> PcPlatform::descriptions() const {
  return {
      {.name = "RTC0",
       .acpi_hid = "PNP0B00",
       .fdt_compatible = {},
       .unit = 0,
       .ranges = {{IoSpace::port, pc::kRtc}},
       .interrupt = HwInterrupt{.number = pc::kRtcIrq}},
      {.name = "PVPN",
       .acpi_hid = "QEMU0001",
       .fdt_compatible = {},
       .unit = 0,
       .ranges = {{IoSpace::port, pc::kPvpanic}},
       .interrupt = {}},
  };
}

}  // namespace skiff
