// The features a driver reads and sets (5.13, 5.21), as plain numbers. Nothing is kept over a
// reset, and Select is not offered (ONCS bit 4).
//
// Acted upon: number of queues, write cache, asynchronous events. The others are kept and given
// back: they ask for what this controller has none of (heat, power states), or are hints
// (arbitration, coalescing).
//
// Thread rule: none; values.
#pragma once

#include <array>
#include <cstdint>

#include "devices/nvme/nvme_regs.h"

namespace skiff {

// Bit 8 of asynchronous event configuration and of OAES: namespace attribute changed.
inline constexpr std::uint32_t kNoticeNamespaceChanged = 1U << 8;

// Composite temperatures [K]. There is nothing to measure.
inline constexpr std::uint16_t kTemperature = 300;
inline constexpr std::uint16_t kWarningTemperature = 343;
inline constexpr std::uint16_t kCriticalTemperature = 353;

class NvmeFeatures {
 public:
  // `queues`: I/O queues there are, 1 to 65535. `vectors`: interrupt vectors there are.
  NvmeFeatures(std::uint16_t queues, std::uint16_t vectors) : queues_(queues), vectors_(vectors) {}

  // `result`: dword 0 of the completion.
  nvme::Status get(const nvme::Command& command, std::uint32_t& result) const;
  // `has_queues`: I/O queues exist, which fixes their number.
  nvme::Status set(const nvme::Command& command, bool has_queues, std::uint32_t& result);

  bool write_cache() const { return write_cache_; }
  bool notices_namespace_change() const { return (events_ & kNoticeNamespaceChanged) != 0; }

 private:
  std::uint32_t queue_numbers() const;
  nvme::Status set_queues(std::uint32_t value, bool has_queues, std::uint32_t& result);

  std::uint16_t queues_;
  std::uint16_t vectors_;
  std::uint32_t arbitration_ = 7;  // no limit to a burst
  std::uint32_t temperature_over_ = kWarningTemperature;
  std::uint32_t temperature_under_ = 0;
  std::uint32_t error_recovery_ = 0;
  bool write_cache_ = true;
  std::uint32_t coalescing_ = 0;
  std::uint32_t atomicity_ = 0;
  std::uint32_t events_ = 0;
};

}  // namespace skiff
