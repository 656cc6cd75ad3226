#include "virtio/core/transport_registers.h"

#include "virtio/core/virtio_ids.h"

namespace skiff {
namespace {

// The 32-bit word that a feature select register names; nothing beyond the 64 bits there are.
std::uint32_t feature_word(std::uint64_t features, std::uint32_t select) {
  if (select > 1) return 0;
  return static_cast<std::uint32_t>(features >> (select * 32));
}

constexpr std::uint64_t kLow = 0xffff'ffff;

constexpr std::uint64_t replace_part(std::uint64_t whole, std::uint64_t value, RegisterPart part) {
  switch (part) {
    case RegisterPart::low:
      return (whole & ~kLow) | (value & kLow);
    case RegisterPart::high:
      return (whole & kLow) | value << 32;
    case RegisterPart::whole:
      break;
  }
  return value;
}

constexpr std::uint64_t part_of(std::uint64_t whole, RegisterPart part) {
  switch (part) {
    case RegisterPart::low:
      return whole & kLow;
    case RegisterPart::high:
      return whole >> 32;
    case RegisterPart::whole:
      break;
  }
  return whole;
}

}  // namespace

TransportRegisters::TransportRegisters(std::uint64_t offered,
                                       std::span<const std::uint16_t> queue_sizes)
    : offered_(offered),
      queue_sizes_(queue_sizes.begin(), queue_sizes.end()),
      queues_(queue_sizes.size()) {
  reset();
}

void TransportRegisters::reset() {
  status_ = 0;
  device_feature_select_ = 0;
  driver_feature_select_ = 0;
  driver_features_ = 0;
  config_generation_ = 0;
  queue_select_ = 0;
  for (std::size_t i = 0; i < queues_.size(); ++i)
    queues_[i] = {.size = queue_sizes_[i]};
}

std::uint64_t TransportRegisters::read(TransportRegister reg, RegisterPart part) const {
  switch (reg) {
    case TransportRegister::device_feature_select:
      return device_feature_select_;
    case TransportRegister::device_feature:
      return feature_word(offered_, device_feature_select_);
    case TransportRegister::driver_feature_select:
      return driver_feature_select_;
    case TransportRegister::driver_feature:
      return feature_word(driver_features_, driver_feature_select_);
    case TransportRegister::num_queues:
      return queues_.size();
    case TransportRegister::device_status:
      return status_;
    case TransportRegister::config_generation:
      return config_generation_;
    case TransportRegister::queue_select:
      return queue_select_;
    case TransportRegister::queue_size_max:
    case TransportRegister::queue_size:
    case TransportRegister::queue_enable:
    case TransportRegister::queue_desc:
    case TransportRegister::queue_driver:
    case TransportRegister::queue_device:
      return part_of(read_queue(reg), part);
  }
  return 0;
}

std::uint64_t TransportRegisters::read_queue(TransportRegister reg) const {
  if (queue_select_ >= queues_.size()) return 0;
  const Queue& queue = queues_[queue_select_];
  switch (reg) {
    case TransportRegister::queue_size_max:
      return queue_sizes_[queue_select_];
    case TransportRegister::queue_size:
      return queue.size;
    case TransportRegister::queue_enable:
      return queue.enabled ? 1 : 0;
    case TransportRegister::queue_desc:
      return queue.desc;
    case TransportRegister::queue_driver:
      return queue.driver;
    default:
      return queue.device;
  }
}

std::string_view TransportRegisters::write(TransportRegister reg, std::uint64_t value,
                                           RegisterPart part) {
  switch (reg) {
    case TransportRegister::device_feature_select:
      device_feature_select_ = static_cast<std::uint32_t>(value);
      return {};
    case TransportRegister::driver_feature_select:
      driver_feature_select_ = static_cast<std::uint32_t>(value);
      return {};
    case TransportRegister::driver_feature:
      return write_driver_feature(static_cast<std::uint32_t>(value));
    case TransportRegister::queue_select:
      queue_select_ = static_cast<std::uint32_t>(value);
      return {};
    case TransportRegister::queue_size:
    case TransportRegister::queue_enable:
    case TransportRegister::queue_desc:
    case TransportRegister::queue_driver:
    case TransportRegister::queue_device:
      return write_queue(reg, value, part);
    case TransportRegister::device_feature:
    case TransportRegister::num_queues:
    case TransportRegister::device_status:
    case TransportRegister::config_generation:
    case TransportRegister::queue_size_max:
      break;
  }
  return "the register is read-only";
}

std::string_view TransportRegisters::write_driver_feature(std::uint32_t value) {
  if ((status_ & (virtio::kFeaturesOk | virtio::kFailed)) != 0) {
    return "driver features are chosen before FEATURES_OK";
  }
  switch (driver_feature_select_) {
    case 0:
      driver_features_ = replace_part(driver_features_, value, RegisterPart::low);
      return {};
    case 1:
      driver_features_ = replace_part(driver_features_, value, RegisterPart::high);
      return {};
    default:
      return value == 0 ? "" : "there are 64 feature bits";
  }
}

// FAILED and NEEDS_RESET have nothing to set up for.
bool TransportRegisters::queues_writable() const {
  constexpr std::uint8_t kClosed = virtio::kDriverOk | virtio::kFailed | virtio::kNeedsReset;
  return (status_ & kClosed) == 0 && (status_ & virtio::kFeaturesOk) != 0;
}

std::string_view TransportRegisters::write_queue(TransportRegister reg, std::uint64_t value,
                                                 RegisterPart part) {
  if (queue_select_ >= queues_.size()) return "the selected queue is not there";
  Queue& queue = queues_[queue_select_];
  if (reg == TransportRegister::queue_enable) return enable_queue(queue, value);
  if (!queues_writable() || queue.enabled) {
    return "a queue is set up between FEATURES_OK and DRIVER_OK, while it is not enabled";
  }
  switch (reg) {
    case TransportRegister::queue_size:
      if (value == 0 || value > queue_sizes_[queue_select_]) return "no such queue size";
      queue.size = static_cast<std::uint16_t>(value);
      return {};
    case TransportRegister::queue_desc:
      queue.desc = replace_part(queue.desc, value, part);
      return {};
    case TransportRegister::queue_driver:
      queue.driver = replace_part(queue.driver, value, part);
      return {};
    default:
      queue.device = replace_part(queue.device, value, part);
      return {};
  }
}

// A queue enabled in error may be disabled until DRIVER_OK (4.2.2.2 has drivers do that); a running
// one needs a reset, for RING_RESET is not offered. Writing what is there already is no fault:
// drivers write 0 after a reset.
std::string_view TransportRegisters::enable_queue(Queue& queue, std::uint64_t value) const {
  if (value == (queue.enabled ? 1U : 0U)) return {};
  if (value > 1) return "a queue is enabled by 1";
  if (!queues_writable()) return "a queue is enabled between FEATURES_OK and DRIVER_OK";
  queue.enabled = value == 1;
  return {};
}

// 2.2.2, 6.1: a subset of what is offered, and never without VERSION_1.
bool TransportRegisters::features_acceptable() const {
  return (driver_features_ & ~offered_) == 0 && (driver_features_ & virtio::kFeatureVersion1) != 0;
}

StatusVerdict TransportRegisters::write_status(std::uint8_t value) {
  const StatusStep step = step_status(status_, value, features_acceptable());
  status_ = step.status;
  return step.verdict;
}

void TransportRegisters::set_needs_reset() {
  status_ |= virtio::kNeedsReset;
}

}  // namespace skiff
