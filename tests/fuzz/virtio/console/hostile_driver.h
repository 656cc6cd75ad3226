// A driver made of a fuzzer's bytes: chains good and bad, and any bytes anywhere in RAM, the rings
// among them.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "tests/fakes/fake_virtio_driver.h"
#include "tests/fuzz/devices/guest_program.h"

namespace skiff {

class HostileDriver {
 public:
  HostileDriver(VirtioDevice& device, GuestProgram& program)
      : program_(program),
        options_(options_of(program.byte())),
        queue_count_(device.queue_sizes().size()),
        ram_(2 * FakeVirtioDriver::kQueueSpace * queue_count_),
        driver(device, options_) {}

  // One of the things that need no knowledge of the device.
  void step() {
    const std::size_t index = program_.byte() % queue_count_;
    DriverQueue& queue = driver.queue(index);
    switch (program_.byte() % 8) {
      case 0:  // anything, anywhere
        driver.memory().write(GuestAddress(program_.value(3) % ram_),
                              program_.text(program_.byte() % 32));
        break;
      case 1: {  // a descriptor, and as a chain
        const std::uint16_t at = program_.byte() % FakeVirtioDriver::kQueueSize;
        const RawDescriptor descriptor = raw();
        if (options_.packed) {
          queue.packed().put_available(descriptor);
        } else {
          queue.write_descriptor(at, descriptor);
          queue.split().put_available(program_.byte());
        }
        queue.show();
        break;
      }
      case 2:
        if (options_.packed) {
          queue.packed().write_descriptor(program_.byte() % FakeVirtioDriver::kQueueSize, raw());
        } else {
          queue.split().set_available_index(static_cast<std::uint16_t>(program_.value(2)));
        }
        break;
      case 3:  // what came back makes room for more
        for (int i = 0; i < FakeVirtioDriver::kQueueSize && queue.used(); ++i) {
        }
        break;
      default:
        offer(queue);
        break;
    }
    driver.kick(index);
  }

 private:
  static DriverQueueOptions options_of(std::uint8_t choice) {
    return {
        .packed = (choice & 1) != 0, .indirect = (choice & 2) != 0, .event_idx = (choice & 4) != 0};
  }
  RawDescriptor raw() {
    const std::uint8_t how = program_.byte();
    RawDescriptor descriptor = {.addr = program_.value(3) % ram_,
                                .len = static_cast<std::uint32_t>(program_.value(2)),
                                .flags = static_cast<std::uint16_t>(how & 7),
                                .next_or_id = program_.byte()};
    if (how >= 0xe0) descriptor.addr = program_.value(8);
    if ((how & 0x18) == 0x18) descriptor.len = static_cast<std::uint32_t>(program_.value(4));
    return descriptor;
  }
  // A good chain, of buffers anywhere.
  void offer(DriverQueue& queue) {
    const std::uint8_t how = program_.byte();
    std::vector<DriverBuffer> chain;
    const std::size_t readable = how & 3;
    const std::size_t writable = how >> 2 & 3;
    for (std::size_t i = 0; i < readable + writable; ++i) {
      const std::uint32_t length = program_.byte() * 8U + 1;
      chain.push_back({GuestAddress(program_.value(3) % (ram_ - length)), length, i >= readable});
    }
    const bool indirect = options_.indirect && (how & 0x80) != 0;
    if (chain.empty() || queue.free() < (indirect ? 1 : chain.size())) return;
    if (indirect) {
      queue.offer_indirect(chain);
    } else {
      queue.offer(chain);
    }
  }

  GuestProgram& program_;
  const DriverQueueOptions options_;
  const std::size_t queue_count_;
  const std::uint64_t ram_;

 public:
  FakeVirtioDriver driver;
};

}  // namespace skiff
