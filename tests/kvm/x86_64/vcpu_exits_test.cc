// What each kind of exit looks like, made by real guest instructions.
#include <cstring>
#include <string>

#include "tests/kvm/x86_64/guest.h"

SKIFF_GUEST_CODE(port_writes, R"(
    mov $0x44332211, %eax
    mov $0x3f8, %dx
    out %al, (%dx)
    out %ax, (%dx)
    out %eax, (%dx)
    hlt
)");
SKIFF_GUEST_CODE(port_reads, R"(
    mov $0x3f8, %dx
    mov $-1, %rax
    in (%dx), %al
    mov %rax, (%rbx)
    in (%dx), %ax
    mov %rax, 8(%rbx)
    in (%dx), %eax
    mov %rax, 16(%rbx)
    hlt
)");
SKIFF_GUEST_CODE(string_out, R"(
    cld
    mov %rbx, %rsi
    mov $7, %ecx
    mov $0x3f8, %dx
    rep outsb
    hlt
)");
SKIFF_GUEST_CODE(string_in, R"(
    cld
    mov %rbx, %rdi
    mov $100, %ecx
    mov $0x1f0, %dx
    rep insw
    hlt
)");
SKIFF_GUEST_CODE(mmio_writes, R"(
    mov $0x10000000, %edi
    movabs $0x8877665544332211, %rax
    mov %al, 0x10(%rdi)
    mov %ax, 0x20(%rdi)
    mov %eax, 0x30(%rdi)
    mov %rax, 0x40(%rdi)
    hlt
)");
SKIFF_GUEST_CODE(mmio_reads, R"(
    mov $0x10000000, %edi
    mov $-1, %rax
    mov 0x10(%rdi), %al
    mov %rax, (%rbx)
    mov 0x20(%rdi), %ax
    mov %rax, 8(%rbx)
    mov 0x30(%rdi), %eax
    mov %rax, 16(%rbx)
    mov 0x40(%rdi), %rax
    mov %rax, 24(%rbx)
    hlt
)");
SKIFF_GUEST_CODE(mmio_across_pages, R"(
    mov $0x10000ffd, %edi
    movabs $0x8877665544332211, %rax
    mov %rax, (%rdi)
    mov (%rdi), %rax
    mov %rax, (%rbx)
    hlt
)");
SKIFF_GUEST_CODE(one_read, R"(
    in $0x80, %al
    hlt
)");

namespace skiff {
namespace {

class VcpuExits : public GuestTest {};

TEST_F(VcpuExits, PortWritesOfEachWidth) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(port_writes));
  for (const unsigned width : {1U, 2U, 4U}) {
    const VcpuExit exit = cpu->run();
    const auto* const io = std::get_if<PortIo>(&exit);
    ASSERT_NE(io, nullptr) << width;
    EXPECT_TRUE(io->is_write);
    EXPECT_EQ(io->port, 0x3f8);
    EXPECT_EQ(io->width, width);
    EXPECT_EQ(io->count, 1U);
    ASSERT_EQ(io->data.size(), width);
    for (std::size_t i = 0; i < width; ++i)
      EXPECT_EQ(io->data[i], static_cast<std::byte>(0x11 * (i + 1)));
  }
  EXPECT_TRUE(std::holds_alternative<Halted>(cpu->run()));
}

TEST_F(VcpuExits, PortReadsOfEachWidth) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(port_reads));
  for (const unsigned width : {1U, 2U, 4U}) {
    const VcpuExit exit = cpu->run();
    const auto* const io = std::get_if<PortIo>(&exit);
    ASSERT_NE(io, nullptr) << width;
    EXPECT_FALSE(io->is_write);
    ASSERT_EQ(io->data.size(), width);
    std::memcpy(io->data.data(), "\x21\x32\x43\x54", width);
  }
  ASSERT_TRUE(std::holds_alternative<Halted>(cpu->run()));
  EXPECT_EQ(result<std::uint64_t>(0), 0xffff'ffff'ffff'ff21U);
  EXPECT_EQ(result<std::uint64_t>(8), 0xffff'ffff'ffff'3221U);
  EXPECT_EQ(result<std::uint64_t>(16), 0x5443'3221U);  // 32-bit results clear the upper half
}

TEST_F(VcpuExits, StringOutGivesEveryElementInOrder) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(string_out));
  const std::string text = "strings";
  ASSERT_TRUE(memory_->write(GuestAddress(kResults), std::as_bytes(std::span(text))));
  std::string seen;
  for (;;) {
    const VcpuExit exit = cpu->run();
    const auto* const io = std::get_if<PortIo>(&exit);
    if (io == nullptr) {
      EXPECT_TRUE(std::holds_alternative<Halted>(exit));
      break;
    }
    EXPECT_EQ(io->width, 1);
    EXPECT_EQ(io->data.size(), io->count);
    seen.append(reinterpret_cast<const char*>(io->data.data()), io->data.size());
  }
  EXPECT_EQ(seen, text);
}

TEST_F(VcpuExits, StringInIsOneExitOfManyElements) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(string_in));
  std::uint16_t next = 0;
  int exits = 0;
  for (;; ++exits) {
    const VcpuExit exit = cpu->run();
    const auto* const io = std::get_if<PortIo>(&exit);
    if (io == nullptr) {
      EXPECT_TRUE(std::holds_alternative<Halted>(exit));
      break;
    }
    EXPECT_EQ(io->width, 2);
    ASSERT_EQ(io->data.size(), io->count * 2U);
    for (std::size_t i = 0; i < io->count; ++i, ++next)
      std::memcpy(io->data.data() + i * 2, &next, sizeof next);
  }
  EXPECT_EQ(next, 100);
  EXPECT_LT(exits, 100) << "KVM reads ahead: strings come as a few exits";
  for (std::uint16_t i = 0; i < 100; ++i)
    ASSERT_EQ(result<std::uint16_t>(i * 2U), i);
}

TEST_F(VcpuExits, MmioWritesOfEachWidth) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(mmio_writes));
  std::uint64_t offset = 0x10;
  for (const unsigned width : {1U, 2U, 4U, 8U}) {
    const VcpuExit exit = cpu->run();
    const auto* const access = std::get_if<Mmio>(&exit);
    ASSERT_NE(access, nullptr) << width;
    EXPECT_TRUE(access->is_write);
    EXPECT_EQ(access->address, kMmio + offset);
    ASSERT_EQ(access->data.size(), width);
    for (std::size_t i = 0; i < width; ++i)
      EXPECT_EQ(access->data[i], static_cast<std::byte>(0x11 * (i + 1)));
    offset += 0x10;
  }
  EXPECT_TRUE(std::holds_alternative<Halted>(cpu->run()));
}

TEST_F(VcpuExits, MmioReadsOfEachWidth) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(mmio_reads));
  for (const unsigned width : {1U, 2U, 4U, 8U}) {
    const VcpuExit exit = cpu->run();
    const auto* const access = std::get_if<Mmio>(&exit);
    ASSERT_NE(access, nullptr) << width;
    EXPECT_FALSE(access->is_write);
    ASSERT_EQ(access->data.size(), width);
    std::memcpy(access->data.data(), "\x21\x32\x43\x54\x65\x76\x07\x18", width);
  }
  ASSERT_TRUE(std::holds_alternative<Halted>(cpu->run()));
  EXPECT_EQ(result<std::uint64_t>(0), 0xffff'ffff'ffff'ff21U);
  EXPECT_EQ(result<std::uint64_t>(8), 0xffff'ffff'ffff'3221U);
  EXPECT_EQ(result<std::uint64_t>(16), 0x5443'3221U);
  EXPECT_EQ(result<std::uint64_t>(24), 0x1807'7665'5443'3221U);
}

TEST_F(VcpuExits, MmioAcrossAPageComesInPartsThatMakeTheWhole) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(mmio_across_pages));
  std::array<std::byte, 0x2000> device{};
  int parts = 0;
  for (;; ++parts) {
    const VcpuExit exit = cpu->run();
    const auto* const access = std::get_if<Mmio>(&exit);
    if (access == nullptr) {
      ASSERT_TRUE(std::holds_alternative<Halted>(exit));
      break;
    }
    ASSERT_GE(access->address, kMmio);
    ASSERT_LE(access->address - kMmio + access->data.size(), device.size());
    std::byte* const place = device.data() + (access->address - kMmio);
    if (access->is_write) {
      std::memcpy(place, access->data.data(), access->data.size());
    } else {
      std::memcpy(access->data.data(), place, access->data.size());
    }
  }
  EXPECT_EQ(parts, 4);
  EXPECT_EQ(result<std::uint64_t>(0), 0x8877'6655'4433'2211U);
}

TEST_F(VcpuExits, ImmediateExitReturnsBeforeTheFirstInstruction) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(one_read));
  cpu->set_immediate_exit(true);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(std::holds_alternative<Interrupted>(cpu->run()));
    EXPECT_EQ(get_vcpu_state(*cpu)->rip, kCode);
  }
  cpu->set_immediate_exit(false);
  EXPECT_TRUE(std::holds_alternative<PortIo>(cpu->run()));
}

TEST_F(VcpuExits, ImmediateExitCompletesTheAccessBefore) {
  const auto cpu = vcpu(SKIFF_GUEST_BYTES(one_read));
  const VcpuExit exit = cpu->run();
  ASSERT_TRUE(std::holds_alternative<PortIo>(exit));
  std::get<PortIo>(exit).data[0] = std::byte{0x5a};
  cpu->set_immediate_exit(true);
  EXPECT_TRUE(std::holds_alternative<Interrupted>(cpu->run()));
  const auto state = get_vcpu_state(*cpu);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->rax & 0xff, 0x5aU);
  EXPECT_EQ(state->rip, kCode + 2);
}

}  // namespace
}  // namespace skiff
