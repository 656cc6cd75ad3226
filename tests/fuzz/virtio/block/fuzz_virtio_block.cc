// A virtio block device under any driver: areas, rings, descriptors, headers and segments as the
// input says, with kicks, resets, resizes and time in between, over a disk in memory. Beyond not
// crashing: the disk stays inside its bytes, what was reset is quiet, and after a reset a clean
// request works.
#include <array>
#include <memory>
#include <span>
#include <vector>

#include "tests/fakes/driver_queue.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_virtio_interrupts.h"
#include "tests/fuzz/fuzz_input.h"
#include "virtio/block/block_device.h"
#include "virtio/block/block_regs.h"
#include "vmm/base/bytes.h"
#include "vmm/base/log.h"
#include "vmm/disk/memory_disk.h"

namespace skiff {
namespace {

using namespace virtio_blk;

constexpr std::uint64_t kRam = 0x20000;
constexpr std::uint64_t kDisk = 0x10000;

class Machine {
 public:
  explicit Machine(FuzzInput& input)
      : memory_(std::array{Range{0, kRam}}, {.huge_pages = HugePages::off}) {
    const std::uint8_t shape = input.byte();
    DiskInfo info;
    info.name = "fuzz";
    info.block_size = (shape & 1) != 0 ? 4096 : 512;
    info.read_only = (shape & 2) != 0;
    info.can_discard = info.can_write_zeroes = !info.read_only;
    BlockOptions options;
    options.queues = 2;
    options.queue_size = 64;
    if ((shape & 4) != 0) options.operations = {.per_second = 100, .burst = 4};
    if ((shape & 8) != 0) options.bandwidth = {.per_second = 10000, .burst = 4096};
    options.poll = {};
    auto disk = std::make_unique<MemoryDisk>(kDisk, info);
    disk_ = disk.get();
    device_ = std::make_unique<BlockDevice>(std::move(disk), clock_, clock_, options);
    device_->attach(&interrupts_);
  }
  ~Machine() {
    device_->attach(nullptr);
    device_.reset();
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void step(FuzzInput& input) {
    switch (input.byte() % 12) {
      case 0:
        return activate(input);
      case 1:
        return reset();
      case 2:
      case 3: {
        kicks_[input.byte() & 1].signal();
        clock_.run(input.byte() % 8);
        return;
      }
      case 4: {
        disk_->set_capacity(std::uint64_t{input.take<std::uint16_t>()} / 4096 * 4096);
        device_->resize();
        return;
      }
      case 5:
        clock_.advance(std::chrono::milliseconds(input.byte()));
        return;
      case 6: {
        std::array<std::byte, 8> out{};
        device_->read_config(input.take<std::uint64_t>() >> (input.byte() % 64),
                             std::span(out).first(input.byte() % 9));
        return;
      }
      case 7: {  // any bytes anywhere
        const std::uint64_t at = input.take<std::uint32_t>() % kRam;
        memory_.store(GuestAddress(at), input.take<std::uint32_t>());
        return;
      }
      default:
        return request(input);
    }
  }

  // Whatever the driver did, a reset brings it back.
  void check_clean() {
    reset();
    disk_->set_capacity(kDisk);
    const int faults = interrupts_.needs_reset();
    memory_.fill(GuestAddress(0), kRam, std::byte{0});
    DriverQueue driver(memory_, GuestAddress(0), 16);
    Activation activation{.features = 0, .queues = {}};
    activation.queues.push_back({0, *Virtqueue::create(driver.config(), memory_), kicks_.data()});
    device_->activate(std::move(activation));
    const GuestAddress at(0x10000);
    memory_.store(at, Header{kTypeIn, 0, 0});
    memory_.fill(GuestAddress(0x11000), 4097, std::byte{0xee});
    driver.offer({{at, 16}, {GuestAddress(0x11000), 4097, true}});
    kicks_[0].signal();
    for (int i = 0; i < 100 && !driver.has_used(); ++i) {
      clock_.run();
      clock_.advance(std::chrono::seconds(100));
    }
    require(driver.used() == DriverUsed{0, 4097});
    require(memory_.load<std::uint8_t>(GuestAddress(0x12000)) == kStatusOk);
    require(interrupts_.needs_reset() == faults);
  }

 private:
  static GuestAddress address(FuzzInput& input) {
    const std::uint16_t value = input.take<std::uint16_t>();
    // Mostly RAM; now and then around its end and at the end of everything.
    if (value >= 0xff00) return GuestAddress(~0ULL - (value & 0xff));
    if (value >= 0xfe00) return GuestAddress(kRam - 0x80 + (value & 0xff));
    return GuestAddress(std::uint64_t{value} * 2);
  }

  void activate(FuzzInput& input) {
    if (active_) reset();
    Activation activation{.features = input.take<std::uint32_t>(), .queues = {}};
    for (std::uint16_t i = 0; i < 2; ++i) {
      const std::uint8_t how = input.byte();
      if ((how & 1) != 0 && i == 1) continue;
      // The layout of a good driver, or any.
      QueueConfig config =
          DriverQueue(
              memory_, GuestAddress(i * 0x8000ULL), 16,
              {.packed = (how & 2) != 0, .indirect = (how & 4) != 0, .event_idx = (how & 8) != 0})
              .config();
      if ((how & 16) != 0) {
        config.size = input.take<std::uint16_t>();
        config.descriptor_area = address(input);
        config.driver_area = address(input);
        config.device_area = address(input);
      }
      auto ring = Virtqueue::create(config, memory_);
      if (!ring) continue;
      configs_.at(i) = config;
      activation.queues.push_back({i, *std::move(ring), &kicks_.at(i)});
    }
    active_ = true;
    device_->activate(std::move(activation));
    clock_.run(input.byte() % 4);
  }

  void reset() {
    bool done = false;
    device_->reset([&done] { done = true; });
    clock_.run();
    require(done);
    active_ = false;
  }

  // Something like a request: a few descriptors, a header, a place in the available ring.
  void request(FuzzInput& input) {
    const QueueConfig& config = configs_.at(input.byte() & 1);
    if (config.size == 0) return;
    const GuestAddress header = address(input);
    memory_.store(
        header, Header{input.byte() % 16U, 0, input.take<std::uint64_t>() >> (input.byte() % 64)});
    memory_.store(GuestAddress(header.value + 16),
                  Segment{input.byte(), input.byte(), input.byte() & 3U});
    const std::uint8_t count = input.byte() % 5;
    const std::uint16_t first = input.byte() % config.size;
    for (std::uint8_t i = 0; i <= count; ++i) {
      const auto index = static_cast<std::uint16_t>((first + i) % config.size);
      const std::uint8_t flags = input.byte();
      const std::uint64_t where = i == 0 ? header.value : address(input).value;
      const std::uint32_t length = i == 0 ? 16U + (flags >> 3) * 16U : input.take<std::uint16_t>();
      const std::uint64_t at = config.descriptor_area.value + 16ULL * index;
      const auto next = static_cast<std::uint16_t>((index + 1) % config.size);
      memory_.store(GuestAddress(at), where);
      memory_.store(GuestAddress(at + 8), length);
      const std::uint16_t more = i < count ? 1 : 0;
      if (config.packed) {
        memory_.store(GuestAddress(at + 12), next);
        memory_.store(GuestAddress(at + 14),
                      static_cast<std::uint16_t>(more | (flags & 6) | (flags & 8 ? 0x80 : 0x8000)));
      } else {
        memory_.store(GuestAddress(at + 12), static_cast<std::uint16_t>(more | (flags & 6)));
        memory_.store(GuestAddress(at + 14), next);
      }
    }
    if (config.packed) return;
    const std::uint64_t ring = config.driver_area.value;
    const std::uint16_t idx = memory_.load<std::uint16_t>(GuestAddress(ring + 2)).value_or(0);
    memory_.store(GuestAddress(ring + 4 + 2ULL * (idx % config.size)), first);
    const std::uint8_t ahead = input.byte();
    memory_.store(GuestAddress(ring + 2),
                  static_cast<std::uint16_t>(idx + (ahead < 0xf0 ? 1 : ahead)));
  }

  const GuestMemory memory_;
  FakeClock clock_;
  FakeVirtioInterrupts interrupts_;
  std::array<EventFd, 2> kicks_;
  MemoryDisk* disk_ = nullptr;
  std::unique_ptr<BlockDevice> device_;
  std::array<QueueConfig, 2> configs_{};
  bool active_ = false;
};

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  skiff::log_setup(skiff::LogLevel::off, {});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::FuzzInput input(std::as_bytes(std::span(data, size)));
  skiff::Machine machine(input);
  while (!input.empty())
    machine.step(input);
  machine.check_clean();
  return 0;
}
