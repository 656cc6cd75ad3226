#include <algorithm>
#include <bit>

#include "vmm/kvm/x86_64/cpuid.h"

namespace skiff {
namespace {

// Bits an id of `count` siblings takes.
std::uint32_t id_bits(std::uint32_t count) {
  return static_cast<std::uint32_t>(std::bit_width(count - 1));
}

struct IdLayout {
  explicit IdLayout(const CpuTopologyShape& shape)
      : core_shift(id_bits(shape.threads_per_core)),
        package_shift(core_shift + id_bits(shape.cores_per_socket)) {}
  std::uint32_t core_shift;
  std::uint32_t package_shift;
};

// Leaves 0xB and 0x1F: level types (SDM volume 2, CPUID).
constexpr std::uint32_t kLevelThread = 1;
constexpr std::uint32_t kLevelCore = 2;

void fill_extended_topology(CpuidEntry& entry, const CpuTopologyShape& shape,
                            const IdLayout& layout, std::uint32_t apic_id) {
  entry.edx = apic_id;
  entry.ecx = entry.index & 0xff;
  entry.eax = 0;
  entry.ebx = 0;
  if (entry.index == 0) {
    entry.eax = layout.core_shift;
    entry.ebx = shape.threads_per_core;
    entry.ecx |= kLevelThread << 8;
  } else if (entry.index == 1) {
    entry.eax = layout.package_shift;
    entry.ebx = shape.threads_per_core * shape.cores_per_socket;
    entry.ecx |= kLevelCore << 8;
  }
}

// Leaf 4 (and AMD's 0x8000001D, same layout of EAX): who shares each cache.
void fill_cache_sharing(CpuidEntry& entry, const IdLayout& layout) {
  const std::uint32_t type = entry.eax & 0x1f;
  if (type == 0) return;
  const std::uint32_t level = (entry.eax >> 5) & 0x7;
  const std::uint32_t sharing_bits = level >= 3 ? layout.package_shift : layout.core_shift;
  const std::uint32_t core_bits = layout.package_shift - layout.core_shift;
  entry.eax &= 0x0000'3fff;
  entry.eax |= std::min((1U << sharing_bits) - 1, 0xfffU) << 14;
  if (entry.function == 4) entry.eax |= std::min((1U << core_bits) - 1, 0x3fU) << 26;
}

}  // namespace

std::uint32_t apic_id_of(std::uint32_t index, const CpuTopologyShape& shape) {
  const IdLayout layout(shape);
  const std::uint32_t thread = index % shape.threads_per_core;
  const std::uint32_t core = index / shape.threads_per_core % shape.cores_per_socket;
  const std::uint32_t package = index / shape.threads_per_core / shape.cores_per_socket;
  return (package << layout.package_shift) | (core << layout.core_shift) | thread;
}

void fill_topology(std::vector<CpuidEntry>& entries, const CpuTopologyShape& shape,
                   std::uint32_t apic_id) {
  const IdLayout layout(shape);
  const std::uint32_t per_package = shape.threads_per_core * shape.cores_per_socket;
  for (CpuidEntry& entry : entries) {
    switch (entry.function) {
      case 0x1: {
        constexpr std::uint32_t kHtt = 1U << 28;
        const std::uint32_t ids = std::min(1U << layout.package_shift, 255U);
        entry.ebx = (entry.ebx & 0x0000'ffff) | (ids << 16) | ((apic_id & 0xff) << 24);
        entry.edx = per_package > 1 ? entry.edx | kHtt : entry.edx & ~kHtt;
        break;
      }
      case 0x4:
      case 0x8000'001d:
        fill_cache_sharing(entry, layout);
        break;
      case 0xb:
      case 0x1f:
        fill_extended_topology(entry, shape, layout, apic_id);
        break;
      case 0x8000'0001: {
        constexpr std::uint32_t kCmpLegacy = 1U << 1;  // AMD: leaf 1's count is cores
        if (per_package == 1) entry.ecx &= ~kCmpLegacy;
        break;
      }
      case 0x8000'0008:  // AMD: NC in 7:0, ApicIdCoreIdSize in 15:12
        entry.ecx = (entry.ecx & ~0xf0ffU) | (std::min(per_package - 1, 0xffU)) |
                    (layout.package_shift & 0xf) << 12;
        break;
      case 0x8000'001e:  // AMD: extended APIC id, threads per core, node
        entry.eax = apic_id;
        entry.ebx = (apic_id >> layout.core_shift & 0xff) | (shape.threads_per_core - 1) << 8;
        entry.ecx = apic_id >> layout.package_shift & 0xff;
        break;
      default:
        break;
    }
  }
}

void add_topology_leaves(std::vector<CpuidEntry>& entries) {
  // The supported set lists only sub-leaf 0 of 0xB and 0x1F on some hosts; a guest reads sub-leaves
  // until one has no type, so all three must be there.
  for (const std::uint32_t leaf : {0xbU, 0x1fU}) {
    const bool listed = std::ranges::any_of(
        entries, [leaf](const CpuidEntry& entry) { return entry.function == leaf; });
    if (!listed) continue;
    std::erase_if(entries, [leaf](const CpuidEntry& entry) { return entry.function == leaf; });
    for (std::uint32_t index = 0; index < 3; ++index) {
      CpuidEntry entry;
      entry.function = leaf;
      entry.index = index;
      entry.indexed = true;
      entries.push_back(entry);
    }
  }
}

}  // namespace skiff
