#include "devices/misc/post_code.h"

#include <utility>

#include "devices/misc/post_code_regs.h"

namespace skiff {

using namespace post_code;

PostCode::PostCode(std::string name) : name_(std::move(name)), faults_(name_) {}

bool PostCode::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset != kCode) {
    status = IoStatus::no_such_register;
  } else if (access.width != 1) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes to an 8-bit port", access.width);
  }
  return status == IoStatus::ok;
}

IoStatus PostCode::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  value = state().last_code;
  return IoStatus::ok;
}

IoStatus PostCode::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  std::uint64_t seen = count_and_code_.load(std::memory_order_relaxed);
  while (!count_and_code_.compare_exchange_weak(seen, ((seen >> 8) + 1) << 8 | (value & 0xff),
                                                std::memory_order_relaxed)) {
  }
  return IoStatus::ok;
}

PostCode::State PostCode::state() const {
  const std::uint64_t word = count_and_code_.load(std::memory_order_relaxed);
  return {static_cast<std::uint8_t>(word), word >> 8};
}

void PostCode::restore(const State& state) {
  count_and_code_.store(state.count << 8 | state.last_code, std::memory_order_relaxed);
}

std::string_view PostCode::register_name(std::uint64_t offset, bool) const {
  return offset == kCode ? std::string_view{"POST_CODE"} : std::string_view{};
}

}  // namespace skiff
