#include "devices/misc/debug_register.h"

#include <bit>
#include <utility>

#include "devices/misc/debug_register_regs.h"
#include "vmm/base/bits.h"

namespace skiff {

using namespace debug_register;

DebugRegister::DebugRegister(std::string name) : name_(std::move(name)), faults_(name_) {}

bool DebugRegister::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset != kValue) {
    status = IoStatus::no_such_register;
  } else if (access.width > kSize || !std::has_single_bit(access.width)) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes to a 32-bit register", access.width);
  }
  return status == IoStatus::ok;
}

IoStatus DebugRegister::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (check(access, status)) {
    value = value_.load(std::memory_order_relaxed) & all_ones(access.width);
  }
  return status;
}

IoStatus DebugRegister::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (check(access, status)) {
    value_.store(static_cast<std::uint32_t>(value), std::memory_order_relaxed);
  }
  return status;
}

std::string_view DebugRegister::register_name(std::uint64_t offset, bool) const {
  return offset == kValue ? std::string_view{"VALUE"} : std::string_view{};
}

}  // namespace skiff
