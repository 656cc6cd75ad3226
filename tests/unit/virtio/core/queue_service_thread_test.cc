// The service with the executor on a thread of its own, for the thread sanitizer above all.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <latch>
#include <optional>
#include <thread>

#include "tests/fakes/driver_queue.h"
#include "tests/unit/virtio/core/thread_executor.h"
#include "virtio/core/queue_service.h"

namespace skiff {
namespace {

class QueueServiceThreadTest : public ::testing::Test {
 protected:
  QueueServiceThreadTest() { create(); }

  void create() {
    service.emplace(executor, QueueService::Handlers{.on_start = [this] { ++starts; },
                                                     .on_kick =
                                                         [this](ActiveQueue& queue) {
                                                           // Not atomic: only the executor's thread
                                                           // may.
                                                           ++kicks_seen;
                                                           (void)queue.ring.has_available();
                                                         },
                                                     .on_stop = [this] { ++stops; }});
  }
  Activation activation() {
    Activation made;
    for (std::uint16_t index = 0; index < 2; ++index) {
      const DriverQueue driver(memory, GuestAddress(0x1000ULL * index), 8);
      made.queues.push_back({index, *Virtqueue::create(driver.config(), memory), &kicks[index]});
    }
    return made;
  }
  void stop_and_wait() {
    std::latch stopped(1);
    service->stop([&stopped] { stopped.count_down(); });
    stopped.wait();
  }

  const GuestMemory memory{std::array{Range{0, 0x10000}}, {}};
  std::array<EventFd, 2> kicks;
  int starts = 0;  // executor's thread, or after a stop
  int stops = 0;
  int kicks_seen = 0;
  ThreadExecutor executor;
  std::optional<QueueService> service;
};

TEST_F(QueueServiceThreadTest, StopsWhileKicksArrive) {
  std::atomic<bool> end{false};
  std::thread guest([&] {
    while (!end.load()) {
      kicks[0].signal();
      kicks[1].signal();
      service->post([this] { ++kicks_seen; });
      std::this_thread::yield();
    }
  });
  for (int round = 1; round <= 100; ++round) {
    service->start(activation());
    stop_and_wait();
    // What the executor's thread did is visible here, and it does no more.
    EXPECT_EQ(starts, round);
    EXPECT_EQ(stops, round);
    EXPECT_GE(kicks_seen, 2 * round);
  }
  end = true;
  guest.join();
}

TEST_F(QueueServiceThreadTest, NothingOfTheQueuesIsTouchedAfterDone) {
  for (int round = 0; round < 50; ++round) {
    std::array<EventFd, 2> own_kicks;
    const GuestMemory own{std::array{Range{0, 0x10000}}, {}};
    const DriverQueue driver(own, GuestAddress(0), 8);
    Activation made;
    made.queues.push_back({0, *Virtqueue::create(driver.config(), own), own_kicks.data()});
    service->start(std::move(made));
    own_kicks[0].signal();
    stop_and_wait();
  }
  EXPECT_EQ(stops, 50);
}

TEST_F(QueueServiceThreadTest, DestroyedWithQueuesRunning) {
  for (int round = 1; round <= 50; ++round) {
    service->start(activation());
    kicks[0].signal();
    service.reset();
    EXPECT_EQ(starts, round);
    EXPECT_EQ(stops, round);
    create();
  }
}

TEST_F(QueueServiceThreadTest, DestroyedStoppedNeedsNoLoop) {
  std::atomic<bool> held{true};
  std::optional<ThreadExecutor> own(std::in_place);
  auto stopped =
      std::make_unique<QueueService>(*own, QueueService::Handlers{.on_kick = [](ActiveQueue&) {}});
  stopped->start(activation());
  std::latch done(1);
  stopped->stop([&done] { done.count_down(); });
  done.wait();
  // A loop that has ended would leave whatever is posted undone.
  own->post([&held] {
    while (held.load())
      std::this_thread::yield();
  });
  stopped.reset();
  held = false;
}

}  // namespace
}  // namespace skiff
