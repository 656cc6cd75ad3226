// What a person sees and changes of a network card while the machine runs, whatever its face.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "vmm/board/device_controls.h"
#include "vmm/net/net_limits.h"

namespace skiff {

// `Device` has name, link, set_link and set_limits.
template <typename Device>
class NetControls final : public DeviceControls {
 public:
  NetControls(Device& device, const NetLimits& limits, std::string backend, std::string source)
      : device_(device),
        backend_(std::move(backend)),
        source_(std::move(source)),
        limits_(limits) {}

  void describe(DeviceInfo& info) const override {
    info.link = device_.link();
    info.backend = backend_;
    info.source = source_;
  }

  ControlResult<> change(const DeviceChange& change) override {
    if (const auto known = refuse_others(
            device_.name(), change,
            {"link", "transmit_bytes", "transmit_packets", "receive_bytes", "receive_packets"});
        !known) {
      return known;
    }
    const Row rows[] = {
        {"transmit_bytes", &change.transmit_bytes, &NetLimits::transmit_bytes},
        {"transmit_packets", &change.transmit_packets, &NetLimits::transmit_packets},
        {"receive_bytes", &change.receive_bytes, &NetLimits::receive_bytes},
        {"receive_packets", &change.receive_packets, &NetLimits::receive_packets},
    };
    NetLimits limits = limits_;
    bool is_limit = false;
    for (const Row& row : rows) {
      const auto limit = changed_limit(limits.*row.limit, *row.change, row.field);
      if (!limit) return std::unexpected(limit.error());
      limits.*row.limit = *limit;
      is_limit = is_limit || row.change->has_value();
    }
    limits_ = limits;
    if (is_limit) device_.set_limits(limits_);
    if (change.link) device_.set_link(*change.link);
    return {};
  }

 private:
  struct Row {
    std::string_view field;
    const std::optional<RateChange>* change;
    RateLimit NetLimits::* limit;
  };

  Device& device_;
  const std::string backend_;
  const std::string source_;
  NetLimits limits_;
};

}  // namespace skiff
