#include "devices/misc/debug_text_port.h"

#include <utility>

#include "devices/misc/debug_text_port_regs.h"

namespace skiff {

using namespace debug_text_port;

DebugTextPort::DebugTextPort(std::string name, ByteSink& sink)
    : name_(std::move(name)), sink_(sink), faults_(name_) {}

bool DebugTextPort::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset != kText) {
    status = IoStatus::no_such_register;
  } else if (access.width != 1) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes to an 8-bit port", access.width);
  }
  return status == IoStatus::ok;
}

IoStatus DebugTextPort::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  value = kPresent;
  return IoStatus::ok;
}

IoStatus DebugTextPort::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const auto byte = static_cast<std::byte>(value & 0xff);
  return sink_.write({&byte, 1}) == 1 ? IoStatus::ok : IoStatus::busy;
}

IoStatus DebugTextPort::write_string(IoAccess access, std::span<const std::byte> data,
                                     std::size_t& done) {
  if (access.offset != kText || access.width != 1) {
    return IoDevice::write_string(access, data, done);
  }
  if (done < data.size()) done += sink_.write(data.subspan(done));
  return done < data.size() ? IoStatus::busy : IoStatus::ok;
}

std::string_view DebugTextPort::register_name(std::uint64_t offset, bool) const {
  return offset == kText ? std::string_view{"TEXT"} : std::string_view{};
}

}  // namespace skiff
