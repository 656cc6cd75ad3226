#include "devices/intc/gicv2m_frame.h"

#include <utility>

#include "devices/intc/gicv2m_regs.h"

namespace skiff {

using namespace gicv2m;

Gicv2mFrame::Gicv2mFrame(std::string name, std::uint32_t first_intid, std::uint32_t count,
                         std::function<void(std::uint32_t intid)> pulse)
    : name_(std::move(name)),
      first_intid_(first_intid),
      count_(count),
      pulse_(std::move(pulse)),
      faults_(name_) {}

IoStatus Gicv2mFrame::check(IoAccess access) {
  IoStatus status = IoStatus::ok;
  if (access.offset % 4 != 0) {
    status = IoStatus::misaligned;
  } else if (register_name(access.offset, false).empty()) {
    status = IoStatus::no_such_register;
  } else if (access.width != 4) {
    status = IoStatus::bad_width;
  }
  if (status != IoStatus::ok) {
    faults_.report("access of {} bytes at offset {:#x}", access.width, access.offset);
  }
  return status;
}

IoStatus Gicv2mFrame::read(IoAccess access, std::uint64_t& value) {
  if (const IoStatus status = check(access); status != IoStatus::ok) return status;
  switch (access.offset) {
    case kMsiTyper:
      value = typer(first_intid_, count_);
      break;
    case kMsiIidr:
      value = kIidr;
      break;
    default:  // MSI_SETSPI_NS is for writing
      value = 0;
      break;
  }
  return IoStatus::ok;
}

IoStatus Gicv2mFrame::write(IoAccess access, std::uint64_t value) {
  if (const IoStatus status = check(access); status != IoStatus::ok) return status;
  if (access.offset != kMsiSetspiNs) return IoStatus::ok;
  const auto intid = static_cast<std::uint32_t>(value);
  if (intid - first_intid_ < count_) {
    pulse_(intid);
  } else {
    faults_.report("message {}, which is none of the {} from {}", intid, count_, first_intid_);
  }
  return IoStatus::ok;
}

std::string_view Gicv2mFrame::register_name(std::uint64_t offset, bool) const {
  switch (offset) {
    case kMsiTyper:
      return "MSI_TYPER";
    case kMsiSetspiNs:
      return "MSI_SETSPI_NS";
    case kMsiIidr:
      return "MSI_IIDR";
    default:
      return {};
  }
}

}  // namespace skiff
