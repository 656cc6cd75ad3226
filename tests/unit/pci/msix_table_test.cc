#include "devices/pci/msix_table.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "devices/pci/pci_regs.h"
#include "tests/fakes/fake_msi_sink.h"

namespace skiff {
namespace {

constexpr std::uint64_t kAddress = 0xfee0'1000;

class Msix : public testing::Test {
 protected:
  void write(std::uint64_t offset, std::uint64_t value, std::uint8_t width = 4) {
    EXPECT_EQ(table.write({offset, width}, value), IoStatus::ok);
  }
  std::uint64_t read(std::uint64_t offset, std::uint8_t width = 4) {
    std::uint64_t value = 0;
    EXPECT_EQ(table.read({offset, width}, value), IoStatus::ok);
    return value;
  }
  void program(unsigned vector, std::uint32_t data, bool masked = false) {
    write(vector * 16, kAddress);
    write(vector * 16 + 4, 0);
    write(vector * 16 + 8, data);
    write(vector * 16 + 12, masked ? 1 : 0);
  }
  std::uint64_t pending() { return read(table.pba_offset()); }

  FakeMsiSink sink;
  MsixTable table{"test-msix", 4, sink};
};

TEST_F(Msix, StartsMaskedAndDisabled) {
  for (unsigned i = 0; i < 4; ++i)
    EXPECT_EQ(read(i * 16 + 12), 1U);
  EXPECT_FALSE(table.trigger(0));
  EXPECT_EQ(pending(), 0U) << "a disabled table latches nothing";
  EXPECT_EQ(sink.count(), 0U);
}

TEST_F(Msix, DeliversTheProgrammedMessage) {
  table.set_requester_id(0x18);
  table.set_control(pci::kMsixEnable);
  program(2, 0x41);
  EXPECT_TRUE(table.trigger(2));
  ASSERT_EQ(sink.sent().size(), 1U);
  EXPECT_EQ(sink.sent()[0], (MsiMessage{kAddress, 0x41, 0x18}));
}

TEST_F(Msix, MaskedVectorPendsAndDeliversOnceOnUnmask) {
  table.set_control(pci::kMsixEnable);
  program(1, 0x22, /*masked=*/true);
  EXPECT_TRUE(table.trigger(1));
  EXPECT_TRUE(table.trigger(1));
  EXPECT_EQ(pending(), 2U);
  EXPECT_EQ(sink.count(), 0U);
  write(16 + 12, 0);
  EXPECT_EQ(sink.count(), 1U);
  EXPECT_EQ(pending(), 0U);
  write(16 + 12, 1);
  write(16 + 12, 0);
  EXPECT_EQ(sink.count(), 1U);
}

TEST_F(Msix, FunctionMaskHoldsAllVectors) {
  table.set_control(pci::kMsixEnable | pci::kMsixFunctionMask);
  for (unsigned i = 0; i < 4; ++i)
    program(i, 0x30 + i);
  EXPECT_TRUE(table.trigger(0));
  EXPECT_TRUE(table.trigger(3));
  EXPECT_EQ(pending(), 9U);
  EXPECT_EQ(sink.count(), 0U);
  EXPECT_EQ(sink.routes_set(), 0U) << "a masked vector takes no route";
  table.set_control(pci::kMsixEnable);
  EXPECT_EQ(sink.count(), 2U);
  EXPECT_EQ(pending(), 0U);
}

TEST_F(Msix, RouteIsTakenOnceForAnEntryProgrammedUnderItsMask) {
  table.set_control(pci::kMsixEnable);
  program(0, 0x50);
  EXPECT_EQ(sink.routes_set(), 1U);
  write(12, 1);
  write(12, 0);
  EXPECT_EQ(sink.routes_set(), 1U) << "same message, same route";
  write(8, 0x51);  // changed while live
  EXPECT_EQ(sink.routes_set(), 2U);
  table.trigger(0);
  EXPECT_EQ(sink.sent()[0].data, 0x51U);
}

TEST_F(Msix, DisablingDropsPendingBits) {
  table.set_control(pci::kMsixEnable);
  program(0, 0x22, true);
  table.trigger(0);
  table.set_control(0);
  EXPECT_EQ(pending(), 0U);
  EXPECT_FALSE(table.trigger(0));
  table.set_control(pci::kMsixEnable);
  write(12, 0);
  EXPECT_EQ(sink.count(), 0U);
}

TEST_F(Msix, ResetMasksAndForgets) {
  table.set_control(pci::kMsixEnable);
  program(0, 0x22);
  table.reset();
  EXPECT_FALSE(table.enabled());
  EXPECT_EQ(read(0), 0U);
  EXPECT_EQ(read(8), 0U);
  EXPECT_EQ(read(12), 1U);
  EXPECT_FALSE(table.trigger(0));
}

TEST_F(Msix, QuadwordAccessesCoverTwoRegisters) {
  table.set_control(pci::kMsixEnable);
  write(0, 0x12'fee0'2003, 8);
  write(8, 0x1'0000'0077, 8);
  EXPECT_EQ(read(0, 8), 0x12'fee0'2000U) << "the low two address bits are zero";
  EXPECT_EQ(read(8, 8), 0x1'0000'0077U);
  EXPECT_TRUE(table.trigger(0));
  EXPECT_EQ(pending(), 1U);
}

TEST_F(Msix, OnlyTheMaskBitOfVectorControlIsWritable) {
  write(12, 0xffff'fffe);
  EXPECT_EQ(read(12), 0U);
}

TEST_F(Msix, PendingBitsAreReadOnly) {
  write(table.pba_offset(), ~0ULL, 8);
  EXPECT_EQ(read(table.pba_offset(), 8), 0U);
}

TEST_F(Msix, RefusedRouteDeliversNothingAndIsCounted) {
  table.set_control(pci::kMsixEnable);
  sink.refuse_routes(true);
  program(0, 0x22);
  EXPECT_TRUE(table.trigger(0));
  EXPECT_EQ(sink.count(), 0U);
  EXPECT_EQ(table.faults(), 1U);
  sink.refuse_routes(false);
  write(12, 0);  // tried again
  EXPECT_EQ(sink.count(), 1U);
}

TEST_F(Msix, VectorNumbersOutOfRangeAreRefused) {
  table.set_control(pci::kMsixEnable);
  EXPECT_FALSE(table.trigger(4));
  EXPECT_FALSE(table.trigger(0xffff));
}

TEST(MsixLayout, TableAndPendingBitsNeverOverlap) {
  FakeMsiSink sink;
  for (const unsigned vectors : {1U, 2U, 3U, 63U, 64U, 65U, 128U, 129U, 2047U, 2048U}) {
    const MsixTable table("t", vectors, sink);
    EXPECT_GE(table.pba_offset(), vectors * 16) << vectors;
    EXPECT_LE(table.pba_offset() + (vectors + 63) / 64 * 8, table.size()) << vectors;
    EXPECT_TRUE(std::has_single_bit(table.size()));
    EXPECT_GE(table.size(), 4096U);
  }
}

constexpr std::array<std::uint8_t, 4> kWidths{1, 2, 4, 8};

// Each offset x width: an answer, and only aligned dwords and quadwords inside get `ok`.
TEST(MsixLayout, EveryOffsetAndWidthIsAnswered) {
  FakeMsiSink sink;
  MsixTable table("t", 3, sink);
  table.set_control(pci::kMsixEnable);
  for (const std::uint8_t width : kWidths) {
    for (std::uint64_t offset = 0; offset < table.size() + 64; ++offset) {
      std::uint64_t value = 0;
      const bool inside =
          offset < 48 || (offset >= table.pba_offset() && offset < table.pba_offset() + 8);
      const bool ok = inside && width >= 4 && offset % width == 0;
      ASSERT_EQ(table.read({offset, width}, value) == IoStatus::ok, ok) << offset;
      ASSERT_EQ(table.write({offset, width}, ~0ULL) == IoStatus::ok, ok) << offset;
    }
  }
  std::uint64_t value = 0;
  EXPECT_NE(table.read({~0ULL - 7, 8}, value), IoStatus::ok);
}

// A device triggers while the guest unmasks: nothing may get lost, or come twice. Both threads wait
// for the round to begin and then for a varying moment, so that each step meets each other step.
TEST(MsixRace, NoInterruptIsLostBetweenUnmaskingAndTriggering) {
  FakeMsiSink sink;
  MsixTable table("t", 1, sink);
  table.set_control(pci::kMsixEnable);
  // By the clock: on a busy machine a round can cost a time slice.
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  const auto pause = [](unsigned spins) {
    for (std::atomic<unsigned> i{0}; i < spins;) {
      ++i;
    }
  };
  constexpr unsigned kStop = ~0U;
  std::atomic<unsigned> round{0};
  std::atomic<unsigned> done{0};
  std::jthread device([&] {
    for (unsigned i = 1;; ++i) {
      while (round.load() < i) {
        std::this_thread::yield();
      }
      if (round.load() == kStop) return;
      pause(i % 61);
      table.trigger(0);
      done.store(i);
    }
  });
  for (unsigned i = 1; std::chrono::steady_clock::now() < end; ++i) {
    sink.clear();
    EXPECT_EQ(table.write({12, 4}, 1), IoStatus::ok);
    round.store(i);
    pause(i % 67);
    EXPECT_EQ(table.write({12, 4}, 0), IoStatus::ok);
    while (done.load() != i) {
      std::this_thread::yield();
    }
    EXPECT_EQ(sink.count(), 1U) << "round " << i;
  }
  round.store(kStop);
}

}  // namespace
}  // namespace skiff
