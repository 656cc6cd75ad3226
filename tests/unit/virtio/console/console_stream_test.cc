// Bytes through a port, both ways: every one of them, in order, with the slower side waited for.
#include <deque>
#include <random>

#include "tests/unit/virtio/console/console_fixture.h"

namespace skiff {
namespace {

using namespace virtio_console;

// Takes a little at a time, and nothing now and then, until it is told to go on.
class SlowSink final : public ByteSink {
 public:
  std::size_t write(std::span<const std::byte> bytes) noexcept override {
    const std::size_t taken = std::min<std::size_t>(bytes.size(), random_() % 41);
    for (const std::byte byte : bytes.first(taken))
      text += static_cast<char>(byte);
    if (taken == 0) ++refusals;
    return taken;
  }
  bool writable() const noexcept override { return true; }

  std::string text;
  int refusals = 0;

 private:
  std::mt19937 random_{7};
};

class ConsoleStreamTest : public ConsoleFixture {
 protected:
  std::string random_text(std::size_t size) {
    std::string text(size, '\0');
    for (char& letter : text)
      letter = static_cast<char>(random() & 0xff);
    return text;
  }
  std::size_t up_to(std::size_t limit) { return random() % limit + 1; }

  std::mt19937 random{3};
};

class ConsoleFormats : public ConsoleStreamTest,
                       public ::testing::WithParamInterface<DriverQueueOptions> {};

INSTANTIATE_TEST_SUITE_P(Rings, ConsoleFormats,
                         ::testing::Values(DriverQueueOptions{},
                                           DriverQueueOptions{.event_idx = true},
                                           DriverQueueOptions{.packed = true},
                                           DriverQueueOptions{.packed = true, .event_idx = true}));

TEST_P(ConsoleFormats, AMegabyteOutThroughASlowSink) {
  SlowSink sink;
  const ConsolePortOptions port = {.sink = &sink};
  console = std::make_unique<ConsoleDevice>("console0", std::span(&port, 1), clock, clock);
  driver = std::make_unique<FakeVirtioDriver>(*console, GetParam());
  start();
  const std::string sent = random_text(1 << 20);
  DriverQueue& queue = driver->queue(1);
  for (std::size_t at = 0; at < sent.size() || queue.free() < FakeVirtioDriver::kQueueSize;) {
    // Chains of one to three buffers.
    while (at < sent.size() && queue.free() >= 3) {
      std::vector<DriverBuffer> chain;
      for (std::size_t i = up_to(3); i != 0 && at < sent.size(); --i) {
        const std::string part = sent.substr(at, up_to(2048));
        const GuestAddress to = driver->buffer(1);
        driver->memory().write(to, as_byte_span(part));
        chain.push_back({to, static_cast<std::uint32_t>(part.size())});
        at += part.size();
      }
      queue.offer(chain);
    }
    if (queue.should_notify()) driver->kick(1);
    clock.run();
    console->port(0).on_transmit_room();
    clock.run();
    while (const auto used = queue.used())
      EXPECT_EQ(used->length, 0U);
  }
  EXPECT_TRUE(sink.text == sent);
  EXPECT_GT(sink.refusals, 1000);
}

TEST_P(ConsoleFormats, AMegabyteIn) {
  create({{}}, GetParam());
  start();
  const std::string sent = random_text(1 << 20);
  std::string got;
  DriverQueue& queue = driver->queue(0);
  std::deque<DriverBuffer> order;  // buffers given, as they come back
  std::size_t at = 0;
  bool may_send = true;
  while (got.size() < sent.size()) {
    for (std::size_t i = up_to(4); may_send && i != 0 && at < sent.size(); --i) {
      const std::string part = sent.substr(at, up_to(9000));
      const std::size_t taken = console->port(0).receive(as_byte_span(part));
      at += taken;
      // Not asked again before the device says that there is room.
      may_send = taken == part.size();
      if (!may_send) listeners[0].calls = 0;
    }
    for (std::size_t i = up_to(20); i != 0 && queue.free() != 0; --i) {
      const std::size_t before = queue.free();
      const GuestAddress to = driver->buffer(0);
      order.push_back({to, static_cast<std::uint32_t>(up_to(2048)), true});
      queue.offer(std::span(&order.back(), 1));
      EXPECT_EQ(queue.free(), before - 1);
    }
    if (queue.should_notify()) driver->kick(0);
    clock.run();
    while (const auto used = queue.used()) {
      ASSERT_FALSE(order.empty());
      ASSERT_LE(used->length, order.front().length);
      ASSERT_NE(used->length, 0U);
      std::string part(used->length, '\0');
      driver->memory().read(order.front().address, std::as_writable_bytes(std::span(part)));
      order.pop_front();
      got += part;
    }
    may_send = may_send || listeners[0].calls.load() != 0;
  }
  EXPECT_EQ(got.size(), sent.size());
  EXPECT_TRUE(got == sent);
}

TEST_F(ConsoleStreamTest, OutputAndInterrupt) {
  create();
  start();
  driver->send(1, "hello");
  clock.run();
  EXPECT_EQ(sinks[0].text(), "hello");
  EXPECT_EQ(driver->interrupts.of_queue(1), 1);
  EXPECT_TRUE(driver->queue(1).used());
}

TEST_F(ConsoleStreamTest, OutputOfferedBeforeDriverOkIsSent) {
  create();
  driver->send(1, "early");
  start();
  EXPECT_EQ(sinks[0].text(), "early");
}

TEST_F(ConsoleStreamTest, ABatchIsOneInterruptAndAWholeBufferOneCallOfTheSink) {
  create();
  start();
  for (int i = 0; i < 10; ++i)
    driver->send(1, std::string(1000, 'x'));
  const int calls = sinks[0].calls();
  clock.run();
  EXPECT_EQ(driver->interrupts.of_queue(1), 1);
  EXPECT_EQ(sinks[0].calls() - calls, 10);
}

TEST_F(ConsoleStreamTest, AFullSinkIsNotAskedAgainUntilItHasRoom) {
  create();
  start();
  sinks[0].set_room(3);
  driver->send(1, "hello");
  driver->send(1, " world");
  clock.run();
  EXPECT_EQ(sinks[0].text(), "hel");
  EXPECT_FALSE(driver->queue(1).has_used());
  const int calls = sinks[0].calls();
  EXPECT_FALSE(clock.run());
  EXPECT_EQ(sinks[0].calls(), calls);

  sinks[0].set_room(4);
  console->port(0).on_transmit_room();
  clock.run();
  EXPECT_EQ(sinks[0].text(), "hello w");
  EXPECT_TRUE(driver->queue(1).used());
  EXPECT_FALSE(driver->queue(1).has_used());
  sinks[0].set_room(1000);
  console->port(0).on_transmit_room();
  clock.run();
  EXPECT_EQ(sinks[0].text(), "hello world");
}

TEST_F(ConsoleStreamTest, ASinkThatCannotTellIsOfferedTheRestAfterAWhile) {
  // As a FIFO is: full now, and nobody says when it no longer is.
  class Fifo final : public ByteSink {
   public:
    std::size_t write(std::span<const std::byte> bytes) noexcept override {
      const std::size_t taken = std::min(bytes.size(), room);
      room -= taken;
      return taken;
    }
    bool writable() const noexcept override { return true; }
    std::size_t room = 3;
  };
  Fifo fifo;
  const ConsolePortOptions port = {.sink = &fifo};
  console = std::make_unique<ConsoleDevice>("console0", std::span(&port, 1), clock, clock);
  driver = std::make_unique<FakeVirtioDriver>(*console);
  start();
  driver->send(1, "hello");
  clock.run();
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(clock.run());
    clock.advance(ConsoleDevice::kRetryPeriod);
  }
  EXPECT_FALSE(driver->queue(1).has_used());
  fifo.room = 100;
  clock.advance(ConsoleDevice::kRetryPeriod);
  EXPECT_TRUE(driver->queue(1).used());
  EXPECT_EQ(fifo.room, 98U);
}

TEST_F(ConsoleStreamTest, NoNotificationIsWantedWhileTheSinkIsFull) {
  create();
  start();
  sinks[0].set_room(0);
  driver->send(1, "x");
  clock.run();
  driver->queue(1).should_notify();
  driver->queue(1).offer({{driver->buffer(1), 1}});
  EXPECT_FALSE(driver->queue(1).should_notify());
  sinks[0].set_room(100);
  console->port(0).on_transmit_room();
  clock.run();
  driver->queue(1).offer({{driver->buffer(1), 1}});
  EXPECT_TRUE(driver->queue(1).should_notify());
}

TEST_F(ConsoleStreamTest, OutputBeyondATurnGoesOn) {
  create();
  start();
  // The same 2 KiB over and over: 1 MiB in one turn would be enough for 512 chains.
  const GuestAddress at = driver->buffer(1);
  std::vector<DriverBuffer> chain(FakeVirtioDriver::kQueueSize, {at, 0x8000});
  for (int i = 0; i < 3; ++i) {
    driver->queue(1).offer(std::span(chain).first(4));
    driver->queue(1).offer(std::span(chain).first(4));
    driver->queue(1).offer(std::span(chain).first(8));
    driver->kick(1);
    clock.run();
    while (driver->queue(1).used()) {
    }
  }
  EXPECT_EQ(sinks[0].text().size(), 3U * 16U * 0x8000U);
}

TEST_F(ConsoleStreamTest, InputWaitsForBuffersAndForTheDriver) {
  create();
  EXPECT_EQ(input(0, "before "), 7U);
  start();
  EXPECT_EQ(take_all(0), "");
  EXPECT_EQ(input(0, "and after"), 9U);
  driver->give(0, 10);
  driver->give(0, 100);
  clock.run();
  EXPECT_EQ(driver->take(0), "before and");
  EXPECT_EQ(driver->take(0), " after");
  EXPECT_EQ(driver->interrupts.of_queue(0), 1);
  driver->give(0);
  clock.run();
  EXPECT_EQ(driver->take(0), std::nullopt);
  EXPECT_EQ(input(0, "!"), 1U);
  EXPECT_EQ(driver->take(0), "!");
}

TEST_F(ConsoleStreamTest, BuffersAreGivenSilentlyWhileThereIsNoInput) {
  create();
  start();
  driver->queue(0).should_notify();
  driver->queue(0).offer({{driver->buffer(0), 16, true}});
  EXPECT_FALSE(driver->queue(0).should_notify());
  input(0, std::string(40, 'x'));
  driver->queue(0).offer({{driver->buffer(0), 16, true}});
  EXPECT_TRUE(driver->queue(0).should_notify());
}

TEST_F(ConsoleStreamTest, AFullRingRefusesAndTellsWhenHalfIsFree) {
  create();
  start();
  const std::string much(InputRing::kCapacity + 100, 'x');
  EXPECT_EQ(input(0, much), InputRing::kCapacity);
  EXPECT_EQ(input(0, "y"), 0U);
  for (std::size_t moved = 0; moved < InputRing::kCapacity / 2; moved += 2048) {
    EXPECT_EQ(listeners[0].calls.load(), 0);
    driver->give(0, 2048);
    clock.run();
    EXPECT_EQ(driver->take(0)->size(), 2048U);
  }
  EXPECT_EQ(listeners[0].calls.load(), 1);
  EXPECT_EQ(input(0, "y"), 1U);
}

TEST_F(ConsoleStreamTest, NobodyIsToldOfRoomWhoWasNotRefused) {
  create();
  start();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(input(0, std::string(1000, 'x')), 1000U);
    driver->give(0, 2048);
    clock.run();
    EXPECT_EQ(driver->take(0)->size(), 1000U);
  }
  EXPECT_EQ(listeners[0].calls.load(), 0);
}

TEST_F(ConsoleStreamTest, ResetKeepsInputAndForgetsOutput) {
  create();
  start();
  sinks[0].set_room(2);
  driver->send(1, "lost");
  driver->send(1, "too");
  EXPECT_EQ(input(0, "kept"), 4U);
  clock.run();
  restart();
  sinks[0].set_room(100);
  console->port(0).on_transmit_room();
  clock.run();
  EXPECT_EQ(sinks[0].text(), "lo");
  driver->send(1, "new");
  driver->give(0);
  clock.run();
  EXPECT_EQ(sinks[0].text(), "lonew");
  EXPECT_EQ(take_all(0), "kept");
}

TEST_F(ConsoleStreamTest, OutputWhoseKickComesWithTheResetIsSent) {
  create();
  start();
  driver->send(1, "last words");
  reset();
  EXPECT_EQ(sinks[0].text(), "last words");
}

TEST_F(ConsoleStreamTest, IsIdleWhenTheSinkHasTakenAll) {
  create();
  CharacterDevice& port = console->port(0);
  EXPECT_TRUE(port.is_transmit_idle());  // nobody is there
  start();
  sinks[0].set_room(3);
  driver->send(1, "hello");
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(port.is_transmit_idle());
    clock.run();
  }
  sinks[0].set_room(100);
  EXPECT_FALSE(port.is_transmit_idle());
  clock.run();
  EXPECT_TRUE(port.is_transmit_idle());
  EXPECT_EQ(sinks[0].text(), "hello");
  driver->queue(1).split().set_available_index(1000);
  driver->kick(1);
  clock.run();
  EXPECT_EQ(driver->interrupts.needs_reset(), 1);
  EXPECT_TRUE(port.is_transmit_idle());
}

TEST_F(ConsoleStreamTest, ResetAtAnyMoment) {
  create({{}, {.name = "agent"}});
  for (std::size_t round = 0; round < 300; ++round) {
    driver->lay_rings();
    driver->activate(console->features());
    if (random() % 4 != 0) clock.run(static_cast<int>(up_to(3)));
    sinks[0].set_room(random() % 3000);
    for (std::size_t i = up_to(5); i != 0; --i) {
      driver->send(transmit_queue(random() % 2), random_text(up_to(2000)));
      driver->give(receive_queue(random() % 2));
      driver->give(kControlReceiveQueue);
      console->port(random() % 2).receive(as_byte_span(random_text(up_to(1000))));
      if (random() % 3 == 0) console->port(0).on_transmit_room();
      if (random() % 3 == 0) {
        console->port(1).on_window_size(static_cast<std::uint16_t>(random()), 1);
      }
      if (random() % 2 == 0) clock.run(static_cast<int>(up_to(3)));
    }
    reset();
    for (std::size_t queue = 0; queue < 6; ++queue) {
      while (driver->queue(queue).used()) {
      }
    }
    clock.run();
    for (std::size_t queue = 0; queue < 6; ++queue)
      EXPECT_FALSE(driver->queue(queue).has_used());
  }
  EXPECT_EQ(driver->interrupts.needs_reset(), 0);
}

TEST_F(ConsoleStreamTest, DestroyedWithEverythingPending) {
  create({{}, {}});
  start();
  open_ports();
  sinks[0].set_room(1);
  driver->send(1, "pending");
  input(1, "pending");
  driver->kick(1);
  driver.reset();
  console.reset();
  clock.run();
}

TEST_F(ConsoleStreamTest, PortsDoNotMix) {
  create({{}, {.name = "b", .is_console = false}});
  start();
  open_ports();
  sinks[0].set_room(0);
  driver->send(transmit_queue(0), "zero");
  driver->send(transmit_queue(1), "one");
  clock.run();
  EXPECT_EQ(sinks[0].text(), "");
  EXPECT_EQ(sinks[1].text(), "one");
  driver->give(receive_queue(0));
  driver->give(receive_queue(1));
  input(1, "to one");
  EXPECT_EQ(take_all(receive_queue(0)), "");
  EXPECT_EQ(take_all(receive_queue(1)), "to one");
  input(0, "to zero");
  EXPECT_EQ(take_all(receive_queue(0)), "to zero");
}

TEST_F(ConsoleStreamTest, InputComesWhileThePortIsOpenInTheGuest) {
  create({{}, {.is_console = false}});
  start();
  tell(1, Event::port_ready, 1);
  driver->give(receive_queue(1));
  input(1, "a");
  EXPECT_EQ(take_all(receive_queue(1)), "");
  tell(1, Event::port_open, 1);
  EXPECT_EQ(take_all(receive_queue(1)), "a");
  driver->give(receive_queue(1));
  tell(1, Event::port_open, 0);
  input(1, "b");
  EXPECT_EQ(take_all(receive_queue(1)), "");
  // Output is taken all the same.
  driver->send(transmit_queue(1), "out");
  clock.run();
  EXPECT_EQ(sinks[1].text(), "out");
  tell(1, Event::port_open, 1);
  EXPECT_EQ(take_all(receive_queue(1)), "b");
}

TEST_F(ConsoleStreamTest, ABreakIsNothing) {
  create();
  start();
  driver->give(0);
  console->port(0).receive_break();
  clock.run();
  EXPECT_EQ(take_all(0), "");
}

}  // namespace
}  // namespace skiff
