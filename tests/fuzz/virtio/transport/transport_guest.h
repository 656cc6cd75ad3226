// A guest that does anything to a virtio transport, over a small echo device and a real ring. After
// every step the registers, the device and the wire must agree; at the end a reset must bring back
// a device that answers a clean request.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "tests/fuzz/devices/guest_program.h"
#include "tests/unit/virtio/transport/transport_fixture.h"
#include "vmm/base/log.h"

namespace skiff::transport_test {

inline void require(bool condition) {
  if (!condition) std::abort();
}

// `Driver` is one of the fixture's. What only one layout has is the derived guest's.
template <typename Driver>
class TransportGuest {
 public:
  virtual ~TransportGuest() = default;
  TransportGuest() = default;
  TransportGuest(const TransportGuest&) = delete;
  TransportGuest& operator=(const TransportGuest&) = delete;

  void run(GuestProgram& program) {
    while (!program.at_end()) {
      step(program);
      check();
    }
    check_reset();
  }

 protected:
  // The registers, and how many bytes from their start are worth hitting.
  virtual IoDevice& registers() = 0;
  virtual std::uint64_t pick_offset(GuestProgram& program) = 0;
  virtual void step_of_layout(GuestProgram& program) = 0;
  virtual void bring_back() {}

  Driver driver_;

 private:
  static constexpr std::uint64_t kWild[] = {0, 1, 0x1008, kMemorySize - 8, ~0ULL - 15, 1ULL << 63};

  void step(GuestProgram& program) {
    switch (program.byte() % 12) {
      case 0:
      case 1: {  // any register, any width
        const IoAccess access{pick_offset(program), program.byte()};
        std::uint64_t value = 0x1122'3344'5566'7788;
        if (registers().read(access, value) != IoStatus::ok) {
          require(value == 0x1122'3344'5566'7788);
        }
        registers().write(access, program.value(access.width % 9));
        return;
      }
      case 2: {  // a plausible status
        constexpr std::uint8_t kSteps[] = {0, 1, 3, 11, 15, 0x8f, 0x4f, 7};
        driver_.set_status(kSteps[program.byte() % 8]);
        return;
      }
      case 3:
        driver_.choose_features(kFeatureVersion1 | (std::uint64_t{program.byte() & 3U} << 28) |
                                (program.byte() == 0 ? program.value(8) : 0));
        return;
      case 4:
        return set_up_queue(program);
      case 5: {  // all the way
        const std::uint8_t choice = program.byte();
        driver_.set_status(0);
        const bool packed = (choice & 1) != 0;
        const std::uint64_t ring =
            (packed ? kFeatureRingPacked : 0) | ((choice & 2) != 0 ? kFeatureEventIdx : 0);
        driver_.start(kFeatureVersion1 | kFeatureIndirectDesc | ring);
        return;
      }
      case 6: {  // what the driver shares
        const std::uint64_t at = 0x1000 + program.byte() * 2ULL;
        (*driver_.memory).store(GuestAddress(at), static_cast<std::uint16_t>(program.value(2)));
        return;
      }
      case 7:
        return offer(program);
      case 8:
        if ((program.byte() & 1) != 0) {
          driver_.notify_by_write(program.byte());
        } else {
          driver_.notify(program.byte() % 3);
        }
        return;
      case 9:
        driver_.device.serve();
        return;
      case 10:
        return step_of_device(program);
      default:
        return step_of_layout(program);
    }
  }

  void set_up_queue(GuestProgram& program) {
    const auto index = static_cast<std::uint16_t>(program.byte() % 3);
    QueueConfig config = DriverQueue(*driver_.memory, GuestAddress(0x1000), 4).config();
    const std::uint8_t twist = program.byte();
    const std::uint64_t wild = kWild[program.byte() % std::size(kWild)];
    if (twist == 1) config.descriptor_area = GuestAddress(wild);
    if (twist == 2) config.driver_area = GuestAddress(wild);
    if (twist == 3) config.device_area = GuestAddress(wild);
    if (twist == 4) config.size = static_cast<std::uint16_t>(program.value(2));
    driver_.set_up_queue(index, config);
  }

  // A chain of two in a split ring; where the ring is packed, some bytes.
  void offer(GuestProgram& program) {
    if (!driver_.queue) return;
    const QueueConfig& config = driver_.queue->config();
    const GuestMemory& ram = *driver_.memory;
    const std::uint16_t head = program.byte() % 4;
    const auto next = static_cast<std::uint16_t>((head + 1) % 4);
    const auto put = [&](std::uint16_t index, std::uint64_t address, std::uint16_t flags,
                         std::uint16_t link) {
      const std::uint64_t at = config.descriptor_area.value + index * 16ULL;
      ram.store(GuestAddress(at), address);
      ram.store(GuestAddress(at + 8), std::uint32_t{program.byte()});
      ram.store(GuestAddress(at + 12), flags);
      ram.store(GuestAddress(at + 14), link);
    };
    put(head, 0x8000, 1, next);
    put(next, 0x9000, 2, 0);
    const GuestAddress index_at(config.driver_area.value + 2);
    const std::uint16_t index = *ram.load<std::uint16_t>(index_at);
    ram.store(GuestAddress(config.driver_area.value + 4 + index % 4 * 2), head);
    ram.store(index_at, static_cast<std::uint16_t>(index + 1));
  }

  void step_of_device(GuestProgram& program) {
    switch (program.byte() % 6) {
      case 0:
        return driver_.device.hold_resets(true);
      case 1:
        return driver_.device.hold_resets(false);
      case 2:
        driver_.device.finish_reset();
        return;
      case 3:
        return driver_.device.interrupts()->signal_config();
      case 4:
        return driver_.device.interrupts()->needs_reset("the fuzzer said so");
      default:
        if (driver_.device.active()) driver_.device.interrupts()->signal_queue(program.byte());
    }
  }

  void check() {
    FakeVirtioDevice& device = driver_.device;
    require(device.wrong_calls() == 0);
    require(device.activations() - device.resets() == (device.active() ? 1 : 0) ||
            device.reset_pending());
    require(driver_.doorbells.count() <= device.active_queues().size());
    if (device.reset_pending()) require(driver_.doorbells.count() == 0);
  }

  void check_reset() {
    driver_.device.hold_resets(false);
    driver_.device.finish_reset();
    bring_back();
    require(driver_.set_status(0) == IoStatus::ok);
    require(driver_.status() == 0 && !driver_.wire() && driver_.acknowledge() == 0);
    require(!driver_.device.active() && driver_.doorbells.count() == 0);
    driver_.start();
    require(driver_.status() == kRunning && driver_.echo_works());
    require(driver_.doorbells.count() == 1);
  }
};

}  // namespace skiff::transport_test
