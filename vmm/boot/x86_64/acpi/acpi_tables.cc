#include "vmm/boot/x86_64/acpi/acpi_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cctype>
#include <limits>
#include <set>
#include <string>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/boot/x86_64/acpi/dsdt.h"
#include "vmm/boot/x86_64/acpi/fadt.h"
#include "vmm/boot/x86_64/acpi/madt.h"
#include "vmm/boot/x86_64/acpi/table.h"

namespace skiff {
namespace {

using namespace acpi;

constexpr std::size_t kAlignment = 64;        // of the FACS; the others need less
constexpr std::size_t kMaxProcessors = 4096;  // three hexadecimal digits in a name

// Root System Description Pointer (ACPI 6.4, 5.2.5.3).
struct [[gnu::packed]] Rsdp {
  std::array<char, 8> signature{'R', 'S', 'D', ' ', 'P', 'T', 'R', ' '};
  std::uint8_t checksum = 0;  // of the first 20 bytes
  std::array<char, 6> oem_id{'S', 'K', 'I', 'F', 'F', ' '};
  std::uint8_t revision = 2;
  std::uint32_t rsdt_address = 0;  // none: revision 2 has the XSDT
  std::uint32_t length = 36;
  std::uint64_t xsdt_address = 0;
  std::uint8_t extended_checksum = 0;
  std::array<std::uint8_t, 3> reserved{};
};
static_assert(sizeof(Rsdp) == 36);
constexpr std::size_t kRsdpFirstPart = 20;

std::string rsdp(std::uint64_t xsdt_address) {
  std::string bytes;
  append(bytes, Rsdp{.xsdt_address = xsdt_address});
  const std::string_view all = bytes;
  bytes[offsetof(Rsdp, checksum)] = static_cast<char>(checksum(all.substr(0, kRsdpFirstPart)));
  bytes[offsetof(Rsdp, extended_checksum)] = static_cast<char>(checksum(bytes));
  return bytes;
}

// Puts tables one after the other and knows where each will be.
class Layout {
 public:
  explicit Layout(std::uint64_t base) : base_(base) {}

  std::uint32_t place(const std::string& table) {
    const std::size_t at = reserve(table.size());
    bytes_.replace(at, table.size(), table);
    return static_cast<std::uint32_t>(base_ + at);
  }
  std::size_t reserve(std::size_t size) {
    const std::size_t at = (bytes_.size() + kAlignment - 1) & ~(kAlignment - 1);
    bytes_.resize(at + size, '\0');
    return at;
  }
  void put(std::size_t at, const std::string& table) { bytes_.replace(at, table.size(), table); }
  std::uint64_t address(std::size_t at) const { return base_ + at; }
  const std::string& bytes() const { return bytes_; }

 private:
  const std::uint64_t base_;
  std::string bytes_;
};

bool is_name(const std::string& name) {
  if (name.empty() || name.size() > 4 || std::isdigit(name.front()) != 0) return false;
  for (const char c : name) {
    if (std::isupper(c) == 0 && std::isdigit(c) == 0 && c != '_') return false;
  }
  return true;
}

// The names that dsdt() gives processors.
bool is_processor_name(const std::string& name) {
  return name.size() == 4 && name.front() == 'C' &&
         std::all_of(name.begin() + 1, name.end(),
                     [](unsigned char c) { return std::isxdigit(c) != 0; });
}

void check_device(const HwDescription& hw) {
  if (!is_name(hw.name)) {
    throw ConfigError(
        fmt::format("ACPI: the device name \"{}\" is not 1 to 4 of A-Z, 0-9 and _", hw.name));
  }
  for (const HwRange& range : hw.ranges) {
    const bool port_fits = range.range.valid() && range.range.last() <= 0xffff;
    if (!range.range.valid() || (range.space == IoSpace::port && !port_fits)) {
      throw ConfigError(fmt::format("ACPI: {} occupies {:#x}+{:#x}, which is no range of {}",
                                    hw.name, range.range.start, range.range.size,
                                    range.space == IoSpace::port ? "ports" : "memory"));
    }
  }
}

void check(const AcpiPlatform& platform) {
  if (platform.apic_ids.empty() || platform.apic_ids.size() > kMaxProcessors) {
    throw ConfigError(fmt::format("ACPI: {} vCPUs cannot be described: 1 to {} can",
                                  platform.apic_ids.size(), kMaxProcessors));
  }
  std::set<std::string> names{"PCI0", "MBRD"};
  for (const HwDescription& hw : platform.devices) {
    if (hw.acpi_hid.empty()) continue;
    check_device(hw);
    if (is_processor_name(hw.name) || !names.insert(hw.name).second) {
      throw ConfigError(fmt::format("ACPI: the device name {} is taken", hw.name));
    }
  }
  if (!platform.pci) return;
  const Range& ecam = platform.pci->ecam;
  if (!ecam.valid() || !is_aligned(ecam.start, MiB) || !is_aligned(ecam.size, MiB) ||
      ecam.size > 256 * MiB) {
    throw ConfigError(
        fmt::format("ACPI: the PCI configuration area {:#x}+{:#x} is not 1 to 256 whole MiB",
                    ecam.start, ecam.size));
  }
  if (platform.pci->intx_gsis.empty()) {
    throw ConfigError("ACPI: the PCI host bridge has no interrupt to route INTx to");
  }
}

}  // namespace

AcpiTables build_acpi(const AcpiPlatform& platform, GuestAddress where, std::size_t max_size) {
  assert(is_aligned<std::uint64_t>(where.value, kAlignment));
  check(platform);
  Layout layout(where.value);
  // RSDP and XSDT come first, so that they are found first, and are written last.
  const std::size_t rsdp_at = layout.reserve(sizeof(Rsdp));
  const std::size_t tables = 1U + (platform.has_apic ? 1U : 0U) + (platform.pci ? 1U : 0U);
  const std::size_t xsdt_at = layout.reserve(sizeof(TableHeader) + tables * sizeof(std::uint64_t));
  const std::uint32_t facs_address = layout.place(facs());
  const std::uint32_t dsdt_address = layout.place(dsdt(platform));

  std::string xsdt;
  append(xsdt, table_header("XSDT", 1));
  append(xsdt, std::uint64_t{layout.place(fadt(platform, facs_address, dsdt_address))});
  if (platform.has_apic) append(xsdt, std::uint64_t{layout.place(madt(platform))});
  if (platform.pci) append(xsdt, std::uint64_t{layout.place(mcfg(*platform.pci))});
  seal(xsdt);
  layout.put(xsdt_at, xsdt);
  layout.put(rsdp_at, rsdp(layout.address(xsdt_at)));

  const std::string& bytes = layout.bytes();
  if (bytes.size() > max_size ||
      layout.address(bytes.size()) > std::numeric_limits<std::uint32_t>::max()) {
    throw ConfigError(fmt::format("ACPI: the tables take {} bytes at {:#x}, where {} are left",
                                  bytes.size(), where.value, max_size));
  }
  AcpiTables result;
  result.bytes.resize(bytes.size());
  std::ranges::transform(bytes, result.bytes.begin(),
                         [](char c) { return static_cast<std::byte>(c); });
  result.rsdp = where;
  return result;
}

}  // namespace skiff
