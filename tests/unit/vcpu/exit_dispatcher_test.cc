#include "vmm/machine/exit_dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "tests/fakes/fake_io_device.h"
#include "vmm/base/bits.h"

namespace skiff {
namespace {

using Seen = FakeIoDevice::Seen;
using testing::ElementsAre;

class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() {
    EXPECT_TRUE(ports_.add({0x100, 8}, device_));
    EXPECT_TRUE(mmio_.add({0xd000'0000, 0x1000}, device_, 0x40));
  }
  Verdict port(bool is_write, std::uint16_t address, std::uint8_t width, std::uint32_t count = 1) {
    exit_ = PortIo{address, width, is_write, count,
                   std::span(data_).first(static_cast<std::size_t>(width) * count)};
    return again();
  }
  Verdict mmio(bool is_write, std::uint64_t address, std::size_t size) {
    exit_ = Mmio{address, is_write, std::span(data_).first(size)};
    return again();
  }
  Verdict again() { return dispatcher_.dispatch(exit_, key_); }
  std::uint64_t data() const {
    std::uint64_t value = 0;
    std::memcpy(&value, data_.data(), sizeof value);
    return value;
  }
  void set_data(std::uint64_t value) { std::memcpy(data_.data(), &value, sizeof value); }

  FakeIoDevice device_{"fake"};
  IoBus ports_{"port", {0, 0x1'0000}};
  IoBus mmio_{"MMIO", {0, 1ULL << 52}};
  ExitLedger ledger_;
  ExitDispatcher dispatcher_{ports_, mmio_, ledger_};
  ExitKey key_;
  VcpuExit exit_;
  std::array<std::byte, 64> data_{};
};

class DispatcherWidths : public DispatcherTest, public testing::WithParamInterface<std::uint8_t> {};
INSTANTIATE_TEST_SUITE_P(Port, DispatcherWidths, testing::Values(1, 2, 4));

TEST_F(DispatcherTest, ATableOfTheDeviceIsOneToTheLedger) {
  device_.table = 2;
  set_data(1);
  port(true, 0x103, 1);
  EXPECT_EQ(key_, (ExitKey{ExitReason::port_io, true, &device_, 2}));
  EXPECT_EQ(device_.seen.at(0).offset, 3U);
  port(true, 0x101, 1);
  EXPECT_EQ(key_, (ExitKey{ExitReason::port_io, true, &device_, 1}));
}

TEST_P(DispatcherWidths, PortWrite) {
  set_data(0x8877'6655'4433'2211);
  EXPECT_EQ(port(true, 0x104, GetParam()), Verdict::enter);
  const std::uint64_t value = 0x4433'2211 & all_ones(GetParam());
  EXPECT_THAT(device_.seen, ElementsAre(Seen{true, 4, GetParam(), value}));
  EXPECT_EQ(key_, (ExitKey{ExitReason::port_io, true, &device_, 4}));
  ASSERT_EQ(ledger_.recent().size(), 1U);
  EXPECT_EQ(ledger_.recent()[0].key, key_);
  EXPECT_EQ(ledger_.recent()[0].value, value);
  EXPECT_EQ(ledger_.recent()[0].width, GetParam());
}

TEST_P(DispatcherWidths, PortReadFillsItsWidthAndNoMore) {
  device_.next_value = 0x8877'6655'4433'2211;
  EXPECT_EQ(port(false, 0x104, GetParam()), Verdict::enter);
  EXPECT_EQ(data(), 0x4433'2211 & all_ones(GetParam()));
  EXPECT_EQ(key_, (ExitKey{ExitReason::port_io, false, &device_, 4}));
}

TEST_P(DispatcherWidths, PortOfNobody) {
  EXPECT_EQ(port(false, 0x200, GetParam()), Verdict::enter);
  EXPECT_EQ(data(), all_ones(GetParam()));
  EXPECT_EQ(key_, (ExitKey{ExitReason::port_io, false, nullptr, 0x200}));
  EXPECT_EQ(port(true, 0xffff, GetParam()), Verdict::enter);
  EXPECT_EQ(key_, (ExitKey{ExitReason::port_io, true, nullptr, 0xffff}));
}

TEST_P(DispatcherWidths, PortStringsOfManyElements) {
  device_.next_value = 0x21;
  device_.step = 1;
  EXPECT_EQ(port(false, 0x100, GetParam(), 7), Verdict::enter);
  for (std::size_t i = 0; i < 7; ++i)
    EXPECT_EQ(data_[i * GetParam()], static_cast<std::byte>(0x21 + i));
  EXPECT_EQ(ledger_.recent().back().count, 7U);
  EXPECT_EQ(ledger_.recent().back().value, 0x27U);
  device_.seen.clear();
  EXPECT_EQ(port(true, 0x100, GetParam(), 7), Verdict::enter);
  ASSERT_EQ(device_.seen.size(), 7U);
  EXPECT_EQ(device_.seen[6], (Seen{true, 0, GetParam(), 0x27}));
}

TEST_P(DispatcherWidths, BusyStringGoesOnWhereItStopped) {
  for (const bool is_write : {false, true}) {
    device_.seen.clear();
    device_.ok_before_busy = 3;
    EXPECT_EQ(port(is_write, 0x100, GetParam(), 6), Verdict::retry);
    EXPECT_EQ(key_, (ExitKey{ExitReason::port_io, is_write, &device_, 0}));
    EXPECT_EQ(device_.seen.size(), 3U);
    const auto remembered = ledger_.recent().size();
    EXPECT_EQ(again(), Verdict::enter);
    EXPECT_EQ(device_.seen.size(), 6U) << "elements lost or done twice";
    EXPECT_EQ(ledger_.recent().size(), remembered + 1);
    // The next exit starts from its own beginning.
    EXPECT_EQ(port(is_write, 0x100, GetParam(), 2), Verdict::enter);
    EXPECT_EQ(device_.seen.size(), 8U);
  }
}

TEST_F(DispatcherTest, BusyAccessChangesNothingUntilItIsTaken) {
  set_data(0xa5a5'a5a5);
  device_.next_value = 7;
  device_.ok_before_busy = 0;
  EXPECT_EQ(port(false, 0x100, 4), Verdict::retry);
  EXPECT_EQ(data(), 0xa5a5'a5a5U);
  EXPECT_TRUE(ledger_.recent().empty());
  EXPECT_EQ(again(), Verdict::enter);
  EXPECT_EQ(data(), 7U);
}

TEST_F(DispatcherTest, MmioOfPowersOfTwoIsOneAccess) {
  for (const std::uint8_t width : std::array<std::uint8_t, 4>{1, 2, 4, 8}) {
    device_.seen.clear();
    set_data(0x8877'6655'4433'2211);
    const std::uint64_t value = 0x8877'6655'4433'2211 & all_ones(width);
    EXPECT_EQ(mmio(true, 0xd000'0010, width), Verdict::enter);
    EXPECT_THAT(device_.seen, ElementsAre(Seen{true, 0x50, width, value}));
    EXPECT_EQ(key_, (ExitKey{ExitReason::mmio, true, &device_, 0x50}));
    set_data(0);
    device_.next_value = 0x8877'6655'4433'2211;
    EXPECT_EQ(mmio(false, 0xd000'0010, width), Verdict::enter);
    EXPECT_EQ(data(), value);
    EXPECT_EQ(ledger_.recent().back().width, width);
  }
}

TEST_F(DispatcherTest, MmioOfOddLengthsIsTakenByteByByte) {
  for (const std::size_t size : {3U, 5U, 6U, 7U}) {
    device_.seen.clear();
    set_data(0x8877'6655'4433'2211);
    EXPECT_EQ(mmio(true, 0xd000'0000, size), Verdict::enter);
    ASSERT_EQ(device_.seen.size(), size);
    for (std::size_t i = 0; i < size; ++i)
      EXPECT_EQ(device_.seen[i], (Seen{true, 0x40 + i, 1, 0x11 * (i + 1)}));
    set_data(0);
    device_.next_value = 1;
    device_.step = 1;
    EXPECT_EQ(mmio(false, 0xd000'0000, size), Verdict::enter);
    EXPECT_EQ(data(), 0x0807'0605'0403'0201U & all_ones(static_cast<unsigned>(size)));
    device_.step = 0;
  }
}

TEST_F(DispatcherTest, BusyInTheMiddleOfASplitMmioGoesOnThere) {
  device_.next_value = 1;
  device_.step = 1;
  device_.ok_before_busy = 2;
  EXPECT_EQ(mmio(false, 0xd000'0000, 7), Verdict::retry);
  EXPECT_EQ(data(), 0x0201U);
  EXPECT_EQ(again(), Verdict::enter);
  EXPECT_EQ(data(), 0x07'0605'0403'0201U);
  EXPECT_EQ(device_.seen.size(), 7U);
  device_.seen.clear();
  EXPECT_EQ(mmio(true, 0xd000'0000, 3), Verdict::enter);
  EXPECT_EQ(device_.seen.size(), 3U);
}

TEST_F(DispatcherTest, MmioOfNobodyAndAcrossAnEnd) {
  EXPECT_EQ(mmio(false, 0xc000'0000, 8), Verdict::enter);
  EXPECT_EQ(data(), ~0ULL);
  EXPECT_EQ(key_, (ExitKey{ExitReason::mmio, false, nullptr, 0xc000'0000}));
  set_data(0);
  EXPECT_EQ(mmio(false, 0xd000'0ffe, 4), Verdict::enter);
  EXPECT_EQ(data(), 0xffff'ffffU);
  EXPECT_EQ(key_.device, &device_);
  EXPECT_TRUE(device_.seen.empty());
  // A part inside, a part behind: three bytes are three accesses.
  EXPECT_EQ(mmio(false, 0xd000'0fff, 3), Verdict::enter);
  EXPECT_EQ(device_.seen.size(), 1U);
  EXPECT_EQ(mmio(true, ~0ULL, 1), Verdict::enter);
}

TEST_F(DispatcherTest, EmptyMmioIsHarmless) {
  EXPECT_EQ(mmio(true, 0xd000'0000, 0), Verdict::enter);
  EXPECT_TRUE(device_.seen.empty());
}

TEST_F(DispatcherTest, VerdictAndReasonOfTheOthers) {
  struct Case {
    VcpuExit exit;
    Verdict verdict;
    ExitReason reason;
  };
  for (Case& one : std::array{
           Case{Interrupted{}, Verdict::enter, ExitReason::interrupted},
           Case{IoapicEoi{3}, Verdict::enter, ExitReason::ioapic_eoi},
           Case{Halted{}, Verdict::enter, ExitReason::halted},
           Case{InterruptWindow{}, Verdict::enter, ExitReason::interrupt_window},
           Case{SystemEvent{}, Verdict::end, ExitReason::system_event},
           Case{Fatal{}, Verdict::end, ExitReason::fatal},
       }) {
    key_ = {ExitReason::mmio, true, &device_, 99};
    EXPECT_EQ(dispatcher_.dispatch(one.exit, key_), one.verdict);
    EXPECT_EQ(key_, ExitKey{.reason = one.reason});
    EXPECT_NE(to_string(key_.reason), "unknown");
  }
}

TEST_F(DispatcherTest, AnEndOfInterruptGoesToWhoeverWantsToKnow) {
  struct Ended final : EndOfInterruptSink {
    void end_of_interrupt(std::uint8_t vector) noexcept override { last = vector; }
    int last = -1;
  } ended;
  ExitDispatcher dispatcher(ports_, mmio_, ledger_, &ended);
  exit_ = IoapicEoi{0xff};
  EXPECT_EQ(dispatcher.dispatch(exit_, key_), Verdict::enter);
  EXPECT_EQ(ended.last, 0xff);
  exit_ = Halted{};
  dispatcher.dispatch(exit_, key_);
  EXPECT_EQ(ended.last, 0xff);
}

}  // namespace
}  // namespace skiff
