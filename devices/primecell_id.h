// The eight identification registers at the end of every ARM PrimeCell's page: PeriphID0 to 3, then
// PCellID0 to 3, one byte in each word (e.g. ARM DDI 0183, 3.3.15 to 3.3.22).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace skiff {

inline constexpr std::uint64_t kPrimecellIds = 0xfe0;

// `part` and `revision` make PeriphID0 to 3; the designer is ARM. Nothing for an offset that is
// none of the eight.
constexpr std::optional<std::uint32_t> primecell_id(std::uint64_t offset, unsigned part,
                                                    unsigned revision) {
  if (offset < kPrimecellIds || offset > 0xffc || offset % 4 != 0) return std::nullopt;
  const std::array<std::uint32_t, 8> ids = {
      part & 0xffU, 0x10U | (part >> 8 & 0xfU), (revision & 0xfU) << 4 | 4U, 0, 0x0d, 0xf0, 0x05,
      0xb1};
  return ids[(offset - kPrimecellIds) / 4];
}

constexpr std::string_view primecell_id_name(std::uint64_t offset) {
  constexpr std::array<std::string_view, 8> kNames = {"PeriphID0", "PeriphID1", "PeriphID2",
                                                      "PeriphID3", "PCellID0",  "PCellID1",
                                                      "PCellID2",  "PCellID3"};
  if (offset < kPrimecellIds || offset > 0xffc || offset % 4 != 0) return {};
  return kNames[(offset - kPrimecellIds) / 4];
}

}  // namespace skiff
