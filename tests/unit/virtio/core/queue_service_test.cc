#include "virtio/core/queue_service.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tests/fakes/driver_queue.h"
#include "tests/fakes/fake_clock.h"

namespace skiff {
namespace {

// A clock that cannot watch any more descriptors.
class FullClock final : public Executor {
 public:
  explicit FullClock(FakeClock& clock) : clock_(clock) {}
  std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) override {
    return clock_.create_timer(std::move(on_expiry));
  }
  void post(std::function<void()> work) override { clock_.post(std::move(work)); }
  std::unique_ptr<Watch> watch(int fd, Readiness readiness,
                               std::function<void()> on_ready) override {
    if (room-- == 0) return nullptr;
    return clock_.watch(fd, readiness, std::move(on_ready));
  }
  bool runs_here() const noexcept override { return true; }

  int room = 0;

 private:
  FakeClock& clock_;
};

class QueueServiceTest : public ::testing::Test {
 protected:
  QueueService::Handlers log_all() {
    return {.on_start = [this] { log.emplace_back("start"); },
            .on_kick = [this](ActiveQueue& queue) { kicked(queue); },
            .on_stop = [this] { log.emplace_back("stop"); },
            .on_failure = [this](std::string_view why) { log.emplace_back(why); }};
  }
  void kicked(ActiveQueue& queue) {
    log.push_back("kick " + std::to_string(queue.index));
    if (on_kick) on_kick(queue);
  }
  Activation activation(std::initializer_list<std::uint16_t> indices) {
    Activation made{.features = 5, .queues = {}};
    for (const std::uint16_t index : indices) {
      const DriverQueue driver(memory, GuestAddress(0x1000ULL * index), 8);
      auto ring = Virtqueue::create(driver.config(), memory);
      made.queues.push_back({index, *std::move(ring), &kicks[index]});
    }
    return made;
  }
  std::function<void()> logged(const char* text) {
    return [this, text] { log.emplace_back(text); };
  }
  using Log = std::vector<std::string>;

  const GuestMemory memory{std::array{Range{0, 0x10000}}, {}};
  std::array<EventFd, 4> kicks;
  FakeClock clock;
  Log log;
  std::function<void(ActiveQueue&)> on_kick;
  std::optional<QueueService> service{std::in_place, clock, log_all()};
};

TEST_F(QueueServiceTest, StartsServesAndStopsOnTheExecutor) {
  service->start(activation({0, 1}));
  EXPECT_TRUE(log.empty());
  clock.run();
  EXPECT_EQ(log, (Log{"start", "kick 0", "kick 1"}));
  EXPECT_TRUE(service->started());
  EXPECT_EQ(service->features(), 5U);

  log.clear();
  kicks[1].signal();
  clock.run();
  EXPECT_EQ(log, (Log{"kick 1"}));

  log.clear();
  service->stop(logged("done"));
  EXPECT_TRUE(log.empty());
  clock.run();
  EXPECT_EQ(log, (Log{"stop", "done"}));
  EXPECT_FALSE(service->started());
  EXPECT_EQ(service->features(), 0U);
  EXPECT_EQ(service->queue(0), nullptr);

  kicks[0].signal();
  clock.run();
  EXPECT_EQ(log.size(), 2U);
}

TEST_F(QueueServiceTest, QueuesAreFoundByIndexAndOthersAreNot) {
  service->start(activation({1, 3}));
  clock.run();
  EXPECT_EQ(service->queue(0), nullptr);
  ASSERT_NE(service->queue(1), nullptr);
  EXPECT_EQ(service->queue(1)->index, 1);
  EXPECT_EQ(service->queue(2), nullptr);
  EXPECT_EQ(service->queue(3)->index, 3);
  EXPECT_EQ(service->queue(4), nullptr);
  EXPECT_EQ(service->queue(0xffff), nullptr);
}

TEST_F(QueueServiceTest, StopWithoutStartIsDoneAtOnce) {
  service->stop(logged("done"));
  EXPECT_EQ(log, (Log{"done"}));
  service->stop({});
  clock.run();
  EXPECT_EQ(log, (Log{"done"}));
}

TEST_F(QueueServiceTest, StopBeforeStartHasRun) {
  service->start(activation({1}));
  service->stop(logged("done"));
  clock.run();
  EXPECT_EQ(log, (Log{"start", "kick 1", "stop", "done"}));
}

TEST_F(QueueServiceTest, StartsAgain) {
  for (int round = 0; round < 3; ++round) {
    log.clear();
    service->start(activation({1}));
    service->stop(logged("done"));
    clock.run();
    EXPECT_EQ(log, (Log{"start", "kick 1", "stop", "done"}));
  }
}

TEST_F(QueueServiceTest, DoneMayStartAgain) {
  service->start(activation({1}));
  service->stop([this] {
    log.emplace_back("done");
    service->start(activation({2}));
  });
  clock.run();
  EXPECT_EQ(log, (Log{"start", "kick 1", "stop", "done", "start", "kick 2"}));
}

TEST_F(QueueServiceTest, KicksThatCameBeforeStopAreNotServedAfterIt) {
  service->start(activation({0, 1}));
  clock.run();
  log.clear();
  kicks[0].signal();
  kicks[1].signal();
  service->stop(logged("done"));
  clock.run();
  EXPECT_EQ(log, (Log{"stop", "done"}));
}

TEST_F(QueueServiceTest, GiveUpFromAKick) {
  service->start(activation({0, 1}));
  clock.run();
  log.clear();
  on_kick = [this](ActiveQueue& queue) {
    service->give_up();
    EXPECT_EQ(queue.ring.size(), 8);  // still there
    EXPECT_EQ(service->queue(0), nullptr);
    service->give_up();
  };
  kicks[0].signal();
  kicks[1].signal();
  clock.run();
  EXPECT_EQ(log, (Log{"kick 0", "stop"}));
  EXPECT_FALSE(service->started());

  log.clear();
  on_kick = nullptr;
  kicks[1].consume();
  service->stop(logged("done"));
  clock.run();
  EXPECT_EQ(log, (Log{"done"}));
  service->start(activation({1}));
  clock.run();
  EXPECT_EQ(log, (Log{"done", "start", "kick 1"}));
}

TEST_F(QueueServiceTest, GiveUpInTheFirstKickSparesTheOtherQueues) {
  on_kick = [this](ActiveQueue&) { service->give_up(); };
  service->start(activation({0, 1}));
  clock.run();
  EXPECT_EQ(log, (Log{"start", "kick 0", "stop"}));
}

TEST_F(QueueServiceTest, QueuesAreStillThereInOnStop) {
  bool there = false;
  service.emplace(clock,
                  QueueService::Handlers{.on_kick = [](ActiveQueue&) {},
                                         .on_stop = [&] { there = service->queue(1) != nullptr; }});
  service->start(activation({1}));
  service->stop({});
  clock.run();
  EXPECT_TRUE(there);
}

TEST_F(QueueServiceTest, GiveUpInOnStartAndInOnStop) {
  service.emplace(clock, QueueService::Handlers{.on_start = [this] { service->give_up(); },
                                                .on_kick = [this](ActiveQueue& q) { kicked(q); },
                                                .on_stop =
                                                    [this] {
                                                      log.emplace_back("stop");
                                                      service->give_up();
                                                    }});
  service->start(activation({0}));
  service->stop(logged("done"));
  clock.run();
  EXPECT_EQ(log, (Log{"stop", "done"}));
}

TEST_F(QueueServiceTest, HandlersMayBeAbsent) {
  service.emplace(clock, QueueService::Handlers{.on_kick = [this](ActiveQueue& q) { kicked(q); }});
  service->start(activation({0}));
  service->stop({});
  clock.run();
  EXPECT_EQ(log, (Log{"kick 0"}));
}

TEST_F(QueueServiceTest, PostedWorkRunsOnlyWhileStarted) {
  service->post(logged("too early"));
  clock.run();
  service->start(activation({1}));
  service->post(logged("work"));
  service->stop(logged("done"));
  service->post(logged("too late"));
  clock.run();
  EXPECT_EQ(log, (Log{"start", "kick 1", "work", "stop", "done"}));
}

TEST_F(QueueServiceTest, DestroyedWhileStarted) {
  service->start(activation({1}));
  clock.run();
  kicks[1].signal();
  service->post(logged("work"));
  log.clear();
  service.reset();
  EXPECT_EQ(log, (Log{"stop"}));
  clock.run();
  EXPECT_EQ(log, (Log{"stop"}));
}

TEST_F(QueueServiceTest, DestroyedBeforeStartHasRun) {
  service->start(activation({1}));
  service.reset();
  clock.run();
  EXPECT_TRUE(log.empty());
}

TEST_F(QueueServiceTest, DestroyedBeforeStopHasRun) {
  service->start(activation({1}));
  clock.run();
  log.clear();
  service->stop(logged("done"));
  service.reset();
  clock.run();
  EXPECT_EQ(log, (Log{"stop", "done"}));
}

TEST_F(QueueServiceTest, AKickThatCannotBeWatchedIsTold) {
  FullClock full(clock);
  full.room = 1;
  service.emplace(full, log_all());
  service->start(activation({0, 1}));
  clock.run();
  EXPECT_EQ(log, (Log{"start", "stop", "the host cannot wait for its notifications"}));
  EXPECT_FALSE(service->started());
  log.clear();
  kicks[0].signal();
  service->stop(logged("done"));
  clock.run();
  EXPECT_EQ(log, (Log{"done"}));
  service.reset();
}

TEST_F(QueueServiceTest, CountsTheDriversKicksAndNotItsOwn) {
  QueueCounters counters;
  Activation given = activation({0});
  given.queues[0].counters = &counters;
  service->start(std::move(given));
  clock.run();
  EXPECT_EQ(counters.notifications.value(), 0U);
  kicks[0].signal();
  kicks[0].signal();  // before it looks: they are one
  clock.run();
  EXPECT_EQ(counters.notifications.value(), 1U);
  service->queue(0)->serve_again();
  clock.run();
  EXPECT_EQ(counters.notifications.value(), 1U);
  kicks[0].signal();
  clock.run();
  EXPECT_EQ(counters.notifications.value(), 2U);
}

}  // namespace
}  // namespace skiff
