#include "tests/fuzz/devices/guest_program.h"

#include <cstdlib>

#include "vmm/base/bits.h"
#include "vmm/base/log.h"

namespace skiff {
namespace {

// Guest faults are the point here; their messages are not.
const bool kQuiet = [] {
  log_setup(LogLevel::off, "");
  return true;
}();

}  // namespace

void check_read(IoDevice& device, IoAccess access) {
  constexpr std::uint64_t kUntouched = 0x5a5a'5a5a'5a5a'5a5a;
  std::uint64_t value = kUntouched;
  const IoStatus status = device.read(access, value);
  const bool good = status == IoStatus::ok ? value <= all_ones(access.width) : value == kUntouched;
  if (!good || !kQuiet) std::abort();
}

}  // namespace skiff
