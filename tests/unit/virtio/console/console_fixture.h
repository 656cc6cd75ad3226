// A virtio console with a driver at one end and sinks at the other.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_receive_room_listener.h"
#include "tests/fakes/fake_virtio_driver.h"
#include "tests/fakes/register_access.h"
#include "virtio/console/console_device.h"
#include "virtio/console/console_regs.h"

namespace skiff {

struct PortWish {
  std::string name{};
  bool is_console = true;
};

class ConsoleFixture : public ::testing::Test {
 protected:
  using Event = virtio_console::Event;

  // One console port without a name unless said otherwise.
  void create(std::vector<PortWish> wishes = {{}}, const DriverQueueOptions& options = {}) {
    driver.reset();  // before its device
    std::vector<ConsolePortOptions> ports;
    for (const PortWish& wish : wishes) {
      ports.push_back(
          {.name = wish.name, .is_console = wish.is_console, .sink = &sinks.emplace_back()});
    }
    console = std::make_unique<ConsoleDevice>("console0", ports, clock, clock);
    for (std::size_t i = 0; i < ports.size(); ++i)
      console->port(i).set_room_listener(&listeners.emplace_back());
    driver = std::make_unique<FakeVirtioDriver>(*console, options);
  }
  void start() { start(console->features()); }
  void start(std::uint64_t features) {
    driver->activate(features);
    clock.run();
  }
  void reset() {
    bool done = false;
    console->reset([&done] { done = true; });
    clock.run();
    EXPECT_TRUE(done);
  }
  // As a driver that comes anew.
  void restart() {
    reset();
    driver->lay_rings();
    start();
  }

  // As Linux does it: all ports are added and opened. What the device answers is thrown away.
  void open_ports() {
    tell(0, Event::device_ready, 1);
    for (std::uint32_t port = 0; port < console->port_count(); ++port) {
      tell(port, Event::port_ready, 1);
      tell(port, Event::port_open, 1);
    }
    hear_all();
  }
  void tell(std::uint32_t port, Event event, std::uint16_t value) {
    tell(port, static_cast<std::uint16_t>(event), value);
  }
  void tell(std::uint32_t port, std::uint16_t event, std::uint16_t value) {
    const virtio_console::ControlMessage message = {.id = port, .event = event, .value = value};
    std::string bytes(sizeof message, '\0');
    std::memcpy(bytes.data(), &message, sizeof message);
    driver->send(virtio_console::kControlTransmitQueue, bytes);
    clock.run();
    EXPECT_TRUE(driver->queue(virtio_console::kControlTransmitQueue).used());
  }
  // What the driver left offered is used first. The next message of the device: "port event value",
  // and in brackets what followed it; empty: there is none.
  std::string hear(std::uint32_t room = FakeVirtioDriver::kBufferSize) {
    auto& queue = driver->queue(virtio_console::kControlReceiveQueue);
    if (queue.free() == FakeVirtioDriver::kQueueSize) {
      driver->give(virtio_console::kControlReceiveQueue, room);
      clock.run();
    }
    const auto bytes = driver->take(virtio_console::kControlReceiveQueue);
    if (!bytes) return {};
    virtio_console::ControlMessage message;
    if (bytes->size() < sizeof message) return "short";
    std::memcpy(&message, bytes->data(), sizeof message);
    std::string text = std::to_string(message.id) + " " + std::to_string(message.event) + " " +
                       std::to_string(message.value);
    if (bytes->size() == sizeof message) return text;
    const std::string rest = bytes->substr(sizeof message);
    if (static_cast<Event>(message.event) != Event::resize) return text + " [" + rest + "]";
    virtio_console::Resize size;
    EXPECT_EQ(rest.size(), sizeof size);
    std::memcpy(&size, rest.data(), std::min(rest.size(), sizeof size));
    return text + " [" + std::to_string(size.cols) + "x" + std::to_string(size.rows) + "]";
  }
  std::vector<std::string> hear_all() {
    std::vector<std::string> heard;
    for (std::string text = hear(); !text.empty(); text = hear())
      heard.push_back(text);
    return heard;
  }
  // Everything that came back on a receive queue.
  std::string take_all(std::size_t queue) {
    std::string all;
    while (const auto bytes = driver->take(queue))
      all += *bytes;
    return all;
  }
  std::size_t input(std::size_t port, std::string_view text) {
    const std::size_t taken = console->port(port).receive(as_byte_span(text));
    clock.run();
    return taken;
  }
  template <typename T>
  T config(std::uint64_t offset) {
    T value{};
    console->read_config(offset, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }

  FakeClock clock;
  std::deque<FakeByteSink> sinks;
  std::deque<FakeReceiveRoomListener> listeners;
  std::unique_ptr<ConsoleDevice> console;
  std::unique_ptr<FakeVirtioDriver> driver;
};

}  // namespace skiff
