// The console with its executor on a thread of its own and the outside on another, for the thread
// sanitizer above all.
#include <atomic>
#include <latch>
#include <thread>

#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/fake_receive_room_listener.h"
#include "tests/fakes/fake_virtio_driver.h"
#include "tests/unit/virtio/core/thread_executor.h"
#include "virtio/console/console_device.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

// Wakes a thread that waits for room.
class Gate final : public ReceiveRoomListener {
 public:
  void on_receive_room() noexcept override {
    open_.store(true);
    open_.notify_one();
  }
  void wait() {
    open_.wait(false);
    open_.store(false);
  }

 private:
  std::atomic<bool> open_{false};
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

TEST(ConsoleThreads, InputFromAnotherThreadWithResizesAndRoomCalls) {
  const SystemClock system_clock;
  ThreadExecutor executor;
  FakeByteSink sink;
  Gate gate;
  const ConsolePortOptions port = {.sink = &sink};
  ConsoleDevice console("console0", std::span(&port, 1), executor, system_clock);
  console.port(0).set_room_listener(&gate);
  FakeVirtioDriver driver(console);
  driver.activate(console.features());

  const std::string sent = pattern(200'000);
  std::thread outside([&] {
    for (std::size_t at = 0; at < sent.size();) {
      const auto part = std::string_view(sent).substr(at, 5000);
      const std::size_t taken = console.port(0).receive(std::as_bytes(std::span(part)));
      at += taken;
      if (taken < part.size()) gate.wait();
      console.port(0).on_transmit_room();
      console.port(0).on_window_size(static_cast<std::uint16_t>(at), 1);
    }
  });
  std::string got;
  int given = 0;
  while (got.size() < sent.size()) {
    while (given < FakeVirtioDriver::kQueueSize) {
      driver.give(0, 2048);
      ++given;
    }
    const auto bytes = driver.take(0);
    if (!bytes) {
      std::this_thread::yield();
      continue;
    }
    --given;
    got += *bytes;
    std::array<std::byte, 8> config;
    console.read_config(0, config);
  }
  outside.join();
  EXPECT_TRUE(got == sent);

  std::latch done(1);
  console.reset([&done] { done.count_down(); });
  done.wait();
}

TEST(ConsoleThreads, ResetsUnderLoad) {
  const SystemClock system_clock;
  ThreadExecutor executor;
  FakeByteSink sink;
  const ConsolePortOptions port = {.sink = &sink};
  ConsoleDevice console("console0", std::span(&port, 1), executor, system_clock);
  FakeVirtioDriver driver(console);
  std::atomic<bool> end{false};
  std::thread outside([&] {
    const std::string text = pattern(100);
    while (!end.load()) {
      console.port(0).receive(std::as_bytes(std::span(text)));
      console.port(0).on_transmit_room();
      console.port(0).on_window_size(static_cast<std::uint16_t>(text.size()), 2);
      std::this_thread::yield();
    }
  });
  for (int round = 0; round < 100; ++round) {
    driver.lay_rings();
    for (int i = 0; i < 8; ++i) {
      driver.give(0, 64);
      driver.send(1, "output");
    }
    driver.activate(console.features());
    std::latch done(1);
    console.reset([&done] { done.count_down(); });
    done.wait();
  }
  end = true;
  outside.join();
  EXPECT_EQ(driver.interrupts.needs_reset(), 0);
  EXPECT_EQ(sink.text().size(), 100U * 8U * 6U);
}

}  // namespace
}  // namespace skiff
