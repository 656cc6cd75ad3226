#include "devices/gpio/pl061.h"

#include <array>
#include <utility>

#include "devices/gpio/pl061_regs.h"
#include "devices/primecell_id.h"
#include "vmm/base/bits.h"

namespace skiff {

using namespace pl061;

namespace {

constexpr unsigned kPl061Part = 0x061;
constexpr unsigned kPl061Revision = 0;

// 3.3.1: the address selects the lines, so that no read-modify-write is needed.
std::uint8_t data_mask(std::uint64_t offset) {
  return static_cast<std::uint8_t>(offset >> 2);
}

}  // namespace

Pl061::Pl061(std::string name, IrqSink* irq) : name_(std::move(name)), faults_(name_), irq_(irq) {}

bool Pl061::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset % 4 != 0) {
    status = IoStatus::misaligned;
  } else if (register_name(access.offset, false).empty()) {
    status = IoStatus::no_such_register;
  } else if (access.width > 4) {
    status = IoStatus::bad_width;
  }
  if (status != IoStatus::ok) {
    faults_.report("access of {} bytes at offset {:#x}", access.width, access.offset);
  }
  return status == IoStatus::ok;
}

std::uint8_t Pl061::lines() const {
  return static_cast<std::uint8_t>((state_.outputs & state_.dir) | (state_.inputs & ~state_.dir));
}

// 3.3.7: levels as they are now, edges until they are cleared.
std::uint8_t Pl061::raw_status() const {
  const unsigned active = ~(lines() ^ static_cast<unsigned>(state_.iev));
  return static_cast<std::uint8_t>((active & state_.is) | (state_.edges & ~state_.is));
}

void Pl061::note_edges(std::uint8_t before) {
  const std::uint8_t after = lines();
  const unsigned changed = before ^ after;
  const unsigned wanted = state_.ibe | ~(after ^ static_cast<unsigned>(state_.iev));
  state_.edges = static_cast<std::uint8_t>(state_.edges | (changed & wanted & ~state_.is));
}

void Pl061::set_input(unsigned line, bool high) {
  {
    MutexLock lock(mutex_);
    const std::uint8_t before = lines();
    const auto bit = static_cast<std::uint8_t>(1U << (line & 7));
    state_.inputs = static_cast<std::uint8_t>(high ? state_.inputs | bit : state_.inputs & ~bit);
    note_edges(before);
  }
  sync_irq();
}

std::uint8_t Pl061::read_register(std::uint64_t offset) const {
  if (offset <= kDataLast) return lines() & data_mask(offset);
  switch (offset) {
    case kDir:
      return state_.dir;
    case kIs:
      return state_.is;
    case kIbe:
      return state_.ibe;
    case kIev:
      return state_.iev;
    case kIe:
      return state_.ie;
    case kRis:
      return raw_status();
    case kMis:
      return raw_status() & state_.ie;
    case kIc:  // for writing only
      return 0;
    case kAfsel:
      return state_.afsel;
    default:
      return static_cast<std::uint8_t>(
          primecell_id(offset, kPl061Part, kPl061Revision).value_or(0));
  }
}

void Pl061::write_register(std::uint64_t offset, std::uint8_t value) {
  const std::uint8_t before = lines();
  if (offset <= kDataLast) {
    const std::uint8_t mask = data_mask(offset) & state_.dir;
    state_.outputs = static_cast<std::uint8_t>((state_.outputs & ~mask) | (value & mask));
    return note_edges(before);
  }
  switch (offset) {
    case kDir:
      state_.dir = value;
      note_edges(before);
      break;
    case kIs:
      state_.is = value;
      break;
    case kIbe:
      state_.ibe = value;
      break;
    case kIev:
      state_.iev = value;
      break;
    case kIe:
      state_.ie = value;
      break;
    case kIc:
      state_.edges = static_cast<std::uint8_t>(state_.edges & ~value);
      break;
    case kAfsel:
      state_.afsel = value;
      break;
    default:  // RIS, MIS and the identification are for reading
      break;
  }
}

IoStatus Pl061::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  MutexLock lock(mutex_);
  value = read_register(access.offset) & all_ones(access.width);
  return IoStatus::ok;
}

IoStatus Pl061::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  {
    MutexLock lock(mutex_);
    write_register(access.offset, static_cast<std::uint8_t>(value));
  }
  sync_irq();
  return IoStatus::ok;
}

void Pl061::sync_irq() {
  irq_.sync([this] {
    MutexLock lock(mutex_);
    return (raw_status() & state_.ie) != 0;
  });
}

Pl061::State Pl061::state() const {
  MutexLock lock(mutex_);
  return state_;
}

std::string_view Pl061::register_name(std::uint64_t offset, bool) const {
  static constexpr std::array<std::string_view, 9> kNames = {"GPIODIR", "GPIOIS", "GPIOIBE",
                                                             "GPIOIEV", "GPIOIE", "GPIORIS",
                                                             "GPIOMIS", "GPIOIC", "GPIOAFSEL"};
  if (offset % 4 != 0) return {};
  if (offset <= kDataLast) return "GPIODATA";
  if (offset <= kAfsel) return kNames[(offset - kDir) / 4];
  return primecell_id_name(offset);
}

}  // namespace skiff
