// The keyboard controller without a keyboard: IBM PS/2 Hardware Interface Technical Reference.
#include "devices/misc/i8042.h"

#include <gtest/gtest.h>

#include "devices/misc/i8042_regs.h"
#include "tests/fakes/register_access.h"

namespace skiff {
namespace {

using namespace i8042;

class I8042Test : public testing::Test {
 protected:
  std::uint64_t status() { return read_register(controller, kCommandPort); }
  std::uint64_t data() { return read_register(controller, kDataPort); }
  void command(unsigned value) { write_register(controller, kCommandPort, value); }
  void send(unsigned value) { write_register(controller, kDataPort, value); }

  int resets = 0;
  I8042 controller{"i8042", [this] { ++resets; }};
};

TEST_F(I8042Test, NothingWaitsAtFirst) {
  EXPECT_EQ(status(), kStatusEnabled);
  EXPECT_EQ(controller.register_name(4, true), "COMMAND");
}

TEST_F(I8042Test, SelfTest) {
  command(kSelfTest);
  EXPECT_EQ(status(), kStatusEnabled | kStatusObf | kStatusCommand | kStatusSystem);
  EXPECT_EQ(data(), kSelfTestPassed);
  EXPECT_EQ(status() & kStatusObf, 0U);
}

TEST_F(I8042Test, ConfigurationByte) {
  command(kWriteRam);
  send(0x47);
  command(kReadRam);
  EXPECT_EQ(data(), 0x47U);
  command(kDisableKeyboard);
  command(kDisableAux);
  command(kReadRam);
  EXPECT_EQ(data(), 0x77U);
  command(kEnableKeyboard);
  command(kEnableAux);
  command(kReadRam);
  EXPECT_EQ(data(), 0x47U);
  command(kWriteRam + 0x1f);
  send(0x99);
  command(kReadRam + 0x1f);
  EXPECT_EQ(data(), 0x99U);
}

TEST_F(I8042Test, InterfaceTestsFindNoDevice) {
  command(kTestKeyboard);
  EXPECT_NE(data(), 0U);
  command(kTestAux);
  EXPECT_NE(data(), 0U);
  EXPECT_NE(data(), 0xffU) << "which Linux takes for a mouse";
}

TEST_F(I8042Test, BytesForDevicesTimeOut) {
  send(0xed);
  EXPECT_EQ(status(), kStatusEnabled | kStatusObf | kStatusTimeout);
  EXPECT_EQ(data(), kResend);
  EXPECT_EQ(status(), kStatusEnabled);
  command(kWriteAux);
  send(0xf4);
  EXPECT_EQ(status(), kStatusEnabled | kStatusObf | kStatusTimeout | kStatusAuxObf);
  EXPECT_EQ(data(), kResend);
}

TEST_F(I8042Test, ResetByPulseAndByOutputPort) {
  command(0xfe);
  EXPECT_EQ(resets, 1);
  command(0xff);
  command(0xfd);
  EXPECT_EQ(resets, 1);
  command(kReadOutputPort);
  EXPECT_EQ(data(), 0xcfU);
  command(kWriteOutputPort);
  send(0xdf);
  EXPECT_EQ(resets, 1);
  command(kWriteOutputPort);
  send(0xde);
  EXPECT_EQ(resets, 2);
}

TEST_F(I8042Test, ACommandEndsOneThatWaitedForData) {
  command(kWriteOutputPort);
  command(kEnableKeyboard);
  send(0x00);
  EXPECT_EQ(resets, 0);
}

TEST_F(I8042Test, UnknownCommandsAndOffsets) {
  command(0xd3);
  EXPECT_EQ(status() & kStatusObf, 0U);
  EXPECT_EQ(controller.guest_faults(), 1U);
  EXPECT_EQ(write_register(controller, 1, 0), IoStatus::no_such_register);
  EXPECT_EQ(write_register(controller, 0, 0, 2), IoStatus::bad_width);
}

TEST_F(I8042Test, StateRoundTripsAndResets) {
  command(kWriteRam);
  send(0x47);
  I8042 other("i8042", nullptr);
  other.restore(controller.state());
  EXPECT_EQ(other.state(), controller.state());
  write_register(other, kCommandPort, 0xfe);  // no callback: nothing happens
  controller.reset();
  EXPECT_EQ(controller.state(), I8042::State{});
}

}  // namespace
}  // namespace skiff
