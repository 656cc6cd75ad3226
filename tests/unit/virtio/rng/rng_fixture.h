// A virtio entropy device with a driver at its one end.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_virtio_driver.h"
#include "virtio/rng/rng_device.h"

namespace skiff {

class RngFixture : public ::testing::Test {
 protected:
  void create(const RngOptions& wanted = {}, const DriverQueueOptions& options = {}) {
    driver.reset();  // before its device
    rng = std::make_unique<RngDevice>("rng0", wanted, clock, clock);
    driver = std::make_unique<FakeVirtioDriver>(*rng, options);
  }
  void start() {
    driver->activate(0);
    clock.run();
  }
  void reset() {
    bool done = false;
    rng->reset([&done] { done = true; });
    clock.run();
    EXPECT_TRUE(done);
  }
  // How many bytes a request of `length` was given; -1: it waits.
  int request(std::uint32_t length) {
    driver->give(0, length);
    clock.run();
    const auto bytes = driver->take(0);
    return bytes ? static_cast<int>(bytes->size()) : -1;
  }

  FakeClock clock;
  std::unique_ptr<RngDevice> rng;
  std::unique_ptr<FakeVirtioDriver> driver;
};

}  // namespace skiff
