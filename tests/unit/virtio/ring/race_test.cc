// A driver thread and a device thread at full speed, each of which sleeps as soon as it has nothing
// to do, and is woken only where the ring says that it must be. A wake-up that gets lost leaves
// both asleep for ever; that is seen at once (Beds), without a clock.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <random>
#include <thread>

#include "tests/unit/virtio/ring/ring_fixture.h"

namespace skiff::ring_test {
namespace {

constexpr std::uint16_t kSize = 8;
#if defined(__SANITIZE_THREAD__)
constexpr unsigned kRequests = 4'000;
#else
constexpr unsigned kRequests = 30'000;
#endif

// Where the two threads sleep. All of it is one word, so that whoever looks sees it at one moment:
// both asleep and no bell rung means that nobody will ever wake anybody. Sleeping is spinning,
// which keeps the threads close to each other and so the races frequent.
class Beds {
 public:
  enum Side : unsigned { driver, device };

  void wake(Side side) {
    state_.fetch_or(bell(side));
    ++wakes_.at(side);  // each counted by the other side's thread alone
  }
  // False if nobody will ever wake this side, or end() was called.
  bool sleep(Side side) {
    state_.fetch_or(asleep(side));
    for (unsigned round = 0;; ++round) {
      const unsigned now = state_.load();
      if ((now & bell(side)) != 0) break;
      if ((now & kEnded) != 0) return false;
      if ((now & (kAsleep | kBells)) == kAsleep) {
        lost_ = true;
        return false;
      }
      if (round > 200) std::this_thread::yield();
    }
    state_.fetch_and(~(bell(side) | asleep(side)));
    return true;
  }
  void end() { state_.fetch_or(kEnded); }
  bool lost() const { return lost_; }
  unsigned wakes(Side side) const { return wakes_.at(side); }

 private:
  static constexpr unsigned asleep(Side side) { return 1U << side; }
  static constexpr unsigned bell(Side side) { return 4U << side; }
  static constexpr unsigned kAsleep = 3;
  static constexpr unsigned kBells = 12;
  static constexpr unsigned kEnded = 16;

  std::atomic<unsigned> state_ = 0;
  std::atomic<bool> lost_ = false;
  std::array<unsigned, 2> wakes_{};
};

// Up to a microsecond, about what a wake-up takes: the threads meet at every distance of each
// other.
void dawdle(std::mt19937& random) {
  for (unsigned i = static_cast<unsigned>(random() % 2048); i != 0; --i)
    asm volatile("" : : : "memory");
}

class Race : public testing::TestWithParam<Format> {
 protected:
  // What the guest's driver does; returns how many requests came back right.
  unsigned drive() {
    std::mt19937 random(3);
    std::array<std::uint32_t, kSize> sent{};
    unsigned offered = 0;
    unsigned returned = 0;
    rig.driver.disable_interrupts();
    while (returned < kRequests) {
      // Mostly single requests: the fewer are under way, the less one lost wake-up is forgiven.
      const unsigned burst = 1 + static_cast<unsigned>(random() % 8 == 0 ? random() % kSize : 0);
      for (unsigned i = 0; i < burst && offered < kRequests && rig.driver.free() >= 2; ++i) {
        const GuestAddress slot(kBuffers.value + 64ULL * (offered % kSize));
        const std::uint32_t value = offered * 7;
        if (!rig.memory.store(slot, value)) return returned;
        const auto id =
            rig.stage({{slot, 4}, {GuestAddress(slot.value + 32), value % 13 + 4, true}});
        sent.at(id) = value;
        ++offered;
      }
      dawdle(random);
      rig.driver.show();
      if (rig.driver.should_notify()) beds.wake(Beds::device);
      while (returned < offered) {
        const auto used = rig.driver.used();
        if (!used) {
          dawdle(random);
          if (rig.driver.enable_interrupts()) continue;
          if (!beds.sleep(Beds::driver)) return returned;
          rig.driver.disable_interrupts();
          continue;
        }
        if (used->id >= kSize || used->length != sent.at(used->id) % 13 + 4) return returned;
        ++returned;
      }
    }
    return returned;
  }
  // What a device's thread does.
  void serve() {
    std::mt19937 random(4);
    for (;;) {
      rig.queue.disable_notifications();
      PopResult result = PopResult::empty;
      while ((result = rig.queue.pop(rig.chain)) == PopResult::chain) {
        ChainReader reader(rig.chain);
        std::uint32_t value = 0;
        if (!reader.read(value)) return;
        ChainWriter writer(rig.chain);
        if (!writer.write(~value)) return;
        rig.queue.complete(rig.chain, value % 13 + 4);
        if (random() % 2 == 0 && rig.queue.publish()) beds.wake(Beds::driver);
      }
      dawdle(random);
      if (rig.queue.publish()) beds.wake(Beds::driver);
      if (result == PopResult::broken) return;
      dawdle(random);
      if (rig.queue.enable_notifications()) continue;
      if (!beds.sleep(Beds::device)) return;
    }
  }

  Rig rig{GetParam(), kSize};
  Beds beds;
};
INSTANTIATE_TEST_SUITE_P(Ring, Race, testing::ValuesIn(kFormats),
                         testing::PrintToStringParamName());

TEST_P(Race, NoWakeUpIsLost) {
  std::thread device([this] {
    serve();
    beds.end();
  });
  const unsigned returned = drive();
  beds.end();
  device.join();
  EXPECT_FALSE(beds.lost()) << "both slept after " << returned << " requests";
  EXPECT_EQ(returned, kRequests);
  EXPECT_EQ(rig.queue.fault(), "");
  EXPECT_EQ(rig.queue.in_flight(), 0U);
  RecordProperty("notifications", static_cast<int>(beds.wakes(Beds::device)));
  RecordProperty("interrupts", static_cast<int>(beds.wakes(Beds::driver)));
}

}  // namespace
}  // namespace skiff::ring_test
