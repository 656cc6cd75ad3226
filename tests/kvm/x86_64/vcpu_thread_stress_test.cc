// Kicks by the ten thousand. A lost one leaves the test waiting for a thread that never parks.
#include "tests/kvm/x86_64/vcpu_loops.h"
#include "tests/kvm/x86_64/watchdog.h"

SKIFF_GUEST_CODE(stress_spinning, R"(
1:  incq (%rbx)
    jmp 1b
)");
SKIFF_GUEST_CODE(stress_exiting, R"(
1:  incq (%rbx)
    out %al, $0x80
    jmp 1b
)");

namespace skiff {
namespace {

constexpr int kRounds = 10'000;

class VcpuThreadStress : public VcpuThreadTest {
 protected:
  void pause_and_run(std::span<const std::byte> code) {
    const Watchdog watchdog("pause and run", std::chrono::seconds(250));
    const auto vcpu = thread(code);
    vcpu->start();
    for (int i = 0; i < kRounds; ++i) {
      vcpu->request(Request::pause);
      vcpu->wait_until_parked();
      const std::uint64_t parked_at = spins();
      if (i % 1000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ASSERT_EQ(spins(), parked_at) << "parked, and yet it runs";
      vcpu->request(Request::run);
      if (i % 16 == 0) wait_until([&] { return spins() != parked_at; });
    }
    vcpu->request(Request::stop);
    vcpu->join();
    EXPECT_EQ(ends_, 0);
  }
};

TEST_F(VcpuThreadStress, PauseAndRunASpinningGuest) {
  pause_and_run(SKIFF_GUEST_BYTES(stress_spinning));
}

TEST_F(VcpuThreadStress, PauseAndRunAnExitingGuest) {
  pause_and_run(SKIFF_GUEST_BYTES(stress_exiting));
}

// Requests that overtake each other: only a stop may end the loop, and the last request counts.
TEST_F(VcpuThreadStress, RequestsInQuickSuccession) {
  const Watchdog watchdog("quick succession", std::chrono::seconds(250));
  const auto vcpu = thread(SKIFF_GUEST_BYTES(stress_exiting));
  vcpu->start();
  for (int i = 0; i < kRounds; ++i) {
    vcpu->request(Request::pause);
    if (i % 2 == 0) vcpu->wait_until_parked();
    vcpu->request(Request::run);
    // Somewhere in here the thread wakes up.
    for (int spin = 0; spin < i % 97 * 1024; ++spin)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    vcpu->request(Request::pause);
    vcpu->request(Request::run);
  }
  const std::uint64_t before = spins();
  wait_until([&] { return spins() != before; });
}

TEST_F(VcpuThreadStress, StartAndStop) {
  const Watchdog watchdog("start and stop", std::chrono::seconds(250));
  for (std::uint32_t id = 0; id < 200; ++id) {
    const auto code =
        id % 2 == 0 ? SKIFF_GUEST_BYTES(stress_spinning) : SKIFF_GUEST_BYTES(stress_exiting);
    const auto vcpu = thread(code, id);
    vcpu->start();
    if (id % 3 == 0) std::this_thread::yield();
    if (id % 3 == 1) wait_until([&, before = spins()] { return spins() != before; });
    vcpu->request(Request::stop);
    vcpu->join();
  }
  EXPECT_EQ(ends_, 0);
}

TEST_F(VcpuThreadStress, RequestsFromTwoThreads) {
  const Watchdog watchdog("two requesters", std::chrono::seconds(250));
  const auto vcpu = thread(SKIFF_GUEST_BYTES(stress_exiting));
  vcpu->start();
  {
    std::jthread other([&] {
      for (int i = 0; i < kRounds; ++i)
        vcpu->request(i % 2 == 0 ? Request::pause : Request::run);
    });
    for (int i = 0; i < kRounds; ++i)
      vcpu->request(i % 2 == 0 ? Request::run : Request::pause);
  }
  vcpu->request(Request::run);
  const std::uint64_t before = spins();
  wait_until([&] { return spins() != before; });
  vcpu->request(Request::stop);
  vcpu->join();
}

}  // namespace
}  // namespace skiff
