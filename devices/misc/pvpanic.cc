#include "devices/misc/pvpanic.h"

#include <utility>

#include "devices/misc/pvpanic_regs.h"

namespace skiff {

using namespace pvpanic;

Pvpanic::Pvpanic(std::string name, std::function<void(PvpanicEvent event)> on_event)
    : name_(std::move(name)), on_event_(std::move(on_event)), faults_(name_) {}

bool Pvpanic::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset != kEvents) {
    status = IoStatus::no_such_register;
  } else if (access.width != 1) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes to an 8-bit port", access.width);
  }
  return status == IoStatus::ok;
}

IoStatus Pvpanic::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  value = kSupported;
  return IoStatus::ok;
}

IoStatus Pvpanic::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const auto events = static_cast<std::uint8_t>(value);
  if ((events & ~kSupported) != 0) faults_.report("unknown event bits {:#04x}", events);
  if (!on_event_) return IoStatus::ok;
  if ((events & kPanicked) != 0) {
    on_event_(PvpanicEvent::panicked);
  } else if ((events & kCrashLoaded) != 0) {
    on_event_(PvpanicEvent::crash_loaded);
  }
  return IoStatus::ok;
}

std::string_view Pvpanic::register_name(std::uint64_t offset, bool) const {
  return offset == kEvents ? std::string_view{"EVENTS"} : std::string_view{};
}

}  // namespace skiff
