#include "vmm/machine/vcpu_thread.h"

#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/kvm/x86_64/vcpu_loops.h"
#include "tests/kvm/x86_64/watchdog.h"

SKIFF_GUEST_CODE(spinning, R"(
1:  incq (%rbx)
    jmp 1b
)");
SKIFF_GUEST_CODE(exiting, R"(
1:  incq (%rbx)
    out %al, $0x80
    jmp 1b
)");
SKIFF_GUEST_CODE(dying, R"(
    out %al, $0x80
    push $0
    push $0
    lidt (%rsp)
    ud2
)");

namespace skiff {
namespace {

TEST_F(VcpuThreadTest, RunsPausesGoesOnAndStops) {
  const Watchdog watchdog("run, pause, stop");
  const auto vcpu = thread(SKIFF_GUEST_BYTES(exiting));
  EXPECT_FALSE(vcpu->started());
  vcpu->start();
  wait_until([&] { return counter_.count > 10; });
  vcpu->request(Request::pause);
  vcpu->wait_until_parked();
  const std::uint64_t count = counter_.count;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(counter_.count, count) << "parked, and yet it runs";
  vcpu->request(Request::run);
  wait_until([&] { return counter_.count > count; });
  vcpu->request(Request::stop);
  vcpu->join();
  EXPECT_EQ(ends_, 0);
  vcpu->request(Request::run);  // a stop cannot be taken back, and a dead thread is not signalled
  std::uint64_t port_exits = 0;
  for (const ExitLedger::Row* row : vcpu->ledger().rows())
    if (row->key.reason == ExitReason::port_io) port_exits += row->count;
  EXPECT_EQ(port_exits, counter_.count);
}

// The user's other processes may have filled it.
TEST_F(VcpuThreadTest, AKickNeedsNoRoomInTheQueueOfSignals) {
  const Watchdog watchdog("a kick without room");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_SIGPENDING, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  const auto vcpu = thread(SKIFF_GUEST_BYTES(spinning));
  vcpu->start();
  ASSERT_EQ(::setrlimit(RLIMIT_SIGPENDING, &none), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // into the guest, which never exits
  vcpu->request(Request::pause);
  EXPECT_TRUE(vcpu->wait_until_parked(std::chrono::steady_clock::now() + std::chrono::seconds(20)));
  ASSERT_EQ(::setrlimit(RLIMIT_SIGPENDING, &before), 0);
}

TEST_F(VcpuThreadTest, StopBeforeStartNeverEntersTheGuest) {
  const Watchdog watchdog("stop before start");
  const auto vcpu = thread(SKIFF_GUEST_BYTES(exiting));
  vcpu->request(Request::stop);
  vcpu->start();
  vcpu->wait_until_parked();
  vcpu->join();
  EXPECT_EQ(counter_.count, 0U);
}

TEST_F(VcpuThreadTest, PauseBeforeStartParksAtTheFirstInstruction) {
  const Watchdog watchdog("pause before start");
  const auto vcpu = thread(SKIFF_GUEST_BYTES(exiting));
  vcpu->request(Request::pause);
  vcpu->wait_until_parked();  // not started: as parked as can be
  vcpu->start();
  vcpu->wait_until_parked();
  EXPECT_EQ(counter_.count, 0U);
  vcpu->request(Request::run);
  wait_until([&] { return counter_.count > 0; });
}

TEST_F(VcpuThreadTest, NeverStartedIsSimplyDestroyed) {
  const Watchdog watchdog("destruct without start");
  thread(SKIFF_GUEST_BYTES(exiting));
}

TEST_F(VcpuThreadTest, DestructWhileTheGuestSpins) {
  const Watchdog watchdog("destruct while running");
  {
    const auto vcpu = thread(SKIFF_GUEST_BYTES(spinning));
    vcpu->start();
    wait_until([&] { return spins() > 0; });
  }
  const std::uint64_t after = spins();
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(spins(), after);
}

TEST_F(VcpuThreadTest, BusyDeviceHoldsTheGuestUntilItIsReady) {
  const Watchdog watchdog("busy");
  counter_.busy = true;
  const auto vcpu = thread(SKIFF_GUEST_BYTES(exiting));
  vcpu->start();
  wait_until([&] { return counter_.refused > 3; });
  EXPECT_EQ(counter_.count, 0U);
  EXPECT_EQ(spins(), 1U) << "the guest went on past an access that is not done";
  counter_.busy = false;
  wait_until([&] { return counter_.count > 3; });
}

TEST_F(VcpuThreadTest, StopWhileADeviceIsBusy) {
  const Watchdog watchdog("stop while busy");
  counter_.busy = true;
  const auto vcpu = thread(SKIFF_GUEST_BYTES(exiting));
  vcpu->start();
  wait_until([&] { return counter_.refused > 0; });
  vcpu->request(Request::stop);
  vcpu->join();
  EXPECT_EQ(counter_.count, 0U);
}

TEST_F(VcpuThreadTest, PauseWhileADeviceIsBusyMakesTheAccessAfterwards) {
  const Watchdog watchdog("pause while busy");
  const auto vcpu = thread(SKIFF_GUEST_BYTES(exiting));
  vcpu->start();
  for (int round = 0; round < 5; ++round) {
    counter_.busy = true;
    wait_until([&, before = counter_.refused.load()] { return counter_.refused > before; });
    vcpu->request(Request::pause);
    vcpu->wait_until_parked();
    const std::uint64_t refused = counter_.refused;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(counter_.refused, refused) << "parked, and yet it knocks at the device";
    counter_.busy = false;
    vcpu->request(Request::run);
    wait_until([&, before = counter_.count.load()] { return counter_.count > before; });
  }
  vcpu->request(Request::pause);
  vcpu->wait_until_parked();
  // The guest may be parked between its two instructions, so one apart is right; an access lost in
  // each round would be five.
  EXPECT_LE(counter_.count, spins()) << "an access was made twice";
  EXPECT_LE(spins(), counter_.count + 1) << "accesses were lost";
}

TEST_F(VcpuThreadTest, GuestThatDiesIsReportedOnceAndTheThreadEnds) {
  const Watchdog watchdog("end");
  const auto vcpu = thread(SKIFF_GUEST_BYTES(dying));
  vcpu->start();
  vcpu->wait_until_parked();
  vcpu->request(Request::pause);
  vcpu->wait_until_parked();
  vcpu->join();
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(last_reason_, ExitReason::fatal);
}

TEST_F(VcpuThreadTest, OneGuestThatEndsMayStopAllFromWithin) {
  const Watchdog watchdog("stop from within");
  const auto other = thread(SKIFF_GUEST_BYTES(spinning), 1);
  const auto vcpu = std::make_unique<VcpuThread>(this->vcpu(SKIFF_GUEST_BYTES(dying)), ports_,
                                                 mmio_, [&](VcpuThread& self, const VcpuExit&) {
                                                   self.request(Request::stop);
                                                   other->request(Request::stop);
                                                 });
  other->start();
  vcpu->start();
  other->join();
  vcpu->join();
}

// Crash handlers (a sanitizer's, or one that gives the terminal back) run on the thread that
// crashed: these signals must not be blocked there.
TEST_F(VcpuThreadTest, ThreadTakesTheKickAndItsOwnFaultsOnly) {
  const Watchdog watchdog("signals");
  sigset_t mask;
  sigemptyset(&mask);
  const auto vcpu = std::make_unique<VcpuThread>(
      this->vcpu(SKIFF_GUEST_BYTES(dying)), ports_, mmio_,
      [&](VcpuThread&, const VcpuExit&) { pthread_sigmask(SIG_SETMASK, nullptr, &mask); });
  vcpu->start();
  vcpu->join();
  for (const int open : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGUSR1})
    EXPECT_EQ(sigismember(&mask, open), 0) << open;
  for (const int blocked : {SIGTERM, SIGINT, SIGHUP, SIGWINCH, SIGTSTP, SIGCHLD})
    EXPECT_EQ(sigismember(&mask, blocked), 1) << blocked;
}

}  // namespace
}  // namespace skiff
