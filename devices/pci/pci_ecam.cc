#include "devices/pci/pci_ecam.h"

#include "vmm/base/bytes.h"

namespace skiff {
namespace {

constexpr unsigned kFunctionShift = 12;
constexpr std::uint64_t kRegisterMask = (1U << kFunctionShift) - 1;
constexpr std::uint64_t kMaxSize = 256 * PciEcam::kSizePerBus;

IoStatus check(IoAccess access) {
  if (access.offset >= kMaxSize) return IoStatus::no_such_register;
  const bool inside = fits(pci::kExtendedConfigSize, access.offset & kRegisterMask, access.width);
  return inside ? IoStatus::ok : IoStatus::bad_width;
}

PciAddress address_of(std::uint64_t offset) {
  return PciAddress::from_id(static_cast<std::uint16_t>(offset >> kFunctionShift));
}

}  // namespace

IoStatus PciEcam::read(IoAccess access, std::uint64_t& value) {
  if (const IoStatus status = check(access); status != IoStatus::ok) return status;
  value = bus_.config_read(address_of(access.offset), access.offset & kRegisterMask, access.width);
  return IoStatus::ok;
}

IoStatus PciEcam::write(IoAccess access, std::uint64_t value) {
  if (const IoStatus status = check(access); status != IoStatus::ok) return status;
  bus_.config_write(address_of(access.offset), access.offset & kRegisterMask, access.width, value);
  return IoStatus::ok;
}

std::string_view PciEcam::register_name(std::uint64_t, bool) const {
  return "configuration space";
}

}  // namespace skiff
