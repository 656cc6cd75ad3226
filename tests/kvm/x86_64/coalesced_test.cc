// Writes that KVM collects, by real guest instructions: none is lost, and none is late.
#include <gmock/gmock.h>

#include "tests/kvm/x86_64/vcpu_loops.h"
#include "vmm/machine/coalesced_writes.h"

// More writes than the ring has room for, each a number more; then a register that is not
// collected, by which the device must have all of them; then one more.
SKIFF_GUEST_CODE(many_writes, R"(
    mov $0x10000000, %edi
    xor %eax, %eax
1:  inc %eax
    mov %eax, (%rdi)
    cmp $1000, %eax
    jne 1b
    mov %eax, 0x100(%rdi)
    mov $7777, %eax
    mov %eax, (%rdi)
    mov (%rdi), %eax
    mov %eax, (%rbx)
    hlt
)");
SKIFF_GUEST_CODE(port_and_memory, R"(
    mov $0x10000000, %edi
    mov $5, %al
    out %al, $0x80
    movl $6, (%rdi)
    mov $7, %al
    out %al, $0x80
    hlt
)");

namespace skiff {
namespace {

using testing::ElementsAre;

// What came, in order: the address's last byte of a page and the value.
class OrderDevice final : public IoDevice {
 public:
  std::string_view name() const override { return "order"; }
  IoStatus read(IoAccess, std::uint64_t& value) override {
    value = seen.empty() ? 0 : seen.back().second;
    return IoStatus::ok;
  }
  IoStatus write(IoAccess access, std::uint64_t value) override {
    seen.emplace_back(access.offset, value);
    return IoStatus::ok;
  }
  std::vector<std::pair<std::uint64_t, std::uint64_t>> seen;
};

class Coalesced : public VcpuThreadTest {
 protected:
  void SetUp() override {
    VcpuThreadTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(mmio_.add({kMmio, 0x1000}, order_));
    ASSERT_TRUE(other_ports_.add({0x80, 1}, order_, 0x80));
    if (system_->coalesced_page() == 0) GTEST_SKIP() << "this KVM collects no writes";
  }
  void run(std::span<const std::byte> code) {
    auto cpu = vcpu(code);
    CoalescedWrites writes(cpu->coalesced_page(system_->coalesced_page()), other_ports_, mmio_);
    VcpuThread thread(
        std::move(cpu), other_ports_, mmio_, [](VcpuThread&, const VcpuExit&) {}, {}, &writes);
    thread.start();
    // Without an interrupt chip HLT comes back again and again.
    wait_until([&] {
      for (const ExitLedger::Row* row : thread.ledger().rows())
        if (row->key.reason == ExitReason::halted) return true;
      return false;
    });
    thread.request(Request::stop);
    thread.join();
    counts_ = writes.counts();
    for (const ExitLedger::Row* row : thread.ledger().rows())
      if (row->key.reason == ExitReason::mmio || row->key.reason == ExitReason::port_io)
        exits_ += row->count;
  }

  OrderDevice order_;
  IoBus other_ports_{"port", {0, 0x1'0000}};
  std::vector<CoalescedCount> counts_;
  std::uint64_t exits_ = 0;
};

TEST_F(Coalesced, NoWriteIsLostOrLate) {
  ASSERT_TRUE(vm_->collect_writes(IoSpace::mmio, {kMmio, 4}));
  run(SKIFF_GUEST_BYTES(many_writes));
  ASSERT_EQ(order_.seen.size(), 1002U);
  for (std::uint64_t i = 0; i < 1000; ++i)
    ASSERT_EQ(order_.seen[i], std::pair(std::uint64_t{0}, i + 1));
  EXPECT_EQ(order_.seen[1000], std::pair(std::uint64_t{0x100}, std::uint64_t{1000}));
  EXPECT_EQ(order_.seen[1001], std::pair(std::uint64_t{0}, std::uint64_t{7777}));
  EXPECT_EQ(result<std::uint32_t>(0), 7777U) << "a read comes after the writes before it";
  // Each write is either collected or, where the ring was full, an exit.
  ASSERT_EQ(counts_.size(), 1U);
  EXPECT_EQ(counts_[0].device, &order_);
  EXPECT_EQ(counts_[0].count + exits_, 1003U);
  EXPECT_LT(exits_, 20U);
}

TEST_F(Coalesced, WithoutAZoneEachIsAnExit) {
  run(SKIFF_GUEST_BYTES(many_writes));
  EXPECT_EQ(order_.seen.size(), 1002U);
  EXPECT_EQ(exits_, 1003U);
  EXPECT_TRUE(counts_.empty());
}

TEST_F(Coalesced, PortsAndMemoryShareOneOrder) {
  if (!system_->coalesces_ports()) GTEST_SKIP() << "this KVM collects no writes to ports";
  ASSERT_TRUE(vm_->collect_writes(IoSpace::mmio, {kMmio, 4}));
  ASSERT_TRUE(vm_->collect_writes(IoSpace::port, {0x80, 1}));
  run(SKIFF_GUEST_BYTES(port_and_memory));
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_THAT(order_.seen, ElementsAre(Pair(0x80, 5), Pair(0, 6), Pair(0x80, 7)));
  EXPECT_EQ(exits_, 0U);
}

}  // namespace
}  // namespace skiff
