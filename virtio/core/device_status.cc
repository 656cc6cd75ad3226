#include "virtio/core/device_status.h"

#include "virtio/core/virtio_ids.h"

namespace skiff {
namespace {

using namespace virtio;

constexpr std::uint8_t kDriversBits =
    kAcknowledge | kDriver | kDriverOk | kFeaturesOk | kFailed;  // those a driver may set

constexpr bool has(unsigned status, std::uint8_t bit) {
  return (status & bit) != 0;
}

// `wanted` is what the driver's bits shall be, a superset of what they are.
bool is_legal(unsigned now, unsigned wanted) {
  const unsigned added = wanted & ~now;
  if (added == 0) return true;
  if (has(now, kFailed)) return false;
  if (has(added, kDriver) && !has(wanted, kAcknowledge)) return false;
  if (has(added, kFeaturesOk) && !has(wanted, kDriver)) return false;
  if (has(added, kDriverOk) && (!has(now, kFeaturesOk) || has(now, kNeedsReset))) return false;
  return true;
}

}  // namespace

StatusStep step_status(std::uint8_t now, std::uint8_t written, bool features_acceptable) {
  if (written == 0) return {StatusVerdict::reset, 0};
  const StatusStep refused{StatusVerdict::refused, now};
  if ((written & ~(kDriversBits | kNeedsReset)) != 0) return refused;
  const unsigned wanted = written & kDriversBits;
  const unsigned missing = now & kDriversBits & ~wanted;
  if (missing != 0 || !is_legal(now, wanted)) return refused;
  const auto status = static_cast<std::uint8_t>(now | wanted);
  if (has(status & ~unsigned{now}, kFeaturesOk) && !features_acceptable) {
    return {StatusVerdict::features_refused, static_cast<std::uint8_t>(status & ~kFeaturesOk)};
  }
  return {StatusVerdict::accepted, status};
}

}  // namespace skiff
