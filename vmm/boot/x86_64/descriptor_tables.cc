#include "vmm/boot/x86_64/descriptor_tables.h"

#include <array>
#include <cstring>

#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"

namespace skiff {
namespace {

constexpr std::uint16_t kCode = 0x10, kData = 0x18, kTss = 0x20;
constexpr std::uint16_t kUserCode32 = 0x30, kUserData = 0x38, kUserCode64 = 0x40;
constexpr std::size_t kGdtEntries = 9;

constexpr std::uint8_t kTypeCode = 0xb;     // execute, read, accessed
constexpr std::uint8_t kTypeData = 0x3;     // read, write, accessed
constexpr std::uint8_t kTypeBusyTss = 0xb;  // what TR must hold
constexpr std::uint8_t kTypeAvailableTss = 0x9;
constexpr std::uint8_t kTypeLdt = 0x2;

// A 64-bit TSS: 104 bytes, then one bit per port, then a byte of ones (Intel SDM vol. 1, 19.5.2).
constexpr std::uint64_t kTssSize = 104;
constexpr std::uint64_t kPortBitmapSize = 65536 / 8;
constexpr std::uint64_t kTssBitmapOffset = 0x66;

constexpr std::uint64_t kPagePresent = 1, kPageWritable = 2, kPageUser = 4, kPageLarge = 1 << 7;

BootSegment segment(std::uint16_t selector, std::uint8_t type, unsigned dpl, bool l, bool db) {
  BootSegment made;
  made.selector = static_cast<std::uint16_t>(selector | dpl);
  made.limit = 0xffff'ffff;
  made.type = type;
  made.s = true;
  made.dpl = static_cast<std::uint8_t>(dpl);
  made.present = true;
  made.l = l;
  made.db = db;
  made.g = true;
  return made;
}

BootSegment system_segment(std::uint16_t selector, std::uint8_t type, std::uint64_t base,
                           std::uint64_t size) {
  BootSegment made;
  made.selector = selector;
  made.base = base;
  made.limit = static_cast<std::uint32_t>(size - 1);
  made.type = type;
  made.present = true;
  return made;
}

void place_gdt(BootJob& job, BootState& state, bool long_mode) {
  std::array<std::uint64_t, kGdtEntries> gdt{};
  gdt[kCode / 8] = encode_descriptor(segment(kCode, kTypeCode, 0, long_mode, !long_mode));
  gdt[kData / 8] = encode_descriptor(segment(kData, kTypeData, 0, false, true));
  // In memory the TSS is available, not busy as in TR: a guest may load it again by `ltr`.
  BootSegment tss = state.tr;
  tss.type = kTypeAvailableTss;
  gdt[kTss / 8] = encode_descriptor(tss);
  gdt[kTss / 8 + 1] = state.tr.base >> 32;
  gdt[kUserCode32 / 8] = encode_descriptor(segment(kUserCode32, kTypeCode, 3, false, true));
  gdt[kUserData / 8] = encode_descriptor(segment(kUserData, kTypeData, 3, false, true));
  gdt[kUserCode64 / 8] = encode_descriptor(segment(kUserCode64, kTypeCode, 3, true, false));
  const Range place = job.place_table("GDT", sizeof(gdt), 16);
  std::memcpy(job.layout.bytes(place).data(), gdt.data(), sizeof(gdt));
  state.gdt = {place.start, static_cast<std::uint16_t>(place.size - 1)};
}

void set_data_segments(BootState& state, const BootSegment& data) {
  state.ds = state.es = state.fs = state.gs = state.ss = data;
}

// One PML4 page, one PDPT page, four pages of 512 entries of 2 MiB. Not 1 GiB pages: a guest's
// CPUID may lack them, and the five pages more cost nothing measurable.
std::uint64_t place_page_tables(BootJob& job, unsigned privilege) {
  constexpr std::uint64_t kDirectories = kIdentityMapped / GiB;
  const std::uint64_t flags =
      kPagePresent | kPageWritable | (privilege == 3 ? kPageUser : std::uint64_t{0});
  const Range place = job.place_table("page tables", (2 + kDirectories) * kPageSize, kPageSize);
  const auto bytes = job.layout.bytes(place);
  const auto store = [&](std::uint64_t page, std::uint64_t index, std::uint64_t entry) {
    store_le(bytes, page * kPageSize + index * sizeof(entry), entry);
  };
  store(0, 0, (place.start + kPageSize) | flags);
  for (std::uint64_t i = 0; i < kDirectories; ++i)
    store(1, i, (place.start + (2 + i) * kPageSize) | flags);
  for (std::uint64_t i = 0; i < kDirectories * 512; ++i)
    store(2 + i / 512, i % 512, (i * 2 * MiB) | flags | kPageLarge);
  return place.start;
}

}  // namespace

std::uint64_t encode_descriptor(const BootSegment& segment) {
  const std::uint64_t limit = segment.g ? segment.limit >> 12 : segment.limit;
  return (limit & 0xffff) | (segment.base & 0xff'ffff) << 16 |
         static_cast<std::uint64_t>(segment.type & 0xf) << 40 |
         static_cast<std::uint64_t>(segment.s) << 44 |
         static_cast<std::uint64_t>(segment.dpl & 3) << 45 |
         static_cast<std::uint64_t>(segment.present) << 47 | (limit >> 16 & 0xf) << 48 |
         static_cast<std::uint64_t>(segment.avl) << 52 |
         static_cast<std::uint64_t>(segment.l) << 53 |
         static_cast<std::uint64_t>(segment.db) << 54 |
         static_cast<std::uint64_t>(segment.g) << 55 | (segment.base >> 24 & 0xff) << 56;
}

void enter_protected_mode(BootJob& job, BootState& state) {
  // The PVH ABI asks for a TR of base 0 and limit 0x67; nothing uses that TSS before the guest
  // loads its own.
  state.tr = system_segment(kTss, kTypeBusyTss, 0, 0x68);
  state.ldt = system_segment(0, kTypeLdt, 0, 0x10000);
  place_gdt(job, state, false);
  state.cs = segment(kCode, kTypeCode, 0, false, true);
  set_data_segments(state, segment(kData, kTypeData, 0, false, true));
  state.cr0 = kCr0ProtectedMode | kCr0ExtensionType;
}

void enter_long_mode(BootJob& job, BootState& state, unsigned privilege) {
  const std::uint64_t tss_size = privilege == 3 ? kTssSize + kPortBitmapSize + 1 : kTssSize;
  const Range tss = job.place_table("TSS", tss_size, 16);
  const auto bytes = job.layout.bytes(tss);
  // An offset at the end of the TSS says that there is no bitmap.
  store_le(bytes, kTssBitmapOffset, static_cast<std::uint16_t>(kTssSize));
  if (privilege == 3) bytes.back() = std::byte{0xff};
  state.tr = system_segment(kTss, kTypeBusyTss, tss.start, tss_size);
  state.ldt = system_segment(0, kTypeLdt, 0, 0x10000);
  place_gdt(job, state, true);
  const std::uint16_t code = privilege == 3 ? kUserCode64 : kCode;
  const std::uint16_t data = privilege == 3 ? kUserData : kData;
  state.cs = segment(code, kTypeCode, privilege, true, false);
  set_data_segments(state, segment(data, kTypeData, privilege, false, true));
  state.cr0 = kCr0ProtectedMode | kCr0ExtensionType | kCr0NumericError | kCr0Paging;
  state.cr3 = place_page_tables(job, privilege);
  state.cr4 = kCr4PhysicalAddressExtension;
  state.efer = kEferLongModeEnable | kEferLongModeActive;
}

}  // namespace skiff
