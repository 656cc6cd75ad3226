#include "tests/kvm/x86_64/guest.h"

#include <array>

#include "vmm/base/bits.h"
#include "vmm/kvm/x86_64/vm_arch.h"

namespace skiff {
namespace {

constexpr std::uint64_t kGdt = 0x1000;
constexpr std::uint64_t kPageTables = 0x2000;
constexpr std::uint64_t kIdt = 0x8000;
constexpr std::uint16_t kCodeSelector = 0x08;
constexpr std::uint16_t kDataSelector = 0x10;

// PML4, one PDPT, four page directories of 2 MiB pages (SDM volume 3, 4.5).
void write_page_tables(const GuestMemory& memory) {
  constexpr std::uint64_t kPresentWrite = 3;
  constexpr std::uint64_t kLarge = 1U << 7;
  const auto entry = [&](std::uint64_t table, std::uint64_t index, std::uint64_t value) {
    memory.store(GuestAddress(table + index * 8), value);
  };
  entry(kPageTables, 0, (kPageTables + kPageSize) | kPresentWrite);
  for (std::uint64_t gib = 0; gib < 4; ++gib) {
    const std::uint64_t directory = kPageTables + (2 + gib) * kPageSize;
    entry(kPageTables + kPageSize, gib, directory | kPresentWrite);
    for (std::uint64_t i = 0; i < 512; ++i) {
      entry(directory, i, (gib * GiB + i * 2 * MiB) | kLarge | kPresentWrite);
    }
  }
}

}  // namespace

void GuestTest::SetUp() {
  SKIFF_REQUIRE_KVM();
  system_.emplace();
  memory_.emplace(std::array{Range{0, 2 * MiB}}, GuestMemoryOptions{HugePages::off, false});
  vm_.emplace(*system_, *memory_);
  vm_->map_memory();
  if (irqchip_ == Irqchip::yes) create_irqchip(*vm_);
  write_page_tables(*memory_);
  memory_->store(GuestAddress(kGdt + kCodeSelector), std::uint64_t{0x00af'9b00'0000'ffff});
  memory_->store(GuestAddress(kGdt + kDataSelector), std::uint64_t{0x00cf'9300'0000'ffff});
}

std::unique_ptr<KvmVcpu> GuestTest::vcpu(std::span<const std::byte> code, std::uint32_t id,
                                         std::uint64_t at) {
  EXPECT_TRUE(memory_->write(GuestAddress(at), code));
  auto result = vm_->create_vcpu(id);
  set_vcpu_state(*result, start_state(at, id));
  return result;
}

VcpuState GuestTest::start_state(std::uint64_t rip, std::uint32_t id) const {
  VcpuState state;
  state.rip = rip;
  state.rsp = kStackTop - id * kPageSize;
  state.rbx = kResults;
  state.cs = {.limit = ~0U,
              .selector = kCodeSelector,
              .type = 0xb,
              .present = true,
              .s = true,
              .l = true,
              .g = true};
  state.ds = {.limit = ~0U,
              .selector = kDataSelector,
              .type = 0x3,
              .present = true,
              .s = true,
              .db = true,
              .g = true};
  state.es = state.fs = state.gs = state.ss = state.ds;
  state.tr = {.limit = 0x67, .type = 0xb, .present = true};
  state.gdt = {kGdt, 23};
  state.idt = {kIdt, 256 * 16 - 1};
  state.cr0 = 0x8000'0031;  // PG, NE, ET, PE
  state.cr3 = kPageTables;
  state.cr4 = 0x620;   // PAE, OSFXSR, OSXMMEXCPT
  state.efer = 0x500;  // LMA, LME
  return state;
}

void GuestTest::set_gate(std::uint8_t vector, std::uint64_t handler) {
  constexpr std::uint64_t kPresentInterruptGate = 0x8e00ULL << 32;
  const std::uint64_t low = (handler & 0xffff) | std::uint64_t{kCodeSelector} << 16 |
                            kPresentInterruptGate | (handler >> 16 & 0xffff) << 48;
  const GuestAddress gate(kIdt + vector * 16ULL);
  memory_->store(gate, low);
  memory_->store(*gate.plus(8), handler >> 32);
}

}  // namespace skiff
