#include "devices/pci/pci_config_ports.h"

#include <optional>

#include "vmm/base/bits.h"

namespace skiff {
namespace {

constexpr std::uint64_t kAddress = 0;
constexpr std::uint64_t kResetControl = 1;
constexpr std::uint64_t kData = 4;
constexpr std::uint64_t kEnd = 8;

// Bit 31 enables; 30:24 are reserved, 1:0 hard-wired to zero.
constexpr std::uint32_t kEnable = 1U << 31;
constexpr std::uint32_t kWritable = kEnable | 0x00ff'fffc;

struct Target {
  PciAddress address;
  std::uint32_t offset;
};

constexpr Target decode(std::uint32_t address, std::uint64_t port_offset) {
  return {PciAddress::from_id(static_cast<std::uint16_t>(address >> 8)),
          (address & 0xfc) + static_cast<std::uint32_t>(port_offset - kData)};
}

constexpr bool is_reset_control(IoAccess access) {
  return access.offset == kResetControl && access.width == 1;
}

constexpr bool is_address(IoAccess access) {
  return access.offset == kAddress && access.width == 4;
}

constexpr IoStatus check_data(IoAccess access) {
  if (access.offset < kData || access.offset >= kEnd) return IoStatus::no_such_register;
  return access.width <= kEnd - access.offset ? IoStatus::ok : IoStatus::bad_width;
}

}  // namespace

PciConfigPorts::PciConfigPorts(PciBus& bus, IoDevice* reset_control)
    : bus_(bus), reset_control_(reset_control) {}

IoStatus PciConfigPorts::read(IoAccess access, std::uint64_t& value) {
  if (is_reset_control(access) && reset_control_ != nullptr) {
    return reset_control_->read({0, 1}, value);
  }
  const std::uint32_t address = address_.load(std::memory_order_relaxed);
  if (is_address(access)) {
    value = address;
    return IoStatus::ok;
  }
  const IoStatus status = check_data(access);
  if (status != IoStatus::ok) return status;
  if ((address & kEnable) == 0) return IoStatus::no_such_register;
  const Target target = decode(address, access.offset);
  value = bus_.config_read(target.address, target.offset, access.width);
  return IoStatus::ok;
}

IoStatus PciConfigPorts::write(IoAccess access, std::uint64_t value) {
  if (is_reset_control(access) && reset_control_ != nullptr) {
    return reset_control_->write({0, 1}, value);
  }
  if (is_address(access)) {
    address_.store(static_cast<std::uint32_t>(value) & kWritable, std::memory_order_relaxed);
    return IoStatus::ok;
  }
  const IoStatus status = check_data(access);
  if (status != IoStatus::ok) return status;
  const std::uint32_t address = address_.load(std::memory_order_relaxed);
  if ((address & kEnable) == 0) return IoStatus::no_such_register;
  const Target target = decode(address, access.offset);
  bus_.config_write(target.address, target.offset, access.width, value);
  return IoStatus::ok;
}

std::string_view PciConfigPorts::register_name(std::uint64_t offset, bool) const {
  if (offset >= kData) return "CONFIG_DATA";
  return offset == kResetControl ? "RESET_CONTROL" : "CONFIG_ADDRESS";
}

}  // namespace skiff
