#include "vmm/io/io_bus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "vmm/base/bits.h"

namespace skiff {

IoBus::Reader::Reader(IoBus& bus) : bus_(bus) {
  MutexLock lock(bus_.mutex_);
  bus_.readers_.push_back(this);
}

IoBus::Reader::~Reader() {
  MutexLock lock(bus_.mutex_);
  std::erase(bus_.readers_, this);
}

class IoBus::Access {
 public:
  Access(const IoBus& bus, Reader& reader, std::uint64_t address, std::uint64_t length)
      : hazard_(reader.hazard_) {
    // The store must be visible before the second load: otherwise the writer could look for hazards
    // before this one is set, and free the table between the two loads. Hence seq_cst on both
    // sides.
    const Table* table = bus.current_.load(std::memory_order_acquire);
    for (;;) {
      hazard_.store(table, std::memory_order_seq_cst);
      const Table* const again = bus.current_.load(std::memory_order_seq_cst);
      if (again == table) break;
      table = again;
    }
    const auto after = std::ranges::upper_bound(
        *table, address, {}, [](const Entry& entry) { return entry.range.start; });
    if (after == table->begin()) return;
    const Entry& entry = *std::prev(after);
    if (!entry.range.contains(address)) return;
    target_ = {entry.device, address - entry.range.start + entry.offset_base};
    status_ = length - 1 <= entry.range.last() - address ? IoStatus::ok : IoStatus::bad_width;
  }
  ~Access() { hazard_.store(nullptr, std::memory_order_release); }
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  const Target& target() const { return target_; }
  IoStatus status() const { return status_; }

 private:
  std::atomic<const Table*>& hazard_;
  Target target_;
  IoStatus status_ = IoStatus::no_such_register;
};

IoBus::IoBus(std::string_view name, Range space) : name_(name), space_(space) {
  auto empty = std::make_unique<const Table>();
  current_.store(empty.get(), std::memory_order_relaxed);
  MutexLock lock(mutex_);
  alive_.push_back(std::move(empty));
}

IoBus::~IoBus() = default;

std::expected<void, std::string> IoBus::insert(Table& table, const Entry& added) const {
  const Range& range = added.range;
  if (!space_.contains(range)) {
    return std::unexpected(fmt::format("{}: {} range {:#x}+{:#x} is outside the address space",
                                       added.device->name(), name_, range.start, range.size));
  }
  for (const Entry& entry : table) {
    if (entry.range.overlaps(range)) {
      return std::unexpected(
          fmt::format("{}: {} range {:#x}-{:#x} is already taken by {} ({:#x}-{:#x})",
                      added.device->name(), name_, range.start, range.last(), entry.device->name(),
                      entry.range.start, entry.range.last()));
    }
  }
  const auto at = std::ranges::upper_bound(table, range.start, {},
                                           [](const Entry& entry) { return entry.range.start; });
  table.insert(at, added);
  return {};
}

std::expected<void, std::string> IoBus::add(Range range, IoDevice& device,
                                            std::uint64_t offset_base) {
  MutexLock lock(mutex_);
  Table next = *current_.load(std::memory_order_relaxed);
  auto inserted = insert(next, {range, &device, offset_base});
  if (inserted) publish(std::move(next));
  return inserted;
}

std::expected<void, std::string> IoBus::move(std::uint64_t start, const IoDevice& device,
                                             Range to) {
  MutexLock lock(mutex_);
  Table next = *current_.load(std::memory_order_relaxed);
  const auto found = std::ranges::find_if(next, [&](const Entry& entry) {
    return entry.range.start == start && entry.device == &device;
  });
  if (found == next.end()) {
    return std::unexpected(fmt::format("{}: not at {} {:#x}", device.name(), name_, start));
  }
  const Entry moved{to, found->device, found->offset_base};
  next.erase(found);
  auto inserted = insert(next, moved);
  if (inserted) publish(std::move(next));
  return inserted;
}

bool IoBus::remove(std::uint64_t start, const IoDevice& device) {
  MutexLock lock(mutex_);
  Table next = *current_.load(std::memory_order_relaxed);
  const auto removed = std::erase_if(next, [&](const Entry& entry) {
    return entry.range.start == start && entry.device == &device;
  });
  if (removed == 0) return false;
  publish(std::move(next));
  return true;
}

void IoBus::publish(Table next) {
  alive_.push_back(std::make_unique<const Table>(std::move(next)));
  current_.store(alive_.back().get(), std::memory_order_seq_cst);
  std::erase_if(alive_, [this](const std::unique_ptr<const Table>& table) SKIFF_REQUIRES(mutex_) {
    return table.get() != current_.load(std::memory_order_relaxed) && !is_hazardous(table.get());
  });
}

bool IoBus::is_hazardous(const Table* table) const {
  return std::ranges::any_of(readers_, [table](const Reader* reader) {
    return reader->hazard_.load(std::memory_order_seq_cst) == table;
  });
}

IoStatus IoBus::read(Reader& reader, std::uint64_t address, std::uint8_t width,
                     std::uint64_t& value, Target& target) {
  assert(&reader.bus_ == this);
  const Access access(*this, reader, address, width);
  target = access.target();
  IoStatus status = access.status();
  if (status == IoStatus::ok) status = target.device->read({target.offset, width}, value);
  if (status == IoStatus::ok || status == IoStatus::busy) return status;
  value = all_ones(width);
  return status;
}

IoStatus IoBus::write(Reader& reader, std::uint64_t address, std::uint8_t width,
                      std::uint64_t value, Target& target) {
  assert(&reader.bus_ == this);
  const Access access(*this, reader, address, width);
  target = access.target();
  if (access.status() != IoStatus::ok) return access.status();
  return target.device->write({target.offset, width}, value);
}

IoStatus IoBus::read_string(Reader& reader, std::uint64_t address, std::uint8_t width,
                            std::span<std::byte> data, std::size_t& done, Target& target) {
  const Access access(*this, reader, address, width);
  target = access.target();
  if (access.status() == IoStatus::ok) {
    return target.device->read_string({target.offset, width}, data, done);
  }
  // From `done` on: a device that has gone since it said busy gave the elements before.
  std::ranges::fill(data.subspan(std::min(done * width, data.size())), std::byte{0xff});
  done = data.size() / width;
  return access.status();
}

IoStatus IoBus::write_string(Reader& reader, std::uint64_t address, std::uint8_t width,
                             std::span<const std::byte> data, std::size_t& done, Target& target) {
  const Access access(*this, reader, address, width);
  target = access.target();
  if (access.status() == IoStatus::ok) {
    return target.device->write_string({target.offset, width}, data, done);
  }
  done = data.size() / width;
  return access.status();
}

IoBus::Table IoBus::snapshot() const {
  MutexLock lock(mutex_);
  return *current_.load(std::memory_order_relaxed);
}

std::size_t IoBus::tables_alive() const {
  MutexLock lock(mutex_);
  return alive_.size();
}

}  // namespace skiff
