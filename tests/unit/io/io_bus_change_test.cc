// A bus that changes while it is read: what a guest does when it moves BARs.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <new>
#include <thread>
#include <vector>

#include "vmm/io/io_bus.h"

namespace skiff {
namespace {

// Runs what the test wants inside an access.
class CallbackDevice final : public IoDevice {
 public:
  explicit CallbackDevice(std::function<void()> inside = [] {}) : inside_(std::move(inside)) {}
  std::string_view name() const override { return "callback"; }
  IoStatus read(IoAccess access, std::uint64_t& value) override {
    inside_();
    value = access.offset;
    return IoStatus::ok;
  }
  IoStatus write(IoAccess, std::uint64_t) override {
    inside_();
    return IoStatus::ok;
  }

 private:
  const std::function<void()> inside_;
};

TEST(IoBusChange, DeviceMovesItselfWithinAnAccess) {
  IoBus bus("MMIO", {0, 1ULL << 40});
  IoBus::Reader reader(bus);
  std::uint64_t at = 0x1000;
  CallbackDevice* self = nullptr;
  CallbackDevice device([&] {
    ASSERT_TRUE(bus.remove(at, *self));
    at += 0x1000;
    ASSERT_TRUE(bus.add({at, 0x100}, *self));
  });
  self = &device;
  ASSERT_TRUE(bus.add({at, 0x100}, device));
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t before = at;
    std::uint64_t value = 0;
    IoBus::Target target;
    ASSERT_EQ(bus.read(reader, before + 4, 4, value, target), IoStatus::ok);
    EXPECT_EQ(value, 4U);
    EXPECT_EQ(bus.read(reader, before + 4, 4, value, target), IoStatus::no_such_register);
  }
}

// A reader stays inside one table while the other side publishes without end: memory stays bounded
// by one table per reader.
TEST(IoBusChange, TablesAliveAreBoundedWhileReadersStayInside) {
  IoBus bus("MMIO", {0, 1ULL << 40});
  std::atomic<int> inside{0};
  std::atomic<bool> leave{false};
  CallbackDevice slow([&] {
    ++inside;
    inside.notify_all();
    leave.wait(false);
  });
  CallbackDevice moving;
  ASSERT_TRUE(bus.add({0, 0x1000}, slow));
  constexpr int kReaders = 3;
  std::vector<std::jthread> readers;
  for (int i = 0; i < kReaders; ++i) {
    // Each enters another table, so that each keeps one of its own alive.
    readers.emplace_back([&bus] {
      IoBus::Reader reader(bus);
      std::uint64_t value = 0;
      IoBus::Target target;
      EXPECT_EQ(bus.read(reader, 8, 4, value, target), IoStatus::ok);
      EXPECT_EQ(value, 8U);
    });
    for (int now = inside; now != i + 1; now = inside)
      inside.wait(now);
    ASSERT_TRUE(bus.add({0x10'0000 + 0x1000 * static_cast<std::uint64_t>(i), 1}, moving));
  }
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(bus.add({0x20'0000, 0x1000}, moving));
    ASSERT_TRUE(bus.remove(0x20'0000, moving));
    ASSERT_LE(bus.tables_alive(), 1U + kReaders);
  }
  EXPECT_EQ(bus.tables_alive(), 1U + kReaders);
  leave = true;
  leave.notify_all();
  readers.clear();
  ASSERT_TRUE(bus.add({0x20'0000, 0x1000}, moving));
  EXPECT_EQ(bus.tables_alive(), 1U);
}

TEST(IoBusChange, ReaderThatEndedHoldsNothing) {
  IoBus bus("port", {0, 0x1'0000});
  CallbackDevice device;
  for (int i = 0; i < 100; ++i) {
    IoBus::Reader reader(bus);
    std::uint64_t value = 0;
    IoBus::Target target;
    ASSERT_TRUE(bus.add({0, 8}, device));
    bus.read(reader, 0, 1, value, target);
    ASSERT_TRUE(bus.remove(0, device));
    ASSERT_EQ(bus.tables_alive(), 1U);
  }
}

// Two vCPUs read, a third moves a BAR: each read reaches the device at one of its places or nobody,
// and never sees a torn or freed table (the sanitizers look).
TEST(IoBusChange, TwoReadersAndAMover) {
  IoBus bus("MMIO", {0, 1ULL << 40});
  CallbackDevice fixed;
  CallbackDevice moving;
  ASSERT_TRUE(bus.add({0x1000, 0x1000}, fixed));
  constexpr std::uint64_t kPlaces = 4;
  const auto place = [](std::uint64_t n) { return 0x10'0000 + n % kPlaces * 0x1'0000; };
  ASSERT_TRUE(bus.add({place(0), 0x100}, moving));
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::atomic<int> found{0};
  std::vector<std::jthread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      IoBus::Reader reader(bus);
      for (std::uint64_t n = 0; !stop.load(std::memory_order_relaxed); ++n) {
        std::uint64_t value = 0;
        IoBus::Target target;
        if (bus.read(reader, 0x1008, 4, value, target) != IoStatus::ok || value != 8) ++wrong;
        const IoStatus status = bus.read(reader, place(n) + 0x10, 4, value, target);
        if (status == IoStatus::ok) {
          ++found;
          if (value != 0x10 || target.device != &moving) ++wrong;
        } else if (status != IoStatus::no_such_register || value != 0xffff'ffff) {
          ++wrong;
        }
      }
    });
  }
  for (std::uint64_t n = 0; n < 20000 || found == 0; ++n) {
    ASSERT_TRUE(bus.remove(place(n), moving));
    ASSERT_TRUE(bus.add({place(n + 1), 0x100}, moving));
    if (n % 64 == 0) std::this_thread::yield();
  }
  stop = true;
  readers.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(found, 0);
}

TEST(IoBusChange, MoveIsOneStep) {
  IoBus bus("MMIO", {0, 1ULL << 40});
  CallbackDevice device;
  ASSERT_TRUE(bus.add({0x1000, 0x100}, device, 0x20));
  std::atomic<bool> stop{false};
  std::jthread looker([&] {
    while (!stop) {
      const IoBus::Table table = bus.snapshot();
      ASSERT_EQ(table.size(), 1U);
      ASSERT_EQ(table[0].offset_base, 0x20U);
    }
  });
  for (std::uint64_t n = 0; n < 2000; ++n)
    ASSERT_TRUE(bus.move(0x1000 + n * 0x100, device, {0x1100 + n * 0x100, 0x100}));
  stop = true;
}

TEST(IoBusChange, AMoveThatCannotBeChangesNothing) {
  IoBus bus("MMIO", {0, 0x1'0000});
  CallbackDevice device;
  CallbackDevice other;
  ASSERT_TRUE(bus.add({0x1000, 0x100}, device));
  ASSERT_TRUE(bus.add({0x2000, 0x100}, other));
  EXPECT_FALSE(bus.move(0x1000, device, {0x20f0, 0x100}));
  EXPECT_FALSE(bus.move(0x1000, device, {0xff80, 0x100}));
  EXPECT_FALSE(bus.move(0x1000, other, {0x3000, 0x100}));
  EXPECT_FALSE(bus.move(0x1010, device, {0x3000, 0x100}));
  EXPECT_TRUE(bus.move(0x1000, device, {0x1080, 0x100})) << "over its own old place";
  const IoBus::Table table = bus.snapshot();
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table[0].range, (Range{0x1080, 0x100}));
  EXPECT_EQ(table[1].range, (Range{0x2000, 0x100}));
}

}  // namespace
}  // namespace skiff
