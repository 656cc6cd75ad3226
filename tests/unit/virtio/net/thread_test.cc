// The device on a thread of its own, with a driver and a configuration reader on others.
#include <atomic>
#include <latch>
#include <thread>

#include "tests/unit/virtio/core/thread_executor.h"
#include "tests/unit/virtio/net/net_fixture.h"

namespace skiff::net_test {
namespace {

TEST(NetThread, FramesLinkChangesConfigurationReadsAndResets) {
  log_setup(LogLevel::off, "");
  const SystemClock clock;
  ThreadExecutor executor;
  auto backend = std::make_unique<FakeNetBackend>(FakeNetBackend::full_capabilities());
  FakeNetBackend& wire = *backend;
  auto device = create_net_device({.mac = kMacAddress}, std::move(backend), executor, clock);
  FakeVirtioDriver driver(*device);

  std::atomic<bool> ended = false;
  std::thread reader([&] {
    std::array<std::byte, 8> bytes;
    while (!ended.load()) {
      device->read_config(0, bytes);
      device->set_link(false);
      device->set_link(true);
    }
  });
  for (int life = 0; life < 5; ++life) {
    driver.lay_rings();
    driver.activate(device->features());
    const std::string mac = std::string("\1\1", 2) + bytes_of(MacAddress{{2, 0, 0, 0, 0, 7}});
    driver.send(2, mac);
    for (int i = 0; i < 50; ++i) {
      if (driver.queue(1).free() != 0) driver.send(1, bytes_of(NetFrameHeader{}) + make_frame(60));
      if (driver.queue(0).free() != 0) driver.give(0, 200);
      executor.post([&wire] { wire.arrive(make_frame(60)); });
      while (driver.queue(1).used()) {
      }
      while (driver.take(0)) {
      }
    }
    std::latch done(1);
    device->reset([&done] { done.count_down(); });
    done.wait();
  }
  ended = true;
  reader.join();
  EXPECT_EQ(driver.interrupts.needs_reset(), 0);
  std::latch looked(1);
  executor.post([&] {
    EXPECT_FALSE(wire.started);
    EXPECT_EQ(wire.sent.size(), wire.sent_by.size());
    looked.count_down();
  });
  looked.wait();
}

}  // namespace
}  // namespace skiff::net_test
