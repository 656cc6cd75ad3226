// Threads as vCPUs on one device's registers, and a thread as its executor; run under TSan these
// prove the absence of data races, everywhere that the device is called in turn.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "tests/unit/virtio/transport/transport_fixture.h"
#include "vmm/base/log.h"

namespace skiff::transport_test {
namespace {

constexpr int kRounds = 800;

class Race : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { log_setup(LogLevel::off, ""); }
  static void TearDownTestSuite() { log_setup(LogLevel::warning, ""); }
};

// The device's own thread: serves, finishes resets, and lets itself be heard.
class DeviceThread {
 public:
  explicit DeviceThread(FakeVirtioDevice& device)
      : thread_([this, &device] {
          device.hold_resets(true);
          for (unsigned i = 0; !stop_; ++i) {
            device.serve();
            if (device.active() && !device.reset_pending() && i % 8 == 0) {
              device.interrupts()->signal_queue(0);
            }
            if (i % 16 == 0) device.interrupts()->signal_config();
            if (i % 64 == 0) device.interrupts()->needs_reset("it is time");
            device.finish_reset();
          }
          device.hold_resets(false);
          while (device.finish_reset()) {
          }
        }) {}
  ~DeviceThread() {
    stop_ = true;
    thread_.join();
  }
  DeviceThread(const DeviceThread&) = delete;
  DeviceThread& operator=(const DeviceThread&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// What a vCPU does with `busy`: the same again, here not for ever.
void write_patiently(IoDevice& device, IoAccess access, std::uint64_t value) {
  for (int i = 0; i < 1000 && device.write(access, value) == IoStatus::busy; ++i)
    std::this_thread::yield();
}

// A vCPU that goes the way of a driver, with something else in between now and then.
void hammer(IoDevice& device, std::span<const RegisterRow> rows, IoAccess status,
            std::span<const IoAccess> others, unsigned seed) {
  std::mt19937 random(seed);
  const auto put = [&](TransportRegister reg, std::uint64_t value) {
    for (const RegisterRow& row : rows) {
      if (row.reg != reg || !row.writable() || row.part == RegisterPart::high) continue;
      write_patiently(device, {row.offset, row.width}, value);
      return;
    }
  };
  for (int round = 0; round < kRounds; ++round) {
    const std::uint32_t choice = random() % 32;
    std::uint64_t value = 0;
    if (choice < 20) {
      const RegisterRow& row = rows[random() % rows.size()];
      if (random() % 2 == 0) {
        device.read({row.offset, row.width}, value);
      } else {
        write_patiently(device, {row.offset, row.width}, random() % 6);
      }
      continue;
    }
    if (choice < 26) {
      const IoAccess other = others[random() % others.size()];
      device.read(other, value);
      device.write(other, random() % 3);
      continue;
    }
    if (choice == 26) write_patiently(device, status, 0);
    write_patiently(device, status, 1);
    write_patiently(device, status, 3);
    put(TransportRegister::driver_feature_select, 1);
    put(TransportRegister::driver_feature, 1);
    write_patiently(device, status, 11);
    put(TransportRegister::queue_select, 0);
    put(TransportRegister::queue_size, 4);
    put(TransportRegister::queue_desc, 0x1000);
    put(TransportRegister::queue_driver, 0x2000);
    put(TransportRegister::queue_device, 0x3000);
    put(TransportRegister::queue_enable, 1);
    write_patiently(device, status, 15);
  }
}

template <typename Driver>
void expect_still_works(Driver& driver) {
  EXPECT_EQ(driver.device.wrong_calls(), 0);
  EXPECT_GT(driver.device.activations(), 0);
  const bool wire = driver.wire();
  EXPECT_EQ(wire, driver.acknowledge() != 0) << "the last one in left the truth on the wire";
  driver.set_status(0);
  driver.start();
  EXPECT_EQ(driver.status(), kRunning);
  EXPECT_TRUE(driver.echo_works());
  EXPECT_LE(driver.device.activations() - driver.device.resets(), 1);
}

TEST_F(Race, TwoVcpusOnAllMmioRegisters) {
  MmioDriver driver;
  {
    const DeviceThread executor(driver.device);
    std::vector<std::jthread> vcpus;
    for (unsigned seed = 1; seed <= 2; ++seed) {
      vcpus.emplace_back([&driver, seed] {
        constexpr std::array<IoAccess, 4> kOthers{{{0x050, 4}, {0x064, 4}, {0x100, 8}, {0x060, 4}}};
        hammer(*driver.transport, virtio_mmio::kRows, {0x070, 4}, kOthers, seed);
      });
    }
  }
  expect_still_works(driver);
}

TEST_F(Race, TwoVcpusOnAllPciRegistersWhileTheBarMoves) {
  PciDriver driver;
  {
    const DeviceThread executor(driver.device);
    std::vector<std::jthread> vcpus;
    for (unsigned seed = 1; seed <= 2; ++seed) {
      vcpus.emplace_back([&driver, seed] {
        constexpr std::array<IoAccess, 4> kOthers{
            {{0x3000, 2}, {0x1000, 1}, {0x2000, 8}, {0x3004, 4}}};
        hammer(*driver.transport->bar(0)->device, virtio_pci::kRows, {0x14, 1}, kOthers, seed);
      });
    }
    vcpus.emplace_back([&driver] {
      for (std::uint64_t i = 0; i < 500; ++i) {
        driver.transport->config_write(0x10, 4, 0xe400'0000 + i % 4 * 0x10'0000);
        if (i % 8 == 0) driver.transport->config_write(0x04, 2, i % 16 == 0 ? 0 : 2);
        driver.transport->config_read(0x40, 4);
      }
      driver.transport->config_write(0x04, 2, 2);
    });
  }
  expect_still_works(driver);
  EXPECT_EQ(driver.doorbells.count(), 1U);
}

// Whoever asks for the counters sees them grow, through resets too.
TEST_F(Race, CountersAreReadWhileTheyGrow) {
  MmioDriver driver;
  std::atomic<bool> done{false};
  std::jthread reader([&driver, &done] {
    std::uint64_t last = 0;
    while (!done) {
      const DeviceStats stats = driver.transport->stats();
      EXPECT_GE(stats.queues[0].requests, last);
      last = stats.queues[0].requests;
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    if (i % 50 == 0) {
      driver.set_status(0);
      driver.start();
    }
    ASSERT_TRUE(driver.echo_works());
  }
  done = true;
  reader.join();
  EXPECT_EQ(driver.transport->stats().queues[0].requests, static_cast<unsigned>(kRounds));
}

TEST_F(Race, AResetInFlightIsWaitedForByTheDestructor) {
  for (int i = 0; i < 20; ++i) {
    MmioDriver driver;
    const DeviceThread executor(driver.device);
    driver.start();
    driver.transport->write({0x070, 4}, 0);
    // The device's thread calls interrupts() too: only the state is looked at here.
    driver.transport->quiesce();
    EXPECT_FALSE(driver.device.active());
  }
}

}  // namespace
}  // namespace skiff::transport_test
