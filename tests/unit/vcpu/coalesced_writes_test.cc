// Writes that KVM has collected, from a ring that the test fills as KVM would.
#include "vmm/machine/coalesced_writes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/fakes/fake_io_device.h"

namespace skiff {
namespace {

using Seen = FakeIoDevice::Seen;
using testing::ElementsAre;
using testing::IsEmpty;

// The page as api.rst 4.116 and <linux/kvm.h> lay it out.
struct RingEntry {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint32_t is_port = 0;
  std::uint8_t data[8] = {};
};
struct RingPage {
  static constexpr std::uint32_t kEntries = (4096 - 8) / sizeof(RingEntry);
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  RingEntry entries[kEntries] = {};
  std::uint8_t rest[4096 - 8 - kEntries * sizeof(RingEntry)] = {};
};
static_assert(sizeof(RingPage) == 4096);

class CoalescedWritesTest : public testing::Test {
 protected:
  CoalescedWritesTest() {
    EXPECT_TRUE(ports.add({0x80, 1}, device, 0x100));
    EXPECT_TRUE(mmio.add({0xd000'0000, 0x40}, device));
  }
  // As KVM does: nothing where it is full.
  bool put(std::uint64_t address, std::uint32_t length, std::uint64_t value, bool is_port = false) {
    const std::uint32_t next = (page.last + 1) % RingPage::kEntries;
    if (next == page.first) return false;
    RingEntry& entry = page.entries[page.last];
    entry = {.address = address, .length = length, .is_port = is_port ? 1U : 0U};
    std::memcpy(entry.data, &value, sizeof value);
    page.last = next;
    return true;
  }

  RingPage page;
  FakeIoDevice device{"device"};
  IoBus ports{"port", {0, 0x1'0000}};
  IoBus mmio{"MMIO", {0, 1ULL << 52}};
  CoalescedWrites writes{std::as_writable_bytes(std::span(&page, 1)), ports, mmio};
};

TEST_F(CoalescedWritesTest, AllAreGivenInTheirOrder) {
  put(0xd000'0008, 4, 0x1122'3344'5566'7788);
  put(0x80, 1, 0xffff'ffab, true);
  put(0xd000'0000, 8, 7);
  writes.take();
  // KVM need not clear what lies beyond the width.
  EXPECT_THAT(device.seen, ElementsAre(Seen{true, 8, 4, 0x5566'7788}, Seen{true, 0x100, 1, 0xab},
                                       Seen{true, 0, 8, 7}));
  EXPECT_EQ(page.first, page.last);
  writes.take();
  EXPECT_EQ(device.seen.size(), 3U);
}

// Whoever finds the ring empty relies on all having been done.
TEST_F(CoalescedWritesTest, AWriteStaysInTheRingUntilItsDeviceHasIt) {
  class Looking final : public IoDevice {
   public:
    explicit Looking(const RingPage& ring) : ring_(ring) {}
    std::string_view name() const override { return "looking"; }
    IoStatus read(IoAccess, std::uint64_t&) override { return IoStatus::ok; }
    IoStatus write(IoAccess, std::uint64_t) override {
      was_in_ring = ring_.first != ring_.last;
      return IoStatus::ok;
    }
    bool was_in_ring = false;

   private:
    const RingPage& ring_;
  } looking(page);
  ASSERT_TRUE(mmio.add({0xe000'0000, 4}, looking));
  put(0xe000'0000, 4, 1);
  writes.take();
  EXPECT_TRUE(looking.was_in_ring);
}

TEST_F(CoalescedWritesTest, TheRingGoesRound) {
  std::uint64_t value = 0;
  for (int round = 0; round < 5; ++round) {
    std::uint64_t put_now = 0;
    while (put(0xd000'0000, 8, value + put_now))
      ++put_now;
    EXPECT_EQ(put_now, RingPage::kEntries - 1);
    writes.take();
    ASSERT_EQ(device.seen.size(), put_now);
    for (const Seen& seen : device.seen)
      ASSERT_EQ(seen.value, value++);
    device.seen.clear();
  }
}

TEST_F(CoalescedWritesTest, TheyAreCountedByRegister) {
  put(0xd000'0008, 4, 1);
  put(0xd000'0008, 4, 1);
  put(0xd000'0000, 4, 1);
  // Nobody lives there; and what is counted is taken before.
  put(0xc000'0000, 4, 1);
  const auto counts = writes.counts();
  ASSERT_EQ(counts.size(), 3U);
  EXPECT_EQ(counts[0].device, &device);
  EXPECT_EQ(counts[0].offset, 8U);
  EXPECT_EQ(counts[0].count, 2U);
  EXPECT_EQ(counts[1].count, 1U);
  EXPECT_EQ(counts[2].device, nullptr);
  EXPECT_EQ(counts[2].offset, 0xc000'0000U);
}

TEST_F(CoalescedWritesTest, ThereAreNoMoreRowsThanEight) {
  for (std::uint64_t offset = 0; offset < 32; ++offset)
    put(0xd000'0000 + offset, 1, 1);
  const auto counts = writes.counts();
  ASSERT_EQ(counts.size(), 8U);
  EXPECT_EQ(counts[6].count, 1U);
  EXPECT_EQ(counts[7].device, nullptr);
  EXPECT_EQ(counts[7].count, 25U);
}

TEST_F(CoalescedWritesTest, AnOddWidthIsGivenByteByByte) {
  put(0xd000'0001, 3, 0x0030'2010);
  writes.take();
  EXPECT_THAT(device.seen,
              ElementsAre(Seen{true, 1, 1, 0x10}, Seen{true, 2, 1, 0x20}, Seen{true, 3, 1, 0x30}));
}

// What cannot be ends it: nothing is read beyond the page, and nobody spins.
TEST_F(CoalescedWritesTest, ABrokenRingIsLeftAlone) {
  struct Broken {
    const char* what;
    std::uint32_t first, last, length;
  };
  constexpr Broken kAll[] = {
      {"first beyond the ring", RingPage::kEntries, 0, 4},
      {"first far beyond", ~0U, 0, 4},
      {"last beyond the ring", 0, RingPage::kEntries, 4},
      {"last far beyond", 0, ~0U, 4},
      {"both beyond", ~0U, ~0U - 1, 4},
      {"no bytes", 0, 1, 0},
      {"nine bytes", 0, 1, 9},
      {"4 GiB", 0, 1, ~0U},
  };
  for (const Broken& broken : kAll) {
    CoalescedWrites fresh(std::as_writable_bytes(std::span(&page, 1)), ports, mmio);
    page = {};
    page.entries[0] = {.address = 0xd000'0000, .length = broken.length};
    page.first = broken.first;
    page.last = broken.last;
    fresh.take();
    EXPECT_THAT(device.seen, IsEmpty()) << broken.what;
    EXPECT_EQ(page.first, broken.first) << broken.what;
    // And for good: KVM and we no longer agree.
    page = {};
    put(0xd000'0000, 4, 1);
    fresh.take();
    EXPECT_THAT(device.seen, IsEmpty()) << broken.what;
    EXPECT_THAT(fresh.counts(), IsEmpty()) << broken.what;
  }
}

}  // namespace
}  // namespace skiff
