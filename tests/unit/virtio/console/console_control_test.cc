#include "virtio/console/console_control.h"

#include "tests/unit/virtio/console/console_fixture.h"

namespace skiff {
namespace {

using namespace virtio_console;

class ConsoleControlTest : public ConsoleFixture {
 protected:
  using Heard = std::vector<std::string>;
};

TEST_F(ConsoleControlTest, QueueNumbers) {
  EXPECT_EQ(receive_queue(0), 0);
  EXPECT_EQ(transmit_queue(0), 1);
  EXPECT_EQ(receive_queue(1), 4);
  EXPECT_EQ(transmit_queue(1), 5);
  for (std::size_t port = 0; port < ConsoleDevice::kMaxPorts; ++port) {
    EXPECT_EQ(port_of(receive_queue(port)), port);
    EXPECT_EQ(port_of(transmit_queue(port)), port);
    EXPECT_FALSE(is_transmit(receive_queue(port)));
    EXPECT_TRUE(is_transmit(transmit_queue(port)));
  }
}

TEST_F(ConsoleControlTest, ADriverLearnsOfAllPorts) {
  create({{}, {.name = "agent", .is_console = false}});
  console->port(0).on_window_size(80, 25);
  start();
  EXPECT_EQ(hear_all(), Heard{});
  tell(0, Event::device_ready, 1);
  EXPECT_EQ(hear_all(), (Heard{"0 1 1", "1 1 1"}));
  tell(0, Event::port_ready, 1);
  EXPECT_EQ(hear_all(), (Heard{"0 4 1", "0 6 1", "0 5 1 [80x25]"}));
  tell(1, Event::port_ready, 1);
  EXPECT_EQ(hear_all(), (Heard{"1 7 1 [agent]", "1 6 1"}));
  EXPECT_EQ(console->guest_faults(), 0U);
}

TEST_F(ConsoleControlTest, PortReadyWithoutDeviceReadyIsADriverThatWakesUp) {
  create({{.name = "c"}});
  start();
  tell(0, Event::port_ready, 1);
  EXPECT_EQ(hear_all(), (Heard{"0 4 1", "0 7 1 [c]", "0 6 1"}));
}

TEST_F(ConsoleControlTest, MessagesWaitForBuffersAndAreOwedOnce) {
  create({{}, {}});
  start();
  for (int i = 0; i < 500; ++i)
    tell(0, Event::device_ready, 1);
  for (int i = 0; i < 500; ++i)
    tell(1, Event::port_ready, 1);
  EXPECT_EQ(hear_all(), (Heard{"0 1 1", "1 4 1", "1 6 1"}));
}

TEST_F(ConsoleControlTest, OneInterruptForABatchOfMessages) {
  create({{}, {}, {}});
  start();
  for (int i = 0; i < 8; ++i)
    driver->give(kControlReceiveQueue);
  clock.run();
  EXPECT_EQ(driver->interrupts.of_queue(kControlReceiveQueue), 0);
  tell(0, Event::device_ready, 1);
  EXPECT_EQ(driver->interrupts.of_queue(kControlReceiveQueue), 1);
}

TEST_F(ConsoleControlTest, ResizeIsToldToAConsoleThatIsReady) {
  create({{}, {}, {.name = "plain", .is_console = false}});
  start();
  open_ports();
  console->port(1).on_window_size(100, 50);
  console->port(1).on_window_size(132, 43);
  console->port(2).on_window_size(1, 1);
  clock.run();
  EXPECT_EQ(hear_all(), (Heard{"1 5 1 [132x43]"}));
  EXPECT_EQ(driver->interrupts.of_config(), 0);
}

TEST_F(ConsoleControlTest, ResizeBeforeTheDriverIsReadyIsToldThen) {
  create({{}, {}});
  start();
  console->port(1).on_window_size(132, 43);
  clock.run();
  EXPECT_EQ(hear_all(), Heard{});
  tell(1, Event::port_ready, 1);
  EXPECT_EQ(hear_all(), (Heard{"1 4 1", "1 6 1", "1 5 1 [132x43]"}));
}

TEST_F(ConsoleControlTest, NoResizeWithoutTheFeature) {
  create({{}, {}});
  start(kFeatureMultiport);
  console->port(0).on_window_size(132, 43);
  open_ports();
  console->port(0).on_window_size(1, 1);
  clock.run();
  EXPECT_EQ(hear_all(), Heard{});
}

TEST_F(ConsoleControlTest, APortThatFailedGetsNoMessages) {
  create({{}, {}});
  start();
  tell(1, Event::port_ready, 1);
  tell(1, Event::port_ready, 0);
  console->port(1).on_window_size(1, 1);
  clock.run();
  EXPECT_EQ(hear_all(), Heard{});
  EXPECT_EQ(console->guest_faults(), 1U);
}

TEST_F(ConsoleControlTest, AMessageInPiecesAndALongOneAreUnderstood) {
  create({{}, {}});
  start();
  const GuestAddress at = driver->buffer(kControlTransmitQueue);
  driver->memory().store(at, ControlMessage{.id = 1, .event = 3, .value = 1});
  driver->queue(kControlTransmitQueue)
      .offer({{at, 3}, {at.plus(3).value(), 4}, {at.plus(7).value(), 100}});
  driver->kick(kControlTransmitQueue);
  clock.run();
  EXPECT_EQ(hear_all(), (Heard{"1 4 1", "1 6 1"}));
  EXPECT_EQ(console->guest_faults(), 0U);
}

TEST_F(ConsoleControlTest, WhatDoesNotFitTheDriversBuffersIsSkipped) {
  create({{.name = "a-name-of-20-letters"}});
  start();
  tell(0, Event::port_ready, 1);
  EXPECT_EQ(hear(4), "short");  // no room for any message: it waits
  EXPECT_EQ(hear(8), "0 4 1");
  EXPECT_EQ(hear(8), "short");  // the name
  EXPECT_EQ(hear(8), "0 6 1");
  EXPECT_EQ(console->guest_faults(), 2U);
}

TEST_F(ConsoleControlTest, AResetForgetsWhatWasOwedAndSaid) {
  create({{}, {.name = "agent"}});
  start();
  tell(0, Event::device_ready, 1);
  tell(1, Event::port_ready, 1);
  tell(1, Event::port_open, 1);
  restart();
  EXPECT_EQ(hear_all(), Heard{});
  EXPECT_EQ(input(1, "waits"), 5U);
  driver->give(receive_queue(1));
  clock.run();
  EXPECT_EQ(take_all(receive_queue(1)), "");
  tell(1, Event::port_open, 1);
  EXPECT_EQ(take_all(receive_queue(1)), "waits");
}

TEST_F(ConsoleControlTest, ADriverWithoutMultiportHasPortZeroAlone) {
  create({{}, {}});
  start(kFeatureSize);
  driver->send(1, "out");
  driver->send(transmit_queue(1), "nowhere");
  driver->give(0);
  driver->give(receive_queue(1));
  driver->give(kControlReceiveQueue);
  driver->send(kControlTransmitQueue, std::string(8, '\0'));
  clock.run();
  EXPECT_EQ(input(0, "in"), 2U);
  EXPECT_EQ(input(1, "stays"), 5U);
  EXPECT_EQ(sinks[0].text(), "out");
  EXPECT_EQ(sinks[1].text(), "");
  EXPECT_EQ(take_all(0), "in");
  EXPECT_FALSE(driver->queue(receive_queue(1)).has_used());
  EXPECT_FALSE(driver->queue(kControlTransmitQueue).has_used());
  EXPECT_FALSE(driver->queue(kControlReceiveQueue).has_used());
}

TEST_F(ConsoleControlTest, WithoutControlQueuesThePortsStayShut) {
  create({{}, {}});
  driver->activate(console->features(), 2);
  clock.run();
  driver->send(1, "out");
  driver->give(0);
  clock.run();
  EXPECT_EQ(input(0, "in"), 2U);
  EXPECT_EQ(sinks[0].text(), "out");
  EXPECT_EQ(take_all(0), "");
}

}  // namespace
}  // namespace skiff
