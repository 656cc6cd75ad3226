#include "vmm/board/device_controls.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace skiff {

ControlResult<> refuse_others(std::string_view name, const DeviceChange& change,
                              std::initializer_list<std::string_view> known) {
  const auto fields = std::to_array<std::pair<std::string_view, bool>>({
      {"link", change.link.has_value()},
      {"resize", change.resize},
      {"operations", change.operations.has_value()},
      {"bandwidth", change.bandwidth.has_value()},
      {"transmit_bytes", change.transmit_bytes.has_value()},
      {"transmit_packets", change.transmit_packets.has_value()},
      {"receive_bytes", change.receive_bytes.has_value()},
      {"receive_packets", change.receive_packets.has_value()},
  });
  for (const auto& [field, is_wanted] : fields) {
    if (!is_wanted || std::ranges::find(known, field) != known.end()) continue;
    const std::string rest = known.size() == 0 ? "nothing of it can be changed while it runs"
                                               : fmt::format("it has: {}", fmt::join(known, ", "));
    return std::unexpected(
        ControlError{.kind = ControlError::Kind::unsupported,
                     .message = fmt::format("{} has no {}; {}", name, field, rest),
                     .field = std::string(field)});
  }
  return {};
}

ControlResult<RateLimit> changed_limit(RateLimit limit, const std::optional<RateChange>& change,
                                       std::string_view field) {
  if (!change) return limit;
  if (change->per_second) limit.per_second = *change->per_second;
  if (change->burst) limit.burst = *change->burst;
  if (limit.per_second != 0) return limit;
  if (change->burst.value_or(0) != 0) {
    return std::unexpected(ControlError{
        .kind = ControlError::Kind::bad_request,
        .message =
            fmt::format("{0}.burst has no meaning without a limit; give {0}.per_second too", field),
        .field = fmt::format("{}.burst", field)});
  }
  return RateLimit{};
}

// What is not there is told of as it was asked for only where that is a name.
ControlError no_such_device(std::string_view name) {
  const bool is_name =
      name.size() <= 64 && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
  return {.kind = ControlError::Kind::not_found,
          .message = fmt::format("there is no device {}; GET /v1/devices lists them",
                                 is_name ? name : "of that name"),
          .field = "name"};
}

}  // namespace skiff
