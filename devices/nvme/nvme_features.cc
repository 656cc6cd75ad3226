#include "devices/nvme/nvme_features.h"

#include <algorithm>

namespace skiff {

using namespace nvme;

namespace {

constexpr std::uint32_t kSave = 1U << 31;  // dword 10
constexpr std::uint32_t kCoalescingDisabled = 1U << 16;
constexpr unsigned kThresholdSelectShift = 16;  // TMPSEL, 4 bits
constexpr unsigned kThresholdTypeShift = 20;    // THSEL, 2 bits

}  // namespace

Status NvmeFeatures::get(const Command& command, std::uint32_t& result) const {
  result = 0;
  switch (command.dw10 & 0xff) {
    case kFeatureArbitration:
      result = arbitration_;
      return Status::success;
    case kFeaturePower:
      return Status::success;
    case kFeatureTemperature: {
      const std::uint32_t select = command.dw11 >> kThresholdSelectShift & 0xf;
      const std::uint32_t type = command.dw11 >> kThresholdTypeShift & 3;
      if (type > 1) return Status::invalid_field;
      // Sensors 1 to 8 are not there.
      if (select == 0) result = type == 0 ? temperature_over_ : temperature_under_;
      return Status::success;
    }
    case kFeatureErrorRecovery:
      result = error_recovery_;
      return Status::success;
    case kFeatureWriteCache:
      result = write_cache_ ? 1 : 0;
      return Status::success;
    case kFeatureQueues:
      result = queue_numbers();
      return Status::success;
    case kFeatureCoalescing:
      result = coalescing_;
      return Status::success;
    case kFeatureVector: {
      const std::uint32_t vector = command.dw11 & 0xffff;
      if (vector >= vectors_) return Status::invalid_field;
      result = vector | kCoalescingDisabled;
      return Status::success;
    }
    case kFeatureAtomicity:
      result = atomicity_;
      return Status::success;
    case kFeatureAsyncEvents:
      result = events_;
      return Status::success;
    default:
      return Status::invalid_field;
  }
}

Status NvmeFeatures::set(const Command& command, bool has_queues, std::uint32_t& result) {
  result = 0;
  if ((command.dw10 & kSave) != 0) return Status::not_saveable;
  const std::uint32_t value = command.dw11;
  switch (command.dw10 & 0xff) {
    case kFeatureArbitration:
      arbitration_ = value;
      return Status::success;
    case kFeaturePower:
      return (value & 0x1f) == 0 ? Status::success : Status::invalid_field;
    case kFeatureTemperature: {
      const std::uint32_t type = value >> kThresholdTypeShift & 3;
      if (type > 1) return Status::invalid_field;
      const std::uint32_t select = value >> kThresholdSelectShift & 0xf;
      if (select == 0 || select == 0xf) {
        (type == 0 ? temperature_over_ : temperature_under_) = value & 0xffff;
      }
      return Status::success;
    }
    case kFeatureErrorRecovery:
      error_recovery_ = value & 0xffff;
      return Status::success;
    case kFeatureWriteCache:
      write_cache_ = (value & 1) != 0;
      return Status::success;
    case kFeatureQueues:
      return set_queues(value, has_queues, result);
    case kFeatureCoalescing:
      coalescing_ = value & 0xffff;
      return Status::success;
    case kFeatureVector:
      return (value & 0xffff) < vectors_ ? Status::success : Status::invalid_field;
    case kFeatureAtomicity:
      atomicity_ = value & 1;
      return Status::success;
    case kFeatureAsyncEvents:
      events_ = value & kNoticeNamespaceChanged;
      return Status::success;
    default:
      return Status::invalid_field;
  }
}

std::uint32_t NvmeFeatures::queue_numbers() const {
  const std::uint32_t last = queues_ - 1U;
  return last << 16 | last;
}

// 5.21.1.7: what is asked for is a wish; what is there is the answer.
Status NvmeFeatures::set_queues(std::uint32_t value, bool has_queues, std::uint32_t& result) {
  if (has_queues) return Status::command_sequence;
  if ((value & 0xffff) == 0xffff || value >> 16 == 0xffff) return Status::invalid_field;
  result = queue_numbers();
  return Status::success;
}

}  // namespace skiff
