// What one kind of device lets a person see and change while the machine runs. Made beside the
// device by its factory (device_table.h); a device without anything to change has none.
//
// Thread rule: the machine's thread. A device's limits belong to its executor's thread and are
// changed there, soon after change() has returned.
#pragma once

#include <initializer_list>
#include <string_view>

#include "vmm/base/control_error.h"
#include "vmm/base/rate_limiter.h"
#include "vmm/io/device_change.h"

namespace skiff {

class DeviceControls {
 public:
  virtual ~DeviceControls() = default;
  // Fills in all but name, kind and face.
  virtual void describe(DeviceInfo& info) const = 0;
  // All of it or, where something is wrong, nothing.
  virtual ControlResult<> change(const DeviceChange& change) = 0;
};

// Refuses the first field that is asked for and not among `known`; `name`: the device's.
ControlResult<> refuse_others(std::string_view name, const DeviceChange& change,
                              std::initializer_list<std::string_view> known);

// `limit` with what `change` asks for in its place; nothing asked: as it is. `field`: for errors.
ControlResult<RateLimit> changed_limit(RateLimit limit, const std::optional<RateChange>& change,
                                       std::string_view field);

ControlError no_such_device(std::string_view name);

}  // namespace skiff
