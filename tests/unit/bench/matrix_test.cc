#include "vmm/bench/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "vmm/bench/guest_words.h"

namespace skiff::bench {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::vector<std::string> ids_of(const Selection& selection, const Matrix& matrix = full_matrix(),
                                const BenchBoard& board = bench_board()) {
  std::vector<std::string> ids;
  for (const VmPlan& plan : plan_of(matrix, board, selection)) {
    for (const std::string& cell : plan.cells)
      ids.push_back(plan.name_of(cell).id());
  }
  return ids;
}

std::set<std::string> set_of(Level level) {
  const auto ids = ids_of({.level = level});
  return {ids.begin(), ids.end()};
}

TEST(BenchMatrix, EachSelectionHasAllOfTheOneBefore) {
  const auto quick = set_of(Level::quick);
  const auto normal = set_of(Level::normal);
  const auto full = set_of(Level::full);
  EXPECT_TRUE(std::includes(normal.begin(), normal.end(), quick.begin(), quick.end()));
  EXPECT_TRUE(std::includes(full.begin(), full.end(), normal.begin(), normal.end()));
  EXPECT_LT(quick.size(), normal.size());
  EXPECT_LT(normal.size(), full.size());
  EXPECT_EQ(ids_of({.level = Level::full}).size(), full.size()) << "a cell is there twice";
}

TEST(BenchMatrix, TheQuickOneTellsTheStory) {
  const auto quick = set_of(Level::quick);
  for (const char* const id :
       {"doorbell/kernel/port-write", "doorbell/kernel/ioeventfd-mmio",
        "disk/virtio-pci/memory/read-4096-d1", "disk/virtio-pci/memory/read-4096-d32",
        "disk/ide,pio/memory/read-4096-d1", "disk/nvme/memory/read-4096-d1"}) {
    EXPECT_TRUE(quick.contains(id)) << id;
  }
}

TEST(BenchMatrix, TheFullOneHasEverySizeAndDepthOnEveryBackend) {
  const auto full = set_of(Level::full);
  for (const char* const backend : {"null", "memory", "file"}) {
    for (const char* const size : {"512", "4096", "65536", "1048576"}) {
      for (const char* const depth : {"1", "4", "32"}) {
        for (const char* const way : {"read", "write"}) {
          const std::string id =
              std::string("disk/virtio-pci/") + backend + "/" + way + "-" + size + "-d" + depth;
          EXPECT_TRUE(full.contains(id)) << id;
        }
      }
    }
  }
  EXPECT_FALSE(full.contains("disk/ide,dma/memory/read-4096-d4")) << "an ATA disk has one request";
}

TEST(BenchMatrix, TextForAConsoleComesByStdinWhichIsTheFirstSerialPorts) {
  const auto full = set_of(Level::full);
  EXPECT_TRUE(full.contains("console/16550,fifo/in"));
  EXPECT_TRUE(full.contains("console/virtio-console/out"));
  EXPECT_FALSE(full.contains("console/virtio-console/in"));
}

TEST(BenchMatrix, FiltersChooseFromAllOfIt) {
  EXPECT_THAT(ids_of({.level = Level::quick, .filters = {"disk/nvme/null/read-1048576-d32"}}),
              ElementsAre("disk/nvme/null/read-1048576-d32"));
  for (const std::string& id : ids_of({.filters = {"disk/*-d32"}})) {
    EXPECT_TRUE(id.starts_with("disk/") && id.ends_with("-d32")) << id;
  }
  EXPECT_THAT(
      ids_of({.filters = {"disk/virtio-pci/memory/read-4096-d1", "doorbell/*/mmio-write"}}),
      UnorderedElementsAre("disk/virtio-pci/memory/read-4096-d1", "doorbell/kernel/mmio-write",
                           "doorbell/split/mmio-write", "doorbell/user/mmio-write"));
  EXPECT_TRUE(ids_of({.filters = {"nothing"}}).empty());
  EXPECT_TRUE(ids_of({.filters = {"["}}).empty());
}

constexpr auto kOneController = std::to_array<DoorbellRow>({{"gic", 2, Level::quick, true}});
constexpr auto kPorts = std::to_array({Needs::ports, Needs::uart16550});

std::vector<VmPlan> all_of(const BenchBoard& board) {
  return plan_of(full_matrix(), board, {.level = Level::full});
}

TEST(BenchMatrix, ABoardWithoutPortsHasNothingThatIsReachedByThemAlone) {
  const BenchBoard board = {.doorbells = kOneController,
                            .irqchip = "auto",
                            .offers = {},
                            .names_mmio_devices = false,
                            .linux_console = "ttyAMA0"};
  std::set<std::string> ids;
  for (const VmPlan& plan : all_of(board)) {
    EXPECT_EQ(plan.irqchip, plan.group == "doorbell" ? "gic" : "auto");
    for (const std::string& cell : plan.cells)
      ids.insert(plan.name_of(cell).id());
  }
  for (const std::string& id : ids) {
    for (const char* const word : {"port", "ide,", "16550", "pl011", "coalesced"})
      EXPECT_EQ(id.find(word), std::string::npos) << id;
  }
  for (const char* const id : {"doorbell/gic/mmio-write", "doorbell/gic/ioeventfd-mmio",
                               "doorbell/gic/hypercall", "disk/virtio-mmio/memory/read-4096-d1",
                               "disk/nvme/memory/read-4096-d1", "net/e1000/transmit-1500"}) {
    EXPECT_TRUE(ids.contains(id)) << id;
  }
}

TEST(BenchMatrix, ABoardWithPortsHasThem) {
  const BenchBoard board = {.doorbells = kOneController,
                            .irqchip = "auto",
                            .offers = kPorts,
                            .names_mmio_devices = false,
                            .linux_console = "ttyAMA0"};
  std::set<std::string> setups;
  for (const VmPlan& plan : all_of(board))
    setups.insert(plan.group + "/" + plan.setup);
  EXPECT_TRUE(setups.contains("disk/ide,pio/memory"));
  EXPECT_TRUE(setups.contains("console/16550,byte"));
  EXPECT_FALSE(setups.contains("console/pl011,byte")) << "it has another";
}

constexpr auto kThreeControllers = std::to_array<DoorbellRow>(
    {{"kernel", 2, Level::normal, true}, {"split", 2, Level::normal}, {"user", 1, Level::normal}});
constexpr BenchBoard kPc = {.doorbells = kThreeControllers,
                            .irqchip = "kernel",
                            .offers = kPorts,
                            .names_mmio_devices = true,
                            .linux_console = "ttyS0"};

TEST(BenchMatrix, OfALinuxEveryFaceIsThereByEveryController) {
  for (const Level level : {Level::quick, Level::normal, Level::full}) {
    const auto ids = ids_of({.level = level}, linux_matrix(), kPc);
    const std::set<std::string> cells(ids.begin(), ids.end());
    EXPECT_EQ(ids.size(), cells.size()) << "a cell is there twice";
    for (const std::string face : {"virtio-pci", "virtio-mmio", "nvme", "ide,dma", "ide,pio"}) {
      EXPECT_TRUE(cells.contains("disk/" + face + "/memory/read-4096-d1")) << face;
      EXPECT_EQ(cells.contains("disk/" + face + "/memory/split/read-4096-d1"),
                level != Level::quick);
      EXPECT_EQ(cells.contains("disk/" + face + "/file/user/read-4096-d1"), level == Level::full);
    }
    for (const std::string face : {"virtio-pci", "virtio-mmio", "e1000"}) {
      EXPECT_TRUE(cells.contains("net/" + face + "/pingpong-64")) << face;
      EXPECT_EQ(cells.contains("net/" + face + "/user/pingpong-64"), level != Level::quick);
    }
    EXPECT_FALSE(cells.contains("disk/ide,pio/memory/read-4096-d32"));
    // The default is what the cells without a controller's name have, whatever its level.
    for (const std::string& id : ids)
      EXPECT_EQ(id.find("/kernel/"), std::string::npos) << id;
  }
  for (const VmPlan& plan : plan_of(linux_matrix(), kPc, {.filters = {"*/user/*"}})) {
    EXPECT_TRUE(plan.runs_linux);
    EXPECT_EQ(plan.irqchip, "user") << plan.setup;
    EXPECT_EQ(plan.program, "bench-linux");
  }
  for (const VmPlan& plan : plan_of(full_matrix(), bench_board(), {.level = Level::full}))
    EXPECT_FALSE(plan.runs_linux) << plan.setup;
}

TEST(BenchMatrix, NamesAreWhatTheReaderOfTheGuestsLinesTakes) {
  for (const Matrix* const matrix : {&full_matrix(), &linux_matrix()}) {
    for (const VmPlan& plan : plan_of(*matrix, bench_board(), {.level = Level::full})) {
      EXPECT_FALSE(plan.cells.empty());
      for (const std::string& cell : plan.cells) {
        const auto word = parse_guest_line("bench: ready cell=" + cell + " face=x requests=1");
        EXPECT_TRUE(std::holds_alternative<GuestReady>(word)) << cell;
      }
    }
  }
}

}  // namespace
}  // namespace skiff::bench
