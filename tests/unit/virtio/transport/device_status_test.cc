// Every write over every status, against the rules as VIRTIO 1.2 has them.
#include "virtio/core/device_status.h"

#include <gtest/gtest.h>

#include <array>

#include "virtio/core/virtio_ids.h"

namespace skiff {
namespace {

using namespace virtio;

// What adding one bit needs: in the status as it will be, in the status as it is, and what the
// latter must not have.
struct Rule {
  std::uint8_t bit;
  std::uint8_t needs_after;
  std::uint8_t needs_before;
  std::uint8_t not_before;
};
constexpr std::array kRules{
    Rule{kAcknowledge, 0, 0, kFailed},
    Rule{kDriver, kAcknowledge, 0, kFailed},
    Rule{kFeaturesOk, kDriver, 0, kFailed},
    Rule{kDriverOk, 0, kFeaturesOk, kFailed | kNeedsReset},
    Rule{kFailed, 0, 0, 0},
};
constexpr std::uint8_t kDrivers = 0x8f;

StatusStep model(std::uint8_t now, std::uint8_t written, bool acceptable) {
  if (written == 0) return {StatusVerdict::reset, 0};
  if ((written & 0x30) != 0) return {StatusVerdict::refused, now};
  // NEEDS_RESET is the device's: it stays what it was.
  const auto after = static_cast<std::uint8_t>((written & kDrivers) | (now & ~kDrivers));
  for (unsigned bit = 0; bit < 8; ++bit) {
    const unsigned mask = 1U << bit;
    if ((now & mask) != 0 && (after & mask) == 0) return {StatusVerdict::refused, now};
  }
  for (const Rule& rule : kRules) {
    if ((after & rule.bit) == 0 || (now & rule.bit) != 0) continue;
    const bool legal = (after & rule.needs_after) == rule.needs_after &&
                       (now & rule.needs_before) == rule.needs_before &&
                       (now & rule.not_before) == 0;
    if (!legal) return {StatusVerdict::refused, now};
  }
  const bool newly_features = (after & kFeaturesOk) != 0 && (now & kFeaturesOk) == 0;
  if (!newly_features || acceptable) return {StatusVerdict::accepted, after};
  return {StatusVerdict::features_refused, static_cast<std::uint8_t>(after & ~kFeaturesOk)};
}

TEST(DeviceStatus, EveryWriteOverEveryStatusIsAsTheRulesSay) {
  for (unsigned now = 0; now < 256; ++now) {
    for (unsigned written = 0; written < 256; ++written) {
      for (const bool acceptable : {false, true}) {
        const auto from = static_cast<std::uint8_t>(now);
        const auto to = static_cast<std::uint8_t>(written);
        ASSERT_EQ(step_status(from, to, acceptable), model(from, to, acceptable))
            << std::hex << now << " <- " << written << " acceptable " << acceptable;
      }
    }
  }
}

TEST(DeviceStatus, TheWayOfADriver) {
  std::uint8_t status = 0;
  for (const unsigned next : {1U, 3U, 11U, 15U}) {
    const StatusStep step = step_status(status, static_cast<std::uint8_t>(next), true);
    ASSERT_EQ(step.verdict, StatusVerdict::accepted) << next;
    status = step.status;
    ASSERT_EQ(status, next);
  }
}

TEST(DeviceStatus, DriverOkNeedsFeaturesOkFromAnEarlierWrite) {
  EXPECT_EQ(step_status(3, 15, true).verdict, StatusVerdict::refused);
  EXPECT_EQ(step_status(3, 7, true).verdict, StatusVerdict::refused);
}

TEST(DeviceStatus, OnlyAResetLeadsOutOfFailed) {
  EXPECT_EQ(step_status(kFailed | 3, kFailed | 11, true).verdict, StatusVerdict::refused);
  EXPECT_EQ(step_status(kFailed | 3, 0, true).verdict, StatusVerdict::reset);
}

TEST(DeviceStatus, NeedsResetIsTheDevicesToSetAndToKeep) {
  EXPECT_EQ(step_status(0, kNeedsReset | 1, true), (StatusStep{StatusVerdict::accepted, 1}));
  EXPECT_EQ(step_status(0x4f, 0x0f, true), (StatusStep{StatusVerdict::accepted, 0x4f}));
  EXPECT_EQ(step_status(0x4f, 0x8f, true), (StatusStep{StatusVerdict::accepted, 0xcf}));
}

}  // namespace
}  // namespace skiff
