// A virtio entropy device.
//
// Document: Virtual I/O Device (VIRTIO) 1.2, 5.4.
//
// Each request gets up to kMaxRequest bytes from the host: of getrandom(2), or of a file. A driver
// that asks for more gets fewer, as 5.4.6.2 allows. A request without a device-writable part is
// given back with nothing in it. With a rate limit, requests wait until it lets them pass.
//
// Where the host has nothing to give just now (a source that would block; getrandom before the
// host's own generator is seeded) the request waits and is tried again. A source that ends or fails
// is reported once, and getrandom serves from then on: a guest's entropy must not dry up.
//
// Config example (docs/virtio-console.md):
//   [rng]
//   bandwidth = "64K"
//
// Thread rule: as VirtioDevice says. All work is done on the executor's thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "virtio/core/queue_service.h"
#include "virtio/core/virtio_device.h"
#include "virtio/rng/entropy_source.h"
#include "vmm/base/clock.h"
#include "vmm/base/log.h"
#include "vmm/base/rate_limiter.h"
#include "vmm/io/executor.h"

namespace skiff {

struct RngOptions {
  std::string source{};   // a file to read, e.g. /dev/hwrng; empty: getrandom(2)
  RateLimit bandwidth{};  // [bytes]
};

class RngDevice final : public VirtioDevice {
 public:
  static constexpr std::uint32_t kMaxRequest = 64 * 1024;  // [bytes]
  static constexpr Clock::Nanoseconds kRetryPeriod = std::chrono::milliseconds(100);

  // Throws HostError if the source cannot be opened.
  RngDevice(std::string name, const RngOptions& options, Executor& executor, const Clock& clock);
  ~RngDevice() override;

  std::string_view name() const override { return name_; }
  std::uint32_t device_id() const override;
  std::uint64_t features() const override { return 0; }
  std::span<const std::uint16_t> queue_sizes() const override { return kQueueSizes; }
  // There is no configuration space (5.4.4).
  void read_config(std::uint64_t offset, std::span<std::byte> out) const override;
  void activate(Activation activation) override;
  void reset(std::function<void()> done) override;

  // From soon on; a request that waits is looked at again. Any thread.
  void set_limit(const RateLimit& bandwidth);
  std::uint64_t guest_faults() const override { return faults_.count(); }

 private:
  static constexpr std::array<std::uint16_t, 1> kQueueSizes = {64};

  void on_start();
  void on_stop();
  void serve(ActiveQueue& queue);
  // Bytes written for chain_; nothing if it has to wait, for which the timer is armed.
  std::optional<std::uint32_t> answer();
  std::uint32_t fill(std::uint32_t wanted);

  const std::string name_;
  const Clock& clock_;
  GuestFaultLog faults_;

  // Executor's thread.
  EntropySource source_;
  // Shared with work that changes it and may come to its turn when the device is gone.
  const std::shared_ptr<RateLimiter> limiter_;
  std::unique_ptr<Timer> timer_;
  DescriptorChain chain_;
  bool holds_chain_ = false;  // chain_ is popped and waits

  QueueService service_;  // last: its destructor ends all work
};

}  // namespace skiff
