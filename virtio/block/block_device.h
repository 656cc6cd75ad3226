// A virtio block device. Modelled: read, write, flush, discard, write zeroes, get ID; several
// queues; block size, topology, resize with a configuration change; rate limits. Not modelled: the
// legacy interface, CONFIG_WCE (whether the host caches is no choice of the guest), secure erase,
// lifetime, zoned. A driver that does not negotiate FLUSH gets write-through: each write is on
// stable storage before it is acknowledged (5.2.6.2).
//
// All queues are served on one executor. There it works in rounds: all available requests of all
// queues go to the disk in one batch, all completions to the driver with one interrupt per queue.
//
// With `is_inline`, the vCPU that notifies does that itself, and the executor only what is left.
//
// Configuration: [[disk]] path = "root.img"
//
// Thread rule: as VirtioDevice; resize, set_limits and report functions from any thread. Destroyed
// while its executor's thread still runs its loop, or on that thread.
// Source: Virtual I/O Device (VIRTIO) 1.2, 5.2.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "virtio/core/virtio_device.h"
#include "vmm/base/clock.h"
#include "vmm/base/rate_limiter.h"
#include "vmm/disk/disk_backend.h"
#include "vmm/io/executor.h"

namespace skiff {

struct BlockOptions {
  static constexpr std::uint16_t kMaxQueues = 64;
  static constexpr std::size_t kSerialSize = 20;  // VIRTIO_BLK_ID_BYTES

  std::string name = "disk0";      // for logs and the exit ledger
  std::string serial{};            // GET_ID; what is beyond kSerialSize bytes is cut off
  std::uint16_t queues = 1;        // 1 to kMaxQueues
  std::uint16_t queue_size = 256;  // a power of two, 4 to kMaxQueueSize (larger ones are cut)
  RateLimit operations{};          // requests per second
  RateLimit bandwidth{};           // bytes read and written per second
  // How long the device looks at its rings by itself before it waits for a notification, where the
  // driver lately came back sooner than this. 0: never.
  std::chrono::nanoseconds poll = std::chrono::microseconds(32);
  // The vCPU that notifies carries the requests to the disk, and waits there for those that are
  // done within a turn (half a millisecond); the executor does the rest. Wants a transport without
  // doorbells, whose notifications come to the device.
  bool is_inline = false;
};

class BlockService;
class InlineExecutor;

class BlockDevice final : public VirtioDevice {
 public:
  // `executor` and `clock` outlive it.
  BlockDevice(std::unique_ptr<DiskBackend> disk, Executor& executor, const Clock& clock,
              const BlockOptions& options);
  ~BlockDevice() override;
  BlockDevice(const BlockDevice&) = delete;
  BlockDevice& operator=(const BlockDevice&) = delete;

  std::string_view name() const override;
  std::uint32_t device_id() const override;
  std::uint64_t features() const override;
  std::span<const std::uint16_t> queue_sizes() const override;
  void read_config(std::uint64_t offset, std::span<std::byte> out) const override;
  void activate(Activation activation) override;
  void reset(std::function<void()> done) override;
  std::uint64_t guest_faults() const override;
  bool take_notification(std::uint16_t queue) override;

  // The file behind it may have grown or shrunk: looks, and tells the driver. The new capacity
  // [bytes]. Requests that are under way are not touched.
  std::uint64_t resize();

  std::uint64_t capacity() const;  // [bytes]
  // From soon on; a request that waits is looked at again.
  void set_limits(const RateLimit& operations, const RateLimit& bandwidth);

  // "io_uring", "threads", ...; "none" before the first activation. For reports.
  const char* engine() const noexcept;
  bool has_engine() const noexcept { return std::string_view(engine()) != "none"; }

 private:
  const std::unique_ptr<InlineExecutor> inline_;  // null: not inline
  const std::shared_ptr<BlockService> service_;
  std::vector<std::uint16_t> queue_sizes_;  // const after construction
};

}  // namespace skiff
