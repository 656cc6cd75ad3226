#include "virtio/block/block_device.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <future>
#include <utility>

#include "virtio/block/block_regs.h"
#include "virtio/block/block_service.h"
#include "virtio/core/virtio_ids.h"
#include "vmm/io/inline_executor.h"

namespace skiff {
namespace {

using namespace virtio_blk;

// More buffers than one system call takes are of no use (IOV_MAX), with header and status.
constexpr std::uint32_t kMostSegments = 1022;

BlockOptions checked(BlockOptions options) {
  options.queues = std::clamp<std::uint16_t>(options.queues, 1, BlockOptions::kMaxQueues);
  options.queue_size =
      std::bit_floor(std::clamp<std::uint16_t>(options.queue_size, 4, kMaxQueueSize));
  return options;
}

Config make_config(const DiskBackend& disk, const BlockOptions& options) {
  const DiskInfo& info = disk.info();
  const auto blocks = [&info](std::uint32_t bytes) { return bytes / info.block_size; };
  Config config{};
  config.capacity = disk.capacity() / kSectorSize;
  config.seg_max = std::min<std::uint32_t>(options.queue_size - 2U, kMostSegments);
  config.blk_size = info.block_size;
  config.physical_block_exp =
      static_cast<std::uint8_t>(std::bit_width(std::max(1U, blocks(info.physical_block_size))) - 1);
  config.min_io_size =
      static_cast<std::uint16_t>(std::clamp(blocks(info.physical_block_size), 1U, 65535U));
  config.opt_io_size = blocks(info.optimal_io_size);
  config.num_queues = options.queues;
  if (info.can_discard) {
    config.max_discard_sectors = kMaxDiscardSectors;
    config.max_discard_seg = kMaxDiscardSegments;
    config.discard_sector_alignment =
        std::max(1U, static_cast<std::uint32_t>(info.discard_alignment / kSectorSize));
  }
  if (info.can_write_zeroes) {
    config.max_write_zeroes_sectors = kMaxWriteZeroesSectors;
    config.max_write_zeroes_seg = kMaxWriteZeroesSegments;
    config.write_zeroes_may_unmap = info.can_discard ? 1 : 0;
  }
  return config;
}

}  // namespace

BlockDevice::BlockDevice(std::unique_ptr<DiskBackend> disk, Executor& executor, const Clock& clock,
                         const BlockOptions& options)
    : inline_(options.is_inline ? std::make_unique<InlineExecutor>(executor) : nullptr),
      service_(std::make_shared<BlockService>(std::move(disk),
                                              inline_ ? static_cast<Executor&>(*inline_) : executor,
                                              clock, checked(options))),
      queue_sizes_(service_->options().queues, service_->options().queue_size) {}

BlockDevice::~BlockDevice() {
  Executor& executor = service_->executor();
  if (executor.runs_here()) {
    service_->shut_down();
    return;
  }
  std::promise<void> ended;
  executor.post([&ended, this] {
    service_->shut_down();
    ended.set_value();
  });
  ended.get_future().wait();
}

std::string_view BlockDevice::name() const {
  return service_->options().name;
}

std::uint32_t BlockDevice::device_id() const {
  return virtio::kBlock;
}

std::uint64_t BlockDevice::features() const {
  const DiskInfo& info = service_->disk().info();
  std::uint64_t features = kFeatureSegMax | kFeatureBlockSize | kFeatureTopology | kFeatureFlush;
  if (info.read_only) features |= kFeatureReadOnly;
  if (info.can_discard) features |= kFeatureDiscard;
  if (info.can_write_zeroes) features |= kFeatureWriteZeroes;
  if (queue_sizes_.size() > 1) features |= kFeatureMultiQueue;
  return features;
}

std::span<const std::uint16_t> BlockDevice::queue_sizes() const {
  return queue_sizes_;
}

void BlockDevice::read_config(std::uint64_t offset, std::span<std::byte> out) const {
  const Config config = make_config(service_->disk(), service_->options());
  const auto bytes = std::as_bytes(std::span(&config, 1));
  std::ranges::fill(out, std::byte{0});
  if (offset >= bytes.size()) return;
  const std::size_t count = std::min<std::size_t>(out.size(), bytes.size() - offset);
  std::memcpy(out.data(), bytes.data() + offset, count);
}

void BlockDevice::activate(Activation activation) {
  // A std::function must be copyable; an Activation is not.
  auto held = std::make_shared<Activation>(std::move(activation));
  service_->executor().post([weak = std::weak_ptr(service_), held, interrupts = interrupts()] {
    if (const auto service = weak.lock()) service->start(std::move(*held), interrupts);
  });
}

void BlockDevice::reset(std::function<void()> done) {
  service_->executor().post([weak = std::weak_ptr(service_), done = std::move(done)]() mutable {
    if (const auto service = weak.lock()) return service->stop(std::move(done));
    done();
  });
}

std::uint64_t BlockDevice::guest_faults() const {
  return service_->guest_faults();
}

bool BlockDevice::take_notification(std::uint16_t queue) {
  if (inline_ == nullptr || inline_->runs_here()) return false;
  inline_->post([this, queue] { service_->on_notification(queue); });
  return true;
}

std::uint64_t BlockDevice::resize() {
  const std::uint64_t before = service_->disk().capacity();
  const std::uint64_t now = service_->disk().refresh_capacity();
  if (now != before && interrupts() != nullptr) interrupts()->signal_config();
  return now;
}

std::uint64_t BlockDevice::capacity() const {
  return service_->disk().capacity();
}

void BlockDevice::set_limits(const RateLimit& operations, const RateLimit& bandwidth) {
  service_->executor().post([weak = std::weak_ptr(service_), operations, bandwidth] {
    if (const auto service = weak.lock()) service->set_limits(operations, bandwidth);
  });
}

const char* BlockDevice::engine() const noexcept {
  return service_->engine();
}

}  // namespace skiff
