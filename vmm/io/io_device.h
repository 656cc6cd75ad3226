// What a bus asks of a device. No KVM, no file descriptor, no address: a device knows only offsets.
//
// Thread rule: read and write are called by several vCPU threads at once; a device guards its own
// state (compute under its mutex; call out (wires, back-ends) only after unlocking).
//
// Guest faults: for any status but `ok` the bus completes the access as hardware would: a read
// returns all ones, a write is dropped. A device never throws, aborts or blocks on guest values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "vmm/io/io_access.h"

namespace skiff {

class IoDevice {
 public:
  virtual ~IoDevice() = default;

  // For logs, the exit ledger and errors, e.g. "serial0". Constant through the device's life.
  virtual std::string_view name() const = 0;

  // `value` is written only when the answer is ok; its low `width` bytes count.
  virtual IoStatus read(IoAccess access, std::uint64_t& value) = 0;
  virtual IoStatus write(IoAccess access, std::uint64_t value) = 0;

  // One string instruction (REP INS/OUTS) of `data.size() / access.width` elements on one register;
  // `done` says how many elements were finished. The defaults loop over read and write.
  virtual IoStatus read_string(IoAccess access, std::span<std::byte> data, std::size_t& done);
  virtual IoStatus write_string(IoAccess access, std::span<const std::byte> data,
                                std::size_t& done);

  // The specification's name of the register, for the ledger and reports; empty where there is
  // none.
  virtual std::string_view register_name(std::uint64_t offset, bool is_write) const;
  // The register that the ledger counts an access under: the first of a table whose entries are one
  // to a reader, so that a driver that fills it does not fill the ledger. Most devices have none.
  virtual std::uint64_t ledger_offset(std::uint64_t offset) const { return offset; }
};

}  // namespace skiff
