#include "devices/pci/pci_port_window.h"

namespace skiff {
namespace {

IoStatus passed_on(IoStatus status) {
  return status == IoStatus::busy ? status : IoStatus::ok;
}

bool is_inside(IoAccess access) {
  return access.offset < PciPortWindow::kSize &&
         access.width <= PciPortWindow::kSize - access.offset;
}

}  // namespace

IoStatus PciPortWindow::read(IoAccess access, std::uint64_t& value) {
  if (!is_inside(access)) return IoStatus::bad_width;
  IoBus::Reader reader(ports_);
  IoBus::Target target;
  return passed_on(ports_.read(reader, access.offset, access.width, value, target));
}

IoStatus PciPortWindow::write(IoAccess access, std::uint64_t value) {
  if (!is_inside(access)) return IoStatus::bad_width;
  IoBus::Reader reader(ports_);
  IoBus::Target target;
  return passed_on(ports_.write(reader, access.offset, access.width, value, target));
}

}  // namespace skiff
