// Pins and messages into a guest that sleeps in HLT. Its handlers tell the vector to port 0x80.
#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <thread>

#include "tests/kvm/x86_64/guest.h"
#include "vmm/kvm/kvm_irq.h"
#include "vmm/kvm/x86_64/vm_arch.h"

// 8259s masked (KVM starts with LINT0 open to them); local APIC on; IOAPIC pin 5 edge-triggered
// with vector 0x35; sleep. Then the handlers, each 32 bytes behind the one before.
SKIFF_GUEST_CODE(sleeper, R"(
    mov $0xff, %al
    out %al, $0x21
    out %al, $0xa1
    mov $0xfee00000, %edi
    movl $0x1ff, 0xf0(%rdi)
    mov $0xfec00000, %esi
    movl $0x1b, (%rsi)
    movl $0, 0x10(%rsi)
    movl $0x1a, (%rsi)
    movl $0x35, 0x10(%rsi)
    mov $0xff, %al
    out %al, $0x80
    sti
1:  hlt
    jmp 1b
    .balign 128
    mov $0x35, %al
    out %al, $0x80
    movl $0, 0xb0(%rdi)
    iretq
    .balign 32
    mov $0x41, %al
    out %al, $0x80
    movl $0, 0xb0(%rdi)
    iretq
    .balign 32
    mov $0x42, %al
    out %al, $0x80
    movl $0, 0xb0(%rdi)
    iretq
)");

namespace skiff {
namespace {

constexpr std::uint64_t kApic = 0xfee0'0000;

class InterruptsTest : public GuestTest {
 protected:
  InterruptsTest() : GuestTest(Irqchip::yes) {}
  void SetUp() override {
    GuestTest::SetUp();
    if (IsSkipped()) return;
    std::uint64_t handler = kCode + 128;
    for (const std::uint8_t vector : std::array<std::uint8_t, 3>{0x35, 0x41, 0x42}) {
      set_gate(vector, handler);
      handler += 32;
    }
    cpu_ = vcpu(SKIFF_GUEST_BYTES(sleeper));
    ASSERT_EQ(next_byte(), 0xff) << "the guest is not ready";
  }
  // Runs the guest to its next write to port 0x80; -1 for any other exit.
  int next_byte() {
    const VcpuExit exit = cpu_->run();
    const auto* const io = std::get_if<PortIo>(&exit);
    return io != nullptr && io->port == 0x80 ? static_cast<int>(io->data[0]) : -1;
  }

  std::unique_ptr<KvmVcpu> cpu_;
};

TEST_F(InterruptsTest, PinWakesASleepingGuestOncePerEdge) {
  KvmIrqPin pin(*vm_, 5);
  for (int i = 0; i < 3; ++i) {
    pin.set_level(true);
    EXPECT_EQ(next_byte(), 0x35);
    pin.set_level(false);
  }
}

TEST_F(InterruptsTest, LineThatGoesAwayLeavesThePinLow) {
  KvmIrqPin pin(*vm_, 5);
  {
    IrqLine line(&pin);
    line.raise();
    EXPECT_EQ(next_byte(), 0x35);
  }
  IrqLine again(&pin);
  again.raise();
  EXPECT_EQ(next_byte(), 0x35) << "no new edge: the pin was still high";
}

TEST_F(InterruptsTest, MessageVectorThroughItsRoute) {
  KvmMsiRoutes routes(*vm_, kIoapicPins, max_irq_routes(*system_));
  const auto vector = routes.create_vector();
  ASSERT_TRUE(vector->set_message({kApic, 0x41, 0}));
  vector->trigger();
  EXPECT_EQ(next_byte(), 0x41);
  const std::uint64_t one = 1;
  ASSERT_EQ(::write(vector->trigger_fd(), &one, sizeof one), 8);
  EXPECT_EQ(next_byte(), 0x41) << "a kernel back-end writes the eventfd";
  ASSERT_TRUE(vector->set_message({kApic, 0x42, 0}));
  vector->trigger();
  EXPECT_EQ(next_byte(), 0x42);
  // The chip's own pins have survived the new routing table.
  KvmIrqPin pin(*vm_, 5);
  pin.set_level(true);
  EXPECT_EQ(next_byte(), 0x35);
}

TEST_F(InterruptsTest, MessageWithoutAVector) {
  KvmMsiRoutes routes(*vm_, kIoapicPins, max_irq_routes(*system_));
  routes.send({kApic, 0x42, 0});
  EXPECT_EQ(next_byte(), 0x42);
  routes.send({kApic + (0x77ULL << 12), 0x42, 0});  // to a processor that is not there
  routes.send({0, 0, 0});
  routes.send({kApic, 0x41, 0});
  EXPECT_EQ(next_byte(), 0x41);
}

TEST_F(InterruptsTest, TriggerBeforeTheFirstMessageDeliversNothing) {
  KvmMsiRoutes routes(*vm_, kIoapicPins, max_irq_routes(*system_));
  const auto vector = routes.create_vector();
  vector->trigger();
  ASSERT_TRUE(vector->set_message({kApic, 0x41, 0}));
  // The kernel would deliver it from a work queue, a moment later, and before a lower vector.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  routes.send({kApic, 0x35, 0});
  EXPECT_EQ(next_byte(), 0x35) << "the interrupt of before there was a message came late";
}

TEST_F(InterruptsTest, MessageOfZeroTakesNoRoute) {
  KvmMsiRoutes routes(*vm_, kIoapicPins, kIoapicPins + 1);
  const auto zero = routes.create_vector();
  EXPECT_TRUE(zero->set_message({0, 0, 0}));
  const auto real = routes.create_vector();
  EXPECT_TRUE(real->set_message({kApic, 0x41, 0}));
  EXPECT_FALSE(zero->set_message({kApic, 0x42, 0}));
}

TEST_F(InterruptsTest, RoutesRunOutInWordsAndComeBack) {
  KvmMsiRoutes routes(*vm_, kIoapicPins, kIoapicPins + 2);
  auto first = routes.create_vector();
  const auto second = routes.create_vector();
  const auto third = routes.create_vector();
  ASSERT_TRUE(first->set_message({kApic, 0x41, 0}));
  ASSERT_TRUE(second->set_message({kApic, 0x41, 0}));
  const auto refused = third->set_message({kApic, 0x42, 0});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), testing::HasSubstr("interrupt routes of this VM are in use"));
  third->trigger();
  first.reset();
  ASSERT_TRUE(third->set_message({kApic, 0x42, 0}));
  third->trigger();
  EXPECT_EQ(next_byte(), 0x42);
}

}  // namespace
}  // namespace skiff
