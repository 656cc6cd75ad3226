// Devices as they are, on an I/O thread and behind the registers, with two
// vCPUs: one is a driver that sets the device up, uses it and resets it, the other acknowledges
// interrupts and resets the device whenever it likes. No reset may stay undone, no request
// unanswered, no level on the wire. For the thread sanitizer, too.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <thread>

#include "tests/fakes/driver_queue.h"
#include "tests/fakes/fake_doorbells.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/register_access.h"
#include "tests/unit/disk/disk_fixture.h"
#include "virtio/block/block_device.h"
#include "virtio/block/block_regs.h"
#include "virtio/core/virtio_ids.h"
#include "virtio/rng/rng_device.h"
#include "virtio/transport/mmio_regs.h"
#include "virtio/transport/mmio_transport.h"
#include "vmm/base/log.h"
#include "vmm/machine/io_threads.h"

namespace skiff {
namespace {

using namespace virtio_mmio;

constexpr std::uint64_t kBase = 0xd000'0000;
constexpr std::uint8_t kRunning =
    virtio::kAcknowledge | virtio::kDriver | virtio::kFeaturesOk | virtio::kDriverOk;
constexpr unsigned kLives = 1000;

class ResetRace : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { log_setup(LogLevel::off, ""); }
  static void TearDownTestSuite() { log_setup(LogLevel::warning, ""); }

  // What one life of a driver asks for, several at once.
  using Offer = std::function<void(DriverQueue&)>;

  void run(std::unique_ptr<VirtioDevice> made, const Offer& offer);
  void run_block(const BlockOptions& options, DiskEngine engine);
  void live(const Offer& offer, unsigned life);
  void disturb();

  std::uint32_t get(std::uint64_t offset) {
    return static_cast<std::uint32_t>(read_register(*transport_, offset, 4));
  }
  // As a vCPU's thread does it: made again until the device takes it.
  void put(std::uint64_t offset, std::uint32_t value) {
    wait_for("a register write is taken",
             [&] { return write_register(*transport_, offset, value, 4) != IoStatus::busy; });
  }
  void notify() {
    if (!doorbells_.ring(kBase + kQueueNotify, 4, 0)) put(kQueueNotify, 0);
  }
  // What does not come would hold up the destructors as well: ends the program.
  template <typename Condition>
  static void wait_for(const char* what, Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > limit) {
        std::fprintf(stderr, "for a minute it has not happened that %s\n", what);
        std::abort();
      }
      std::this_thread::yield();
    }
  }
  bool set_up();

  const GuestMemory memory_{std::array{Range{0, 0x20000}}, {.huge_pages = HugePages::off}};
  const SystemClock clock_;
  FakeDoorbells doorbells_;
  bool has_doorbells_ = true;
  FakeIrqSink irq_;
  IoThreads threads_{{}};
  Executor& executor_ = threads_.executor("");
  std::unique_ptr<VirtioDevice> device_;
  std::optional<MmioTransport> transport_;
  std::optional<DriverQueue> queue_;
  std::atomic<bool> ended_{false};
  int answered_ = 0;
};

// False: the other vCPU came between.
bool ResetRace::set_up() {
  put(kStatus, 0);
  memory_.fill(GuestAddress(0), 0x8000, std::byte{0});
  queue_.emplace(memory_, GuestAddress(0), 16, DriverQueueOptions{.event_idx = true});
  put(kStatus, virtio::kAcknowledge);
  put(kStatus, virtio::kAcknowledge | virtio::kDriver);
  put(kDriverFeaturesSel, 0);
  put(kDriverFeatures, static_cast<std::uint32_t>(virtio::kFeatureEventIdx));
  put(kDriverFeaturesSel, 1);
  put(kDriverFeatures, static_cast<std::uint32_t>(virtio::kFeatureVersion1 >> 32));
  put(kStatus, kRunning & ~virtio::kDriverOk);
  put(kQueueSel, 0);
  put(kQueueNum, queue_->config().size);
  put(kQueueDescLow, static_cast<std::uint32_t>(queue_->config().descriptor_area.value));
  put(kQueueDriverLow, static_cast<std::uint32_t>(queue_->config().driver_area.value));
  put(kQueueDeviceLow, static_cast<std::uint32_t>(queue_->config().device_area.value));
  put(kQueueReady, 1);
  put(kStatus, kRunning);
  return get(kStatus) == kRunning;
}

void ResetRace::live(const Offer& offer, unsigned life) {
  if (!set_up()) return;
  offer(*queue_);
  notify();
  // Every other life ends with its requests under way.
  if (life % 2 == 0) return;
  wait_for("a request is answered, or the device reset",
           [&] { return queue_->has_used() || get(kStatus) != kRunning; });
  while (queue_->used())
    ++answered_;
  put(kInterruptAck, get(kInterruptStatus));
}

void ResetRace::disturb() {
  std::mt19937 random(1);
  while (!ended_.load()) {
    put(kInterruptAck, get(kInterruptStatus));
    if (random() % 64 == 0) put(kStatus, 0);
    if (random() % 64 == 0) notify();
    std::this_thread::yield();
  }
}

void ResetRace::run(std::unique_ptr<VirtioDevice> made, const Offer& offer) {
  device_ = std::move(made);
  transport_.emplace(*device_, memory_, TransportOptions{}, kBase, &irq_,
                     has_doorbells_ ? &doorbells_ : nullptr);
  {
    std::jthread other([this] { disturb(); });
    for (unsigned life = 0; life < kLives; ++life)
      live(offer, life);
    ended_ = true;
  }
  EXPECT_GT(answered_, 0);
  put(kStatus, 0);
  EXPECT_EQ(get(kInterruptStatus), 0U);
  EXPECT_FALSE(irq_.level);
  EXPECT_EQ(doorbells_.count(), 0U);

  // And it still works, interrupt and all.
  ASSERT_TRUE(set_up());
  offer(*queue_);
  notify();
  wait_for("a request is answered", [&] { return queue_->has_used(); });
  wait_for("its interrupt comes", [&] { return get(kInterruptStatus) == kIsrQueue; });
  put(kInterruptAck, kIsrQueue);
  EXPECT_FALSE(irq_.level);
}

TEST_F(ResetRace, Entropy) {
  run(std::make_unique<RngDevice>("rng", RngOptions{}, executor_, clock_), [](DriverQueue& queue) {
    for (std::uint64_t i = 0; i < 4; ++i)
      queue.offer({{GuestAddress(0x8000 + i * 0x1000), 64, true}});
  });
}

void ResetRace::run_block(const BlockOptions& options, DiskEngine engine) {
  const TemporaryFile file(1 << 20);
  auto disk = open_disk({.path = file.path(), .engine = engine});
  run(std::make_unique<BlockDevice>(std::move(disk), executor_, clock_, options),
      [this](DriverQueue& queue) {
        for (std::uint64_t i = 0; i < 4; ++i) {
          const std::uint64_t at = 0x8000 + i * 0x1000;
          memory_.store(GuestAddress(at), virtio_blk::Header{virtio_blk::kTypeIn, 0, i});
          queue.offer({{GuestAddress(at), sizeof(virtio_blk::Header)},
                       {GuestAddress(at + 0x100), 512, true},
                       {GuestAddress(at + 0x80), 1, true}});
        }
      });
}

TEST_F(ResetRace, Block) {
  run_block({}, DiskEngine::threads);
}

// Both vCPUs and the executor take turns in the device.
TEST_F(ResetRace, InlineBlock) {
  has_doorbells_ = false;
  run_block({.is_inline = true}, DiskEngine::threads);
}

TEST_F(ResetRace, InlineBlockWithTheRingOfTheKernel) {
  has_doorbells_ = false;
  run_block({.is_inline = true}, DiskEngine::automatic);
}

}  // namespace
}  // namespace skiff
