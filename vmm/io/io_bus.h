// An address space of devices: one IoBus for ports, one for MMIO.
//
// Reading is lock-free: a sorted table, published whole. A change (a device added at start-up, a
// PCI BAR moved by the guest while other vCPUs read) builds a new table and publishes it; the old
// one is freed once no reader is inside it. Each reading thread owns an IoBus::Reader, a hazard
// pointer; at most one table per reader is kept alive, so a guest that moves BARs without end uses
// bounded memory.
//
//   reader:  hazard <- table; still current? yes -> look up, call device;  hazard <- null
//   writer:  new table -> current;  retired += old;  free each retired table no hazard names
//
// A device may be called for a moment after it was removed from the table (by a reader that was
// already inside): devices outlive the vCPU threads. Devices may change the bus from within an
// access.
//
// Thread rule: add/remove from any thread (a mutex serialises them); read/write with a Reader that
// belongs to the calling thread, not nested in another access of the same Reader.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/range.h"
#include "vmm/io/io_access.h"
#include "vmm/io/io_device.h"

namespace skiff {

class IoBus {
 public:
  struct Entry {
    Range range;
    IoDevice* device;
    std::uint64_t offset_base;  // what the device sees for an access at range.start
  };
  using Table = std::vector<Entry>;  // sorted by range.start, no two overlap

  class Reader {
   public:
    explicit Reader(IoBus& bus);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

   private:
    friend class IoBus;
    IoBus& bus_;
    std::atomic<const Table*> hazard_{nullptr};
  };

  // Whom an access reached; `device` is null where nothing lives.
  struct Target {
    IoDevice* device = nullptr;
    std::uint64_t offset = 0;
  };

  // `name` is for messages: "port", "MMIO". `space` is the size of the address space (2^16 ports).
  IoBus(std::string_view name, Range space);
  ~IoBus();
  IoBus(const IoBus&) = delete;
  IoBus& operator=(const IoBus&) = delete;

  // The error is a sentence naming both devices (an overlap) or the range (outside the space).
  std::expected<void, std::string> add(Range range, IoDevice& device,
                                       std::uint64_t offset_base = 0);
  // Removes the entry of `device` that starts at `start`; false if there is none.
  bool remove(std::uint64_t start, const IoDevice& device);
  // Moves the entry of `device` that starts at `start`, in one step: every reader finds it at the
  // old place or at the new one. On an error (as for add, or there is no such entry) nothing has
  // changed.
  std::expected<void, std::string> move(std::uint64_t start, const IoDevice& device, Range to);

  // Width is 1, 2, 4 or 8. For any status but ok and busy, `value` becomes all ones. `target` tells
  // the ledger whom it was.
  IoStatus read(Reader& reader, std::uint64_t address, std::uint8_t width, std::uint64_t& value,
                Target& target);
  IoStatus write(Reader& reader, std::uint64_t address, std::uint8_t width, std::uint64_t value,
                 Target& target);
  // String instructions; see IoDevice. Where no device answers: all ones, dropped, `done` = all.
  IoStatus read_string(Reader& reader, std::uint64_t address, std::uint8_t width,
                       std::span<std::byte> data, std::size_t& done, Target& target);
  IoStatus write_string(Reader& reader, std::uint64_t address, std::uint8_t width,
                        std::span<const std::byte> data, std::size_t& done, Target& target);

  // A copy of the table as it is now (for reports).
  Table snapshot() const;
  // Tables in memory, the current one among them: at most one more than there are readers.
  std::size_t tables_alive() const;
  std::string_view name() const { return name_; }

 private:
  class Access;  // one reader's stay inside a table

  // Puts the entry where it belongs, or says what is in its way.
  std::expected<void, std::string> insert(Table& table, const Entry& entry) const;
  void publish(Table next) SKIFF_REQUIRES(mutex_);
  bool is_hazardous(const Table* table) const SKIFF_REQUIRES(mutex_);

  const std::string name_;
  const Range space_;
  mutable Mutex mutex_;
  std::atomic<const Table*> current_;
  std::vector<std::unique_ptr<const Table>> alive_ SKIFF_GUARDED_BY(mutex_);  // current and retired
  std::vector<const Reader*> readers_ SKIFF_GUARDED_BY(mutex_);
};

}  // namespace skiff
