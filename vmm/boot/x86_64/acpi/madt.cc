#include "vmm/boot/x86_64/acpi/madt.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "vmm/base/bits.h"
#include "vmm/boot/x86_64/acpi/table.h"

namespace skiff::acpi {
namespace {

constexpr std::uint8_t kMadtRevision = 5;  // of ACPI 6.3 and later
constexpr std::uint32_t kPcatCompat = 1;
constexpr std::uint32_t kEnabled = 1;
// A local APIC entry has one byte for the id, and 255 is the broadcast (5.2.12.2).
constexpr std::uint32_t kFirstX2apicId = 255;

// MPS INTI flags (table 5.26).
constexpr std::uint16_t kConforming = 0;
constexpr std::uint16_t kActiveHigh = 1;
constexpr std::uint16_t kActiveLow = 3;
constexpr std::uint16_t kEdge = 1 << 2;
constexpr std::uint16_t kLevel = 3 << 2;

constexpr std::uint8_t kNmiPin = 1;  // LINT1
constexpr std::uint32_t kIsaInterrupts = 16;

struct [[gnu::packed]] MadtHeader {
  TableHeader header;
  std::uint32_t lapic_address;
  std::uint32_t flags;
};
struct [[gnu::packed]] LocalApic {
  std::uint8_t type = 0, length = 8;
  std::uint8_t uid, apic_id;
  std::uint32_t flags = kEnabled;
};
struct [[gnu::packed]] IoApic {
  std::uint8_t type = 1, length = 12;
  std::uint8_t id, reserved = 0;
  std::uint32_t address, gsi_base = 0;
};
struct [[gnu::packed]] InterruptOverride {
  std::uint8_t type = 2, length = 10;
  std::uint8_t bus = 0, source;  // ISA
  std::uint32_t gsi;
  std::uint16_t flags;
};
struct [[gnu::packed]] LocalApicNmi {
  std::uint8_t type = 4, length = 6;
  std::uint8_t uid = 0xff;  // all
  std::uint16_t flags = kConforming;
  std::uint8_t lint = kNmiPin;
};
struct [[gnu::packed]] LocalX2apic {
  std::uint8_t type = 9, length = 16;
  std::uint16_t reserved = 0;
  std::uint32_t apic_id, flags = kEnabled, uid;
};
struct [[gnu::packed]] LocalX2apicNmi {
  std::uint8_t type = 0xa, length = 12;
  std::uint16_t flags = kConforming;
  std::uint32_t uid = 0xffff'ffff;  // all
  std::uint8_t lint = kNmiPin;
  std::array<std::uint8_t, 3> reserved{};
};
static_assert(sizeof(LocalApic) == 8 && sizeof(IoApic) == 12 && sizeof(InterruptOverride) == 10);
static_assert(sizeof(LocalApicNmi) == 6 && sizeof(LocalX2apic) == 16);
static_assert(sizeof(LocalX2apicNmi) == 12);

std::uint16_t inti_flags(const HwInterrupt& irq) {
  const std::uint16_t polarity =
      irq.polarity == IrqPolarity::active_high ? kActiveHigh : kActiveLow;
  return static_cast<std::uint16_t>(polarity | (irq.trigger == IrqTrigger::edge ? kEdge : kLevel));
}

struct [[gnu::packed]] Mcfg {
  TableHeader header;
  std::uint64_t reserved0 = 0;
  std::uint64_t base;
  std::uint16_t segment = 0;
  std::uint8_t first_bus = 0, last_bus;
  std::uint32_t reserved1 = 0;
};
static_assert(sizeof(Mcfg) == 60);

}  // namespace

std::string madt(const AcpiPlatform& platform) {
  std::string table;
  append(table, MadtHeader{.header = table_header("APIC", kMadtRevision),
                           .lapic_address = platform.lapic_address,
                           .flags = platform.legacy_pic ? kPcatCompat : 0});
  for (std::uint32_t uid = 0; uid < platform.apic_ids.size(); ++uid) {
    const std::uint32_t id = platform.apic_ids[uid];
    // The one-byte entry has no room for a UID above 255 either.
    if (id < kFirstX2apicId && uid < kFirstX2apicId) {
      append(table, LocalApic{.uid = static_cast<std::uint8_t>(uid),
                              .apic_id = static_cast<std::uint8_t>(id)});
    } else {
      append(table, LocalX2apic{.apic_id = id, .uid = uid});
    }
  }
  append(table, IoApic{.id = platform.ioapic_id, .address = platform.ioapic_address});
  if (platform.irq0_gsi != 0) {
    append(table, InterruptOverride{.source = 0, .gsi = platform.irq0_gsi, .flags = kConforming});
  }
  append(table, InterruptOverride{.source = static_cast<std::uint8_t>(platform.sci.number),
                                  .gsi = platform.sci.number,
                                  .flags = inti_flags(platform.sci)});
  // ISA lines are edges unless something says otherwise; a guest that finds a device elsewhere than
  // in the namespace (on its command line) knows its trigger from here.
  std::set<std::uint32_t> overridden{platform.sci.number};
  for (const HwDescription& device : platform.devices) {
    if (!device.interrupt || device.interrupt->trigger != IrqTrigger::level) continue;
    const std::uint32_t number = device.interrupt->number;
    if (number >= kIsaInterrupts || !overridden.insert(number).second) continue;
    append(table, InterruptOverride{.source = static_cast<std::uint8_t>(number),
                                    .gsi = number,
                                    .flags = inti_flags(*device.interrupt)});
  }
  append(table, LocalApicNmi{});
  const bool has_x2apic =
      platform.apic_ids.size() > kFirstX2apicId ||
      std::ranges::any_of(platform.apic_ids, [](auto id) { return id >= kFirstX2apicId; });
  if (has_x2apic) append(table, LocalX2apicNmi{});
  seal(table);
  return table;
}

std::string mcfg(const AcpiPci& pci) {
  std::string table;
  append(table, Mcfg{.header = table_header("MCFG", 1),
                     .base = pci.ecam.start,
                     .last_bus = static_cast<std::uint8_t>(pci.ecam.size / MiB - 1)});
  seal(table);
  return table;
}

}  // namespace skiff::acpi
