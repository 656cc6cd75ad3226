// Threads as vCPUs, on the real IoBus; run under TSan these prove the absence of data races.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

#include "devices/pci/pci_config_ports.h"
#include "tests/unit/pci/pci_fixture.h"

namespace skiff::pci_test {
namespace {

constexpr int kRounds = 2000;

TEST(PciRace, BarMovesWhileAnotherThreadReadsIt) {
  Machine machine;
  TestFunction function(machine.msi);
  machine.bus->add(function, {0, 3, 0});
  machine.bus->assign_bars();
  std::atomic<bool> stop{false};
  std::atomic<int> hits{0};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      IoBus::Reader reader(machine.mmio_bus);
      IoBus::Target target;
      while (!stop) {
        for (const std::uint64_t base : {0xe000'0000ULL, 0xe800'0000ULL}) {
          std::uint64_t value = 0;
          const IoStatus status = machine.mmio_bus.read(reader, base + 4, 4, value, target);
          if (status == IoStatus::ok && value == 0x2004) ++hits;
          if (status != IoStatus::ok) {
            EXPECT_EQ(value, 0xffff'ffffU);
          }
        }
      }
    });
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  for (int i = 0; i < kRounds || hits < 10; ++i) {
    if (std::chrono::steady_clock::now() > end) break;  // a machine too busy to let both run
    function.config_write(0x14, 4, i % 2 != 0 ? 0xe800'0000 : 0xe000'0000);
  }
  stop = true;
  readers.clear();
  EXPECT_EQ(machine.bus->faults(), 0U);
}

TEST(PciRace, TwoThreadsMoveOneBarAndTheBusAgreesWithTheRegister) {
  Machine machine;
  TestFunction function(machine.msi);
  machine.bus->add(function, {0, 3, 0});
  machine.bus->assign_bars();
  for (int round = 0; round < 50; ++round) {
    {
      std::vector<std::jthread> movers;
      for (const std::uint64_t base : {0xe100'0000ULL, 0xe800'0000ULL}) {
        movers.emplace_back([&function, base] {
          for (std::uint64_t i = 0; i < 20; ++i) {
            function.config_write(0x14, 4, base + i * 0x1000);
            function.config_write(pci::kCommand, 2, i % 3 == 0 ? 0 : pci::kCommandMemory);
          }
          function.config_write(pci::kCommand, 2, pci::kCommandMemory);
        });
      }
    }
    const std::uint64_t address = function.config_read(0x14, 4);
    ASSERT_EQ(machine.mmio(address), 0x2000U) << std::hex << address;
  }
}

TEST(PciRace, TwoThreadsShareTheAddressAndDataPorts) {
  Machine machine;
  TestFunction function(machine.msi);
  machine.bus->add(function, {0, 3, 0});
  PciConfigPorts ports(*machine.bus);
  std::vector<std::jthread> vcpus;
  for (unsigned seed = 0; seed < 2; ++seed) {
    vcpus.emplace_back([&ports, seed] {
      for (std::uint32_t i = seed; i < kRounds; ++i) {
        std::uint64_t value = 0;
        ports.write({0, 4}, 0x8000'1800 | (i * 4 & 0xfc));
        ports.write({4, 4}, i * 0x9e37'79b9);
        ports.read({4, 4}, value);
      }
    });
  }
  vcpus.clear();
  EXPECT_EQ(function.config_read(0, 4), 0x1050'1af4U);
}

TEST(PciRace, WireFollowsStatusWhateverTheOrder) {
  Machine machine;
  TestFunction function(machine.msi);
  machine.bus->add(function, {0, 0, 0});
  for (int round = 0; round < 200; ++round) {
    {
      std::jthread device([&] { function.set_intx(round % 2 == 0); });
      std::jthread guest([&] {
        function.config_write(pci::kCommand, 2, pci::kCommandIntxDisable);
        function.config_write(pci::kCommand, 2, 0);
      });
    }
    ASSERT_EQ(machine.pins[0].level, round % 2 == 0);
  }
}

TEST(PciRace, ABarThatMovesIsNeverNowhere) {
  Machine machine;
  TestFunction function(machine.msi);
  machine.bus->add(function, {0, 3, 0});
  machine.bus->assign_bars();
  const std::size_t ranges = machine.mmio_bus.snapshot().size();
  std::atomic<bool> stop{false};
  std::jthread looker([&] {
    while (!stop)
      ASSERT_EQ(machine.mmio_bus.snapshot().size(), ranges);
  });
  for (std::uint64_t i = 0; i < 500; ++i)
    function.config_write(0x14, 4, 0xe800'0000 + i % 16 * 0x1000);
  stop = true;
}

}  // namespace
}  // namespace skiff::pci_test
