// A channel's registers as the buses see them: the command block, the control block, and the bus
// master's eight bytes.
#include <array>

#include "devices/ide/bus_master_regs.h"
#include "devices/ide/ide_channel.h"
#include "vmm/base/bits.h"

namespace skiff {

// --- The command block ------------------------------------------------------------------------

IoStatus IdeChannel::read_command_block(IoAccess access, std::uint64_t& value) {
  if (!decoded_.load()) return IoStatus::no_such_register;
  if (access.offset >= ata::kCommandBlockSize) return IoStatus::no_such_register;
  const bool is_data = access.offset == ata::kData;
  if (is_data ? access.width != 2 && access.width != 4 : access.width != 1)
    return IoStatus::bad_width;
  Act todo;
  {
    MutexLock lock(mutex_);
    if (is_data) {
      value = all_ones(access.width);
      take_data(std::as_writable_bytes(std::span(&value, 1)).first(access.width));
    } else {
      value = read_register(access.offset);
    }
    todo = settle();
  }
  act(todo);
  return IoStatus::ok;
}

IoStatus IdeChannel::write_command_block(IoAccess access, std::uint64_t value) {
  if (!decoded_.load()) return IoStatus::no_such_register;
  if (access.offset >= ata::kCommandBlockSize) return IoStatus::no_such_register;
  const bool is_data = access.offset == ata::kData;
  if (is_data ? access.width != 2 && access.width != 4 : access.width != 1)
    return IoStatus::bad_width;
  Act todo;
  {
    MutexLock lock(mutex_);
    if (is_data) {
      give_data(std::as_bytes(std::span(&value, 1)).first(access.width));
    } else {
      write_register(access.offset, static_cast<std::uint8_t>(value));
    }
    todo = settle();
  }
  act(todo);
  return IoStatus::ok;
}

IoStatus IdeChannel::CommandBlock::read(IoAccess access, std::uint64_t& value) {
  return channel_.read_command_block(access, value);
}

IoStatus IdeChannel::CommandBlock::write(IoAccess access, std::uint64_t value) {
  return channel_.write_command_block(access, value);
}

// REP INSW and OUTSW of the data port: all of it at once.
IoStatus IdeChannel::CommandBlock::read_string(IoAccess access, std::span<std::byte> data,
                                               std::size_t& done) {
  if (access.offset != ata::kData || (access.width != 2 && access.width != 4) ||
      !channel_.decoded_.load()) {
    return IoDevice::read_string(access, data, done);
  }
  const std::size_t elements = data.size() / access.width;
  Act todo;
  {
    MutexLock lock(channel_.mutex_);
    channel_.take_data(data.first(elements * access.width));
    todo = channel_.settle();
  }
  channel_.act(todo);
  done = elements;
  return IoStatus::ok;
}

IoStatus IdeChannel::CommandBlock::write_string(IoAccess access, std::span<const std::byte> data,
                                                std::size_t& done) {
  if (access.offset != ata::kData || (access.width != 2 && access.width != 4) ||
      !channel_.decoded_.load()) {
    return IoDevice::write_string(access, data, done);
  }
  const std::size_t elements = data.size() / access.width;
  Act todo;
  {
    MutexLock lock(channel_.mutex_);
    channel_.give_data(data.first(elements * access.width));
    todo = channel_.settle();
  }
  channel_.act(todo);
  done = elements;
  return IoStatus::ok;
}

std::string_view IdeChannel::CommandBlock::register_name(std::uint64_t offset,
                                                         bool is_write) const {
  constexpr std::array<std::string_view, ata::kCommandBlockSize> kNames = {
      "DATA", "ERROR", "COUNT", "LBA_LOW", "LBA_MID", "LBA_HIGH", "DEVICE", "STATUS"};
  if (is_write && offset == ata::kFeatures) return "FEATURES";
  if (is_write && offset == ata::kCommand) return "COMMAND";
  return offset < kNames.size() ? kNames[offset] : std::string_view();
}

// --- The control block ------------------------------------------------------------------------

IoStatus IdeChannel::ControlBlock::read(IoAccess access, std::uint64_t& value) {
  if (access.offset != 0 || !channel_.decoded_.load()) return IoStatus::no_such_register;
  if (access.width != 1) return IoStatus::bad_width;
  MutexLock lock(channel_.mutex_);
  value = channel_.status();
  return IoStatus::ok;
}

IoStatus IdeChannel::ControlBlock::write(IoAccess access, std::uint64_t value) {
  if (access.offset != 0 || !channel_.decoded_.load()) return IoStatus::no_such_register;
  if (access.width != 1) return IoStatus::bad_width;
  Act todo;
  {
    MutexLock lock(channel_.mutex_);
    channel_.write_control(static_cast<std::uint8_t>(value));
    todo = channel_.settle();
  }
  channel_.act(todo);
  return IoStatus::ok;
}

std::string_view IdeChannel::ControlBlock::register_name(std::uint64_t offset,
                                                         bool is_write) const {
  if (offset != 0) return {};
  return is_write ? "DEVICE_CONTROL" : "ALT_STATUS";
}

// --- The bus master ---------------------------------------------------------------------------

IoStatus IdeChannel::read_bus_master(IoAccess access, std::uint64_t& value) {
  MutexLock lock(mutex_);
  value = 0;
  for (unsigned i = 0; i < access.width; ++i)
    value |= std::uint64_t{bus_master_.read(access.offset + i)} << (8 * i);
  return IoStatus::ok;
}

IoStatus IdeChannel::write_bus_master(IoAccess access, std::uint64_t value) {
  Act todo;
  {
    MutexLock lock(mutex_);
    if (access.offset == ide::kBmCommand) {
      const bool stops = (value & ide::kBmStart) == 0;
      stop_wanted_ = stops && in_flight_ && is_dma();
      if (stop_wanted_) return IoStatus::busy;
    }
    for (unsigned i = 0; i < access.width; ++i)
      bus_master_.write(access.offset + i, static_cast<std::uint8_t>(value >> (8 * i)));
    go_on_dma();
    todo = settle();
  }
  act(todo);
  return IoStatus::ok;
}

}  // namespace skiff
