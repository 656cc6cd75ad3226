// The registers that both layouts of virtio share, as they stand: device status, feature
// negotiation, queue set-up, configuration generation. What a write may change is decided here;
// what follows from it (activation, reset) in TransportState.
//
// Rules (VIRTIO 1.2): status as device_status.h has it; driver features are written before
// FEATURES_OK (3.1.1, step 5); a queue's registers between FEATURES_OK and DRIVER_OK while it is
// not enabled (3.1.1, step 7; 4.1.4.3.2). Any selector may be written at any time; of a queue or
// feature word that is not there, registers read as 0 and swallow writes.
//
// Thread rule: none of its own; TransportState guards it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "virtio/core/device_status.h"

namespace skiff {

// By what they mean; where they lie is the layout's.
enum class TransportRegister : std::uint8_t {
  device_feature_select,
  device_feature,
  driver_feature_select,
  driver_feature,
  num_queues,
  device_status,
  config_generation,
  queue_select,  // the following are those of the selected queue
  queue_size_max,
  queue_size,
  queue_enable,
  queue_desc,    // descriptor area
  queue_driver,  // driver area
  queue_device,  // device area
};

// Of a 64-bit register.
enum class RegisterPart : std::uint8_t { whole, low, high };

class TransportRegisters {
 public:
  struct Queue {
    std::uint16_t size = 0;
    bool enabled = false;
    std::uint64_t desc = 0;
    std::uint64_t driver = 0;
    std::uint64_t device = 0;
  };

  // `offered`: all feature bits; `queue_sizes`: the largest of each queue.
  TransportRegisters(std::uint64_t offered, std::span<const std::uint16_t> queue_sizes);

  std::uint64_t read(TransportRegister reg, RegisterPart part) const;
  // All but the status. Answers why the write was refused, for the log; empty if it was not.
  std::string_view write(TransportRegister reg, std::uint64_t value, RegisterPart part);
  // Not for 0. The status has changed as the verdict says.
  StatusVerdict write_status(std::uint8_t value);

  // The device's own changes.
  void set_needs_reset();
  void next_generation() { ++config_generation_; }
  // Every register has its initial value. Allocates nothing.
  void reset();

  std::uint8_t status() const { return status_; }
  std::uint64_t driver_features() const { return driver_features_; }
  std::span<const Queue> queues() const { return queues_; }

 private:
  std::uint64_t read_queue(TransportRegister reg) const;
  std::string_view write_driver_feature(std::uint32_t value);
  std::string_view write_queue(TransportRegister reg, std::uint64_t value, RegisterPart part);
  std::string_view enable_queue(Queue& queue, std::uint64_t value) const;
  bool queues_writable() const;
  bool features_acceptable() const;

  std::uint64_t offered_;
  std::vector<std::uint16_t> queue_sizes_;

  std::uint8_t status_ = 0;
  std::uint32_t device_feature_select_ = 0;
  std::uint32_t driver_feature_select_ = 0;
  std::uint64_t driver_features_ = 0;
  std::uint32_t config_generation_ = 0;
  std::uint32_t queue_select_ = 0;
  std::vector<Queue> queues_;
};

}  // namespace skiff
