// How `skiff run` ends: each exit status its man page lists.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ExitStatus : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }
};

std::size_t count_of(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++count;
  return count;
}

TEST_F(ExitStatus, HelloEndsWithZeroAndPrintsGuestBytesOnly) {
  const Finished run = run_skiff(guest_arguments("hello"));
  EXPECT_EQ(run.ending, 0);
  EXPECT_EQ(run.out, "hello from the guest\n");
  EXPECT_THAT(run.err, IsEmpty());
}

TEST_F(ExitStatus, TheGuestsOwnStatusIsPassedOn) {
  for (const int status : {1, 42, 119}) {
    const Finished run =
        run_skiff(guest_arguments("exit-code", "status=" + std::to_string(status)));
    EXPECT_EQ(run.ending, status);
    EXPECT_THAT(run.err, IsEmpty());
  }
}

TEST_F(ExitStatus, ALargeStatusOfTheGuestIsClampedAndSaidSo) {
  for (const int status : {120, 121, 255}) {
    const Finished run =
        run_skiff(guest_arguments("exit-code", "status=" + std::to_string(status)));
    EXPECT_EQ(run.ending, 119);
    EXPECT_THAT(run.err, HasSubstr(std::to_string(status)));
  }
}

TEST_F(ExitStatus, ATripleFaultIsReportedAsOne) {
  const Finished run = run_skiff(guest_arguments("fault"));
  EXPECT_EQ(run.ending, 123);
  EXPECT_THAT(run.err, HasSubstr("triple fault"));
  EXPECT_THAT(run.err, HasSubstr("rip"));
}

TEST_F(ExitStatus, APanicIsReportedAsOne) {
  const Finished run = run_skiff(guest_arguments("panic"));
  EXPECT_EQ(run.ending, 122);
  EXPECT_THAT(run.err, HasSubstr("panic"));
}

TEST_F(ExitStatus, AcpiPowerOffIsZero) {
  const Finished run = run_skiff(guest_arguments("poweroff"));
  EXPECT_EQ(run.ending, 0) << run.out << run.err;
  EXPECT_THAT(run.err, IsEmpty());
}

TEST_F(ExitStatus, AResetWithOnRebootExitIsZero) {
  for (const char* how : {"how=i8042", "how=acpi", "how=cf9"}) {
    const Finished run =
        run_skiff(guest_arguments("reset", how, {"--set", "machine.on_reboot=exit"}));
    EXPECT_EQ(run.ending, 0) << how << ": " << run.err;
    EXPECT_EQ(count_of(run.out, "reset: resetting"), 1U) << how;
    EXPECT_THAT(run.out, Not(HasSubstr("still running"))) << how;
  }
}

TEST_F(ExitStatus, AResetStartsTheGuestAgainInTheSameProcess) {
  SkiffProcess process(guest_arguments("reset"));
  for (int life = 0; life < 20 && count_of(process.out(), "reset: resetting") < 3; ++life) {
    process.run_for(200ms);
  }
  EXPECT_GE(count_of(process.out(), "reset: resetting"), 3U);
  process.kill(SIGTERM);
  const Ending ending = process.wait();
  // Caught in the guest it is stopped; caught at a reset the guest has ended itself.
  EXPECT_TRUE(ending == 143 || ending == 0) << testing::PrintToString(ending);
  EXPECT_THAT(process.err(), IsEmpty());
}

// A machine that starts again leaves nothing of the one before.
TEST_F(ExitStatus, ResetsDoNotPileUpMemoryOrDescriptors) {
  SkiffProcess process(guest_arguments("reset"));
  ASSERT_TRUE(process.expect_out("reset: resetting\nreset: resetting\n"));
  const long before = status_value(process.pid(), "VmSize:");
  const std::size_t seen = process.out().size();
  for (int step = 0; step < 50 && process.out().size() < seen + 15 * 17; ++step)
    process.run_for(200ms);
  ASSERT_GE(process.out().size(), seen + 15 * 17);
  // One guest's RAM is 32 MiB: fifteen of them would show. (Thread stacks come and go.)
  EXPECT_LT(status_value(process.pid(), "VmSize:"), before + 64 * 1024);
}

class Stopped : public ExitStatus, public testing::WithParamInterface<int> {};

TEST_P(Stopped, AGuestThatDoesNotListenIsStoppedAtOnce) {
  SkiffProcess process(guest_arguments("spin"));
  ASSERT_TRUE(process.expect_out("spinning\n"));
  const auto start = std::chrono::steady_clock::now();
  process.kill(GetParam());
  EXPECT_EQ(process.wait(), 128 + GetParam());
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  EXPECT_EQ(process.out(), "spin: spinning\n");
}

TEST_P(Stopped, AGuestThatSleepsIsStoppedAtOnce) {
  SkiffProcess process(guest_arguments("idle"));
  ASSERT_TRUE(process.expect_out("sleeping"));
  process.kill(GetParam());
  EXPECT_EQ(process.wait(10s), 128 + GetParam());
}

INSTANTIATE_TEST_SUITE_P(BySignal, Stopped, testing::Values(SIGTERM, SIGINT, SIGHUP));

TEST_F(ExitStatus, ASignalBeforeTheGuestPrintsStopsIt) {
  for (int delay = 0; delay < 12; ++delay) {
    SkiffProcess process(guest_arguments("spin"));
    process.run_for(std::chrono::milliseconds(delay * 2));
    process.kill(SIGTERM);
    const Ending ending = process.wait();
    // Very early it is the signal's default action that ends the process.
    EXPECT_TRUE(ending == 143 || ending.signal == SIGTERM) << testing::PrintToString(ending);
  }
}

TEST_F(ExitStatus, SeveralSignalsAtOnceStopItOnce) {
  SkiffProcess process(guest_arguments("spin"));
  ASSERT_TRUE(process.expect_out("spinning"));
  for (int round = 0; round < 3; ++round) {
    process.kill(SIGINT);
    process.kill(SIGTERM);
  }
  const Ending ending = process.wait(10s);
  EXPECT_TRUE(ending == 143 || ending == 130) << testing::PrintToString(ending);
}

// Enables the power button (PM1_EN of the fixed hardware, ACPI 4.8.3.1), prints "L", and goes on
// with `then`. Real mode, at 0x7c00.
class Listener : public ExitStatus {
 protected:
  std::vector<std::string> arguments(std::string_view then, const std::string& timeout) const {
    std::string code(
        "\xba\x02\x06"  // mov dx, 0x602
        "\xb8\x00\x01"  // mov ax, 0x100: PWRBTN_EN
        "\xef"          // out dx, ax
        "\xba\xf8\x03"  // mov dx, 0x3f8
        "\xb0\x4c"      // mov al, 'L'
        "\xee"sv);      // out dx, al
    code += then;
    return {"run",
            "--kernel",
            folder_.write("listener", code),
            "--protocol",
            "flat",
            "--set",
            "boot.flat.mode=real",
            "--set",
            "boot.flat.address=0x7c00",
            "--memory",
            "16M",
            "--set",
            "machine.stop_timeout=" + timeout};
  }
  static constexpr std::string_view kSleep = "\xf4\xeb\xfd";  // hlt; jmp to the hlt

  const TemporaryFolder folder_;
};

TEST_F(Listener, TheFirstSignalPressesThePowerButton) {
  SkiffProcess process(
      arguments("\xba\x00\x06"         // mov dx, 0x600: PM1_STS
                "\xed"                 // in ax, dx
                "\xf6\xc4\x01"         // test ah, 1: PWRBTN_STS
                "\x74\xfa"             // jz to the in
                "\xb0\x07\xe6\xf4"sv,  // mov al, 7; out 0xf4, al
                "30"));
  ASSERT_TRUE(process.expect_out("L"));
  EXPECT_TRUE(process.wait(200ms).timed_out);
  process.kill(SIGTERM);
  EXPECT_EQ(process.wait(), 7);
  EXPECT_THAT(process.err(), IsEmpty());
}

TEST_F(Listener, OneThatDoesNotPowerOffIsStoppedAfterItsTime) {
  SkiffProcess process(arguments(kSleep, "1"));
  ASSERT_TRUE(process.expect_out("L"));
  process.kill(SIGINT);
  EXPECT_TRUE(process.wait(800ms).timed_out);
  EXPECT_EQ(process.wait(10s), 130);
  EXPECT_THAT(process.err(), HasSubstr("not powered off within 1 s"));
}

TEST_F(Listener, TheSecondSignalStopsItAtOnce) {
  for (const char* timeout : {"0", "30"}) {
    SkiffProcess process(arguments(kSleep, timeout));
    ASSERT_TRUE(process.expect_out("L"));
    process.kill(SIGTERM);
    EXPECT_TRUE(process.wait(500ms).timed_out);
    process.kill(SIGINT);
    EXPECT_EQ(process.wait(10s), 130);
    EXPECT_THAT(process.err(), HasSubstr("second signal"));
  }
}

TEST_F(ExitStatus, AnIgnoredHangUpStaysIgnored) {  // nohup skiff run ...
  SkiffProcess process(guest_arguments("spin"),
                       {.in_child = [] { return ::signal(SIGHUP, SIG_IGN) != SIG_ERR; }});
  ASSERT_TRUE(process.expect_out("spinning"));
  process.kill(SIGHUP);
  EXPECT_TRUE(process.wait(500ms).timed_out);
  process.kill(SIGTERM);
  EXPECT_EQ(process.wait(), 143);
}

TEST_F(ExitStatus, ACrashOfSkiffIsNotHidden) {
  SkiffProcess process(guest_arguments("spin"));
  ASSERT_TRUE(process.expect_out("spinning"));
  process.kill(SIGKILL);
  EXPECT_EQ(process.wait().signal, SIGKILL);
}

}  // namespace
}  // namespace skiff::test
