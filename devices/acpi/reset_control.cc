#include "devices/acpi/reset_control.h"

#include <utility>

#include "devices/acpi/reset_control_regs.h"

namespace skiff {

using namespace reset_control;

ResetControl::ResetControl(std::string name, std::function<void()> reset_machine)
    : name_(std::move(name)), reset_machine_(std::move(reset_machine)), faults_(name_) {}

bool ResetControl::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset != kRstCnt) {
    status = IoStatus::no_such_register;
  } else if (access.width != 1) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes to the 8-bit RST_CNT", access.width);
  }
  return status == IoStatus::ok;
}

IoStatus ResetControl::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  value = rst_cnt_.load(std::memory_order_relaxed);
  return IoStatus::ok;
}

IoStatus ResetControl::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const auto byte = static_cast<std::uint8_t>(value);
  rst_cnt_.store(byte & kKept, std::memory_order_relaxed);
  // RST_CPU is never kept, so that each write of it is a rising edge.
  if ((byte & kRstCpu) != 0 && reset_machine_) reset_machine_();
  return IoStatus::ok;
}

void ResetControl::restore(const State& state) {
  rst_cnt_.store(state.rst_cnt & kKept, std::memory_order_relaxed);
}

std::string_view ResetControl::register_name(std::uint64_t offset, bool) const {
  return offset == kRstCnt ? std::string_view{"RST_CNT"} : std::string_view{};
}

}  // namespace skiff
