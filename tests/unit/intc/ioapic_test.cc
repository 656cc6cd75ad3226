// The I/O APIC (82093AA data sheet): its registers, what becomes a message, remote IRR.
#include "devices/intc/ioapic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "devices/intc/ioapic_regs.h"
#include "tests/fakes/register_access.h"

namespace skiff {
namespace {

using namespace ioapic;
using testing::ElementsAre;
using testing::IsEmpty;

struct Expected {
  unsigned pin;
  MsiMessage message;
};

class IoapicTest : public testing::Test, protected IoapicOutput {
 protected:
  void send(const MsiMessage& message) noexcept override { sent_.push_back(message.data & 0xff); }
  void expect_eoi(unsigned pin, const MsiMessage& message) noexcept override {
    expected_.push_back({pin, message});
    sent_before_expected_ = sent_.size();
  }
  std::uint32_t get(unsigned index) {
    write_register(chip_, kIoRegSel, index, 4);
    return static_cast<std::uint32_t>(read_register(chip_, kIoWin, 4));
  }
  void set(unsigned index, std::uint32_t value) {
    write_register(chip_, kIoRegSel, index, 4);
    write_register(chip_, kIoWin, value, 4);
  }
  void route(unsigned pin, std::uint32_t low, std::uint32_t high = 0) {
    set(kRedirection + 2 * pin + 1, high);
    set(kRedirection + 2 * pin, low);
  }
  std::uint32_t low(unsigned pin) { return get(kRedirection + 2 * pin); }
  void raise(unsigned pin) { chip_.pin(pin).set_level(true); }
  void lower(unsigned pin) { chip_.pin(pin).set_level(false); }

  std::vector<std::uint32_t> sent_;
  std::vector<Expected> expected_;
  std::size_t sent_before_expected_ = 0;
  Ioapic chip_{"ioapic", *this};
};

TEST_F(IoapicTest, RegistersAfterReset) {
  EXPECT_EQ(get(kId), 0U);
  EXPECT_EQ(get(kVersion), 0x0017'0020U);
  EXPECT_EQ(get(kArbitration), 0U);
  for (unsigned pin = 0; pin < Ioapic::kPins; ++pin) {
    EXPECT_EQ(low(pin), 0x1'0000U) << "masked";
    EXPECT_EQ(get(kRedirection + 2 * pin + 1), 0U);
  }
}

TEST_F(IoapicTest, IdHasFourBitsAndTheVersionIsFixed) {
  set(kId, ~0U);
  EXPECT_EQ(get(kId), 0x0f00'0000U);
  EXPECT_EQ(get(kArbitration), 0x0f00'0000U);
  set(kVersion, ~0U);
  EXPECT_EQ(get(kVersion), 0x0017'0020U);
}

TEST_F(IoapicTest, ReservedBitsAndStatusAreNotWritten) {
  route(3, ~0U, ~0U);
  EXPECT_EQ(low(3), 0x0001'afffU) << "without delivery status, remote IRR, and bits above the mask";
  EXPECT_EQ(get(kRedirection + 7), 0xff00'0000U);
}

TEST_F(IoapicTest, ThereIsNothingBehindTheLastEntry) {
  for (const unsigned index : {3U, 0xfU, kRedirection + 2 * Ioapic::kPins, 0xffU}) {
    set(index, ~0U);
    EXPECT_EQ(get(index), 0U) << index;
  }
  EXPECT_EQ(chip_.state().entries, Ioapic::State{}.entries);
}

struct MessageCase {
  std::uint64_t entry;
  std::uint64_t address;
  std::uint32_t data;
};
TEST(IoapicMessage, IsTheEntryInTheFormOfAnMsi) {
  const MessageCase cases[] = {
      {0x0000'0000'0000'0031, 0xfee0'0000, 0x4031}, {0x0300'0000'0000'0031, 0xfee0'3000, 0x4031},
      {0xff00'0000'0000'0831, 0xfeef'f004, 0x4031},  // logical
      {0x0100'0000'0000'8131, 0xfee0'1000, 0xc131},  // level, lowest priority
      {0x0000'0000'0000'a431, 0xfee0'0000, 0xc431},  // NMI; polarity is no part of it
      {0x0000'0000'0001'f0ff, 0xfee0'0000, 0xc0ff},
  };
  for (const MessageCase& each : cases) {
    const MsiMessage message = ioapic_message(each.entry);
    EXPECT_EQ(message.address, each.address) << std::hex << each.entry;
    EXPECT_EQ(message.data, each.data) << std::hex << each.entry;
  }
}

TEST_F(IoapicTest, AnEdgeIsOneMessageAndNeedsNoEoi) {
  route(4, 0x34);
  raise(4);
  raise(4);
  EXPECT_THAT(sent_, ElementsAre(0x34));
  EXPECT_EQ(low(4), 0x34U);
  lower(4);
  raise(4);
  EXPECT_THAT(sent_, ElementsAre(0x34, 0x34));
  EXPECT_THAT(expected_, IsEmpty());
}

TEST_F(IoapicTest, AnEdgeWhileMaskedIsLost) {
  route(4, 0x1'0034);
  raise(4);
  route(4, 0x34);
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(IoapicTest, ALevelIsRepeatedAfterItsEoiWhileItIsUp) {
  route(10, 0x8041);
  raise(10);
  EXPECT_THAT(sent_, ElementsAre(0x41));
  EXPECT_EQ(low(10), 0xc041U) << "remote IRR";
  lower(10);
  raise(10);
  EXPECT_EQ(sent_.size(), 1U) << "in service";
  chip_.end_of_interrupt(0x42);
  EXPECT_EQ(sent_.size(), 1U) << "another vector's";
  chip_.end_of_interrupt(0x41);
  EXPECT_THAT(sent_, ElementsAre(0x41, 0x41));
  lower(10);
  chip_.end_of_interrupt(0x41);
  EXPECT_EQ(sent_.size(), 2U);
  EXPECT_EQ(low(10), 0x8041U);
}

TEST_F(IoapicTest, ALevelWaitsBehindItsMask) {
  route(10, 0x1'8041);
  raise(10);
  EXPECT_THAT(sent_, IsEmpty());
  route(10, 0x8041);
  EXPECT_THAT(sent_, ElementsAre(0x41));
}

TEST_F(IoapicTest, AMaskedLevelsEoiIsTakenAndItComesAgainWhenUnmasked) {
  route(10, 0x8041);
  raise(10);
  set(kRedirection + 20, 0x1'8041);
  EXPECT_EQ(low(10), 0x1'c041U) << "remote IRR outlives the mask";
  chip_.end_of_interrupt(0x41);
  EXPECT_EQ(low(10), 0x1'8041U);
  EXPECT_EQ(sent_.size(), 1U);
  set(kRedirection + 20, 0x8041);
  EXPECT_EQ(sent_.size(), 2U);
}

TEST_F(IoapicTest, TheEoiRegisterAndAChangeToEdgeClearRemoteIrr) {
  route(10, 0x8041);
  raise(10);
  lower(10);
  write_register(chip_, kEoi, 0x41, 4);
  EXPECT_EQ(low(10), 0x8041U);
  raise(10);
  set(kRedirection + 20, 0x1'0041);
  set(kRedirection + 20, 0x1'8041);
  EXPECT_EQ(low(10), 0x1'8041U);
}

TEST_F(IoapicTest, PinsThatShareAVectorAreAllEnded) {
  route(10, 0x8041);
  route(11, 0x8041);
  raise(10);
  raise(11);
  lower(10);
  chip_.end_of_interrupt(0x41);
  EXPECT_THAT(sent_, ElementsAre(0x41, 0x41, 0x41)) << "pin 11 again";
  EXPECT_EQ(low(10), 0x8041U);
  EXPECT_EQ(low(11), 0xc041U);
}

TEST_F(IoapicTest, ItSaysWhichEoisItWantsBeforeTheFirstMessage) {
  raise(10);
  route(10, 0x8041, 0x0100'0000);
  ASSERT_EQ(expected_.size(), 1U);
  EXPECT_EQ(expected_[0].pin, 10U);
  EXPECT_EQ(expected_[0].message.data, 0xc041U);
  EXPECT_EQ(expected_[0].message.address, 0xfee0'1000U);
  EXPECT_EQ(sent_before_expected_, 0U);
  EXPECT_EQ(sent_.size(), 1U);
  // Masked and unmasked again it is the same: setting a route costs time.
  set(kRedirection + 20, 0x1'8041);
  set(kRedirection + 20, 0x8041);
  EXPECT_EQ(expected_.size(), 1U);
  set(kRedirection + 21, 0x0200'0000);
  EXPECT_EQ(expected_.size(), 2U);
}

TEST_F(IoapicTest, EntriesForThe8259sSendNothing) {
  route(0, 0x0700);
  raise(0);
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(IoapicTest, SaysWhatWaits) {
  EXPECT_EQ(chip_.describe(), "no interrupt waits");
  route(10, 0x8041);
  raise(10);
  raise(4);
  EXPECT_EQ(chip_.describe(), "pin 4 is up, masked, pin 10 is in service (vector 0x41)");
}

TEST_F(IoapicTest, OnlyDwordsAtKnownPlaces) {
  for (const std::uint8_t width : std::initializer_list<std::uint8_t>{0, 1, 2, 3, 8, 255}) {
    std::uint64_t value = 7;
    EXPECT_EQ(chip_.read({kIoWin, width}, value), IoStatus::bad_width);
    EXPECT_EQ(chip_.write({kIoWin, width}, 0), IoStatus::bad_width);
    EXPECT_EQ(value, 7U);
  }
  for (const std::uint64_t offset :
       {std::uint64_t{4}, std::uint64_t{0x11}, std::uint64_t{0xffc}, ~std::uint64_t{0}}) {
    EXPECT_EQ(write_register(chip_, offset, 0, 4), IoStatus::no_such_register);
    EXPECT_EQ(chip_.register_name(offset, false), "");
  }
  EXPECT_EQ(chip_.register_name(kIoWin, false), "IOWIN");
}

TEST_F(IoapicTest, AnyAccessKeepsRemoteIrrToLevels) {
  std::mt19937 random(4);
  for (int step = 0; step < 200'000; ++step) {
    switch (random() % 5) {
      case 0:
        write_register(chip_, kIoRegSel, random() % 0x44, 4);
        break;
      case 1:
      case 2:
        write_register(chip_, kIoWin, random(), 4);
        break;
      case 3:
        chip_.pin(static_cast<unsigned>(random() % Ioapic::kPins)).set_level(random() % 2 != 0);
        break;
      default:
        chip_.end_of_interrupt(static_cast<std::uint8_t>(random()));
    }
    const Ioapic::State state = chip_.state();
    for (unsigned pin = 0; pin < Ioapic::kPins; ++pin) {
      const std::uint64_t entry = state.entries[pin];
      ASSERT_TRUE((entry & kRemoteIrr) == 0 || (entry & kLevel) != 0);
      const bool stands = (entry & (kLevel | kMasked | kRemoteIrr)) == kLevel &&
                          (entry & kDeliveryMode) != kModeExtInt && (state.lines >> pin & 1) != 0;
      ASSERT_FALSE(stands) << "pin " << pin << " is up and nobody was told";
    }
  }
}

}  // namespace
}  // namespace skiff
