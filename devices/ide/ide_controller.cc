#include "devices/ide/ide_controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "devices/ide/bus_master_regs.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

constexpr unsigned kBusMasterBar = 4;
constexpr unsigned kIdetimSize = 2;  // of one channel [bytes]

}  // namespace

IdeController::IdeController(const std::vector<IdeChannel::DriveConfig>& disks,
                             const GuestMemory& memory, const std::array<IrqSink*, kChannels>& irqs)
    : PciFunction("ide", {.vendor = ide::kPiixVendor,
                          .device = ide::kPiix4Ide,
                          .class_code = ide::kPiixClass,
                          .revision = 1}) {
  for (std::size_t i = 0; i < kChannels; ++i) {
    const std::size_t first = std::min(i * IdeChannel::kMostDrives, disks.size());
    const std::size_t count = std::min(IdeChannel::kMostDrives, disks.size() - first);
    const auto begin = disks.begin() + static_cast<std::ptrdiff_t>(first);
    const std::vector<IdeChannel::DriveConfig> mine(begin,
                                                    begin + static_cast<std::ptrdiff_t>(count));
    has_disks_[i] = count != 0;
    channels_[i] = std::make_unique<IdeChannel>(fmt::format("ide{}", i), mine, memory, irqs[i],
                                                [this] { return bus_master(); });
    // Firmware switches a channel on where it has found disks; here nobody else would.
    const auto offset = static_cast<unsigned>(ide::kIdetim + i * kIdetimSize);
    add_registers(offset, kIdetimSize, has_disks_[i] ? ide::kIdetimDecode : 0, 0xffff);
  }
  add_registers(ide::kSidetim, 1, 0, 0xff);
  add_registers(ide::kUdmactl, 1, 0, 0x0f);
  add_registers(ide::kUdmatim, 2, 0, 0x3333);
  add_bar(
      kBusMasterBar,
      {.kind = PciBar::Kind::io, .size = kChannels * ide::kBusMasterSize, .device = &bus_master_});
  follow_decode_bits();
}

IdeController::~IdeController() {
  // No channel may ask for the bus master bit of a function that is half gone.
  for (const auto& channel : channels_)
    channel->shut_down();
  if (ports_ == nullptr) return;
  for (std::size_t i = 0; i < kChannels; ++i) {
    ports_->remove(kPorts[i * 2].start, channels_[i]->command_block());
    ports_->remove(kPorts[i * 2 + 1].start, channels_[i]->control_block());
  }
}

void IdeController::add_ports(IoBus& ports) {
  ports_ = &ports;
  const auto add = [&ports](Range range, IoDevice& device) {
    if (const auto added = ports.add(range, device); !added) throw ConfigError(added.error());
  };
  for (std::size_t i = 0; i < kChannels; ++i) {
    if (!has_disks_[i]) continue;
    add(kPorts[i * 2], channels_[i]->command_block());
    add(kPorts[i * 2 + 1], channels_[i]->control_block());
  }
}

IdeChannel::Counts IdeController::counts(std::size_t disk) const {
  return channels_.at(disk / IdeChannel::kMostDrives)->counts(disk % IdeChannel::kMostDrives);
}

void IdeController::follow_decode_bits() {
  for (std::size_t i = 0; i < kChannels; ++i) {
    const auto offset = static_cast<unsigned>(ide::kIdetim + i * kIdetimSize);
    channels_[i]->set_decoded((config(offset, kIdetimSize) & ide::kIdetimDecode) != 0);
  }
}

void IdeController::on_config_write(unsigned offset, unsigned width) {
  if (offset < ide::kIdetim + kChannels * kIdetimSize && offset + width > ide::kIdetim) {
    follow_decode_bits();
  }
}

void IdeController::on_reset() {
  follow_decode_bits();
  for (const auto& channel : channels_)
    channel->hardware_reset();
}

IoStatus IdeController::BusMasterPorts::read(IoAccess access, std::uint64_t& value) {
  const std::uint64_t channel = access.offset / ide::kBusMasterSize;
  if (channel >= kChannels) return IoStatus::no_such_register;
  if (access.width > 4) return IoStatus::bad_width;
  if (access.offset % access.width != 0) return IoStatus::misaligned;
  return controller_.channels_[channel]->read_bus_master(
      {access.offset % ide::kBusMasterSize, access.width}, value);
}

IoStatus IdeController::BusMasterPorts::write(IoAccess access, std::uint64_t value) {
  const std::uint64_t channel = access.offset / ide::kBusMasterSize;
  if (channel >= kChannels) return IoStatus::no_such_register;
  if (access.width > 4) return IoStatus::bad_width;
  if (access.offset % access.width != 0) return IoStatus::misaligned;
  return controller_.channels_[channel]->write_bus_master(
      {access.offset % ide::kBusMasterSize, access.width}, value);
}

std::string_view IdeController::BusMasterPorts::register_name(std::uint64_t offset, bool) const {
  switch (offset % ide::kBusMasterSize) {
    case ide::kBmCommand:
      return "BMIC";
    case ide::kBmStatus:
      return "BMIS";
    case ide::kBmTable:
      return "BMIDTP";
    default:
      return {};
  }
}

}  // namespace skiff
