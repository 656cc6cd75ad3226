#include "devices/misc/debug_exit.h"

#include <utility>

#include "devices/misc/debug_exit_regs.h"
#include "vmm/base/bits.h"

namespace skiff {

using namespace debug_exit;

DebugExit::DebugExit(std::string name, std::function<void(std::uint32_t value)> on_exit)
    : name_(std::move(name)), on_exit_(std::move(on_exit)), faults_(name_) {}

bool DebugExit::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset != kExitCode) {
    status = IoStatus::no_such_register;
  } else if (access.width != 1 && access.width != 2 && access.width != 4) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes", access.width);
  }
  return status == IoStatus::ok;
}

IoStatus DebugExit::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  value = 0;
  return IoStatus::ok;
}

IoStatus DebugExit::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  if (on_exit_) on_exit_(static_cast<std::uint32_t>(value & all_ones(access.width)));
  return IoStatus::ok;
}

std::string_view DebugExit::register_name(std::uint64_t offset, bool) const {
  return offset == kExitCode ? std::string_view{"EXIT_CODE"} : std::string_view{};
}

}  // namespace skiff
