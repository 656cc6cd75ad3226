// A guest of a dozen instructions: one VM with 2 MiB of RAM, and vCPUs in 64-bit mode at CPL 0 with
// the first 4 GiB mapped one to one.
//
//   0x1000 GDT   0x2000 page tables   0x8000 IDT   0x10000 code   0x20000 stack   0x30000 results
//   0x1000'0000 and up: no RAM, so an access is an MMIO exit
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "tests/kvm/require_kvm.h"
#include "vmm/io/guest_memory.h"
#include "vmm/kvm/kvm_system.h"
#include "vmm/kvm/kvm_vcpu.h"
#include "vmm/kvm/kvm_vm.h"
#include "vmm/kvm/x86_64/vcpu_state.h"

// Position-independent guest code, assembled with the test: guest_code(name) is its bytes.
#define SKIFF_GUEST_CODE(name, text)                                          \
  asm(".pushsection .rodata\n.balign 256\n" #name "_begin:\n" text "\n" #name \
      "_end:\n.popsection\n");                                                \
  extern "C" [[gnu::visibility("hidden")]] const std::byte name##_begin[], name##_end[]
#define SKIFF_GUEST_BYTES(name) \
  (std::span<const std::byte>(name##_begin, static_cast<std::size_t>(name##_end - name##_begin)))

namespace skiff {

class GuestTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kCode = 0x1'0000;
  static constexpr std::uint64_t kStackTop = 0x2'0000;
  static constexpr std::uint64_t kResults = 0x3'0000;
  static constexpr std::uint64_t kMmio = 0x1000'0000;
  enum class Irqchip { no, yes };

  explicit GuestTest(Irqchip irqchip = Irqchip::no) : irqchip_(irqchip) {}
  void SetUp() override;

  // Puts `code` at `at` and gives a vCPU that starts there.
  std::unique_ptr<KvmVcpu> vcpu(std::span<const std::byte> code, std::uint32_t id = 0,
                                std::uint64_t at = kCode);
  // An interrupt gate to the code at `handler` (SDM volume 3, 6.14.1).
  void set_gate(std::uint8_t vector, std::uint64_t handler);

  template <typename T>
  T result(std::uint64_t offset) const {
    return memory_->load<T>(GuestAddress(kResults + offset)).value();
  }

  std::optional<KvmSystem> system_;
  std::optional<GuestMemory> memory_;
  std::optional<KvmVm> vm_;

 private:
  VcpuState start_state(std::uint64_t rip, std::uint32_t id) const;

  const Irqchip irqchip_;
};

}  // namespace skiff
