// What a write of the device status register does, as a pure function.
//
// The legal ways (VIRTIO 1.2, 2.1.1 and 3.1.1); bits are only ever added, reset takes all away:
//
//   bit added      the status must already have      and
//   ACKNOWLEDGE    -
//   DRIVER         ACKNOWLEDGE (same write will do)
//   FEATURES_OK    DRIVER      (same write will do)  the driver's features are acceptable; if not,
//                                                    the write counts without this bit (2.2.2)
//   DRIVER_OK      FEATURES_OK (an earlier write)    not NEEDS_RESET
//   FAILED         -
//   anything       not FAILED: only a reset leads out of it
//   NEEDS_RESET    the device's bit: the driver's value of it does not matter
//
// A write that breaks one of these, or has an undefined bit, is refused as a whole. 0 is a reset.
//
// Thread rule: none needed.
#pragma once

#include <cstdint>

namespace skiff {

enum class StatusVerdict : std::uint8_t {
  accepted,
  features_refused,  // accepted but for FEATURES_OK
  refused,
  reset,
};

struct StatusStep {
  StatusVerdict verdict = StatusVerdict::refused;
  std::uint8_t status = 0;  // afterwards

  friend bool operator==(const StatusStep&, const StatusStep&) = default;
};

StatusStep step_status(std::uint8_t now, std::uint8_t written, bool features_acceptable);

}  // namespace skiff
