// The bytes of one function's configuration space, and what a guest may do to each bit.
//
// Every access of every width at every offset is defined: bytes past the end read as ones and
// swallow writes, as an absent register does. What the guest writes changes only bits of the
// writable mask, and clears bits of the write-1-to-clear mask.
//
// Thread rule: none of its own; PciFunction guards it by its mutex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "devices/pci/pci_regs.h"

namespace skiff {

class PciConfigSpace {
 public:
  // 256 bytes (conventional) or 4096 (PCI Express).
  explicit PciConfigSpace(std::size_t size = pci::kConfigSize);

  // The guest's accesses. Width 1 to 8; the answer's high bytes are zero.
  std::uint64_t read(std::uint64_t offset, unsigned width) const;
  void write(std::uint64_t offset, unsigned width, std::uint64_t value);

  // The device's accesses: inside the space, masks do not count, width 1, 2 or 4.
  std::uint32_t get(unsigned offset, unsigned width) const;
  void set(unsigned offset, unsigned width, std::uint32_t value);

  // Set-up: the value now and after each reset; the bits a guest may change; the bits it clears by
  // writing ones.
  void set_initial(unsigned offset, unsigned width, std::uint32_t value);
  void set_writable(unsigned offset, unsigned width, std::uint32_t mask);
  void set_write_one_to_clear(unsigned offset, unsigned width, std::uint32_t mask);

  // Set-up: appends a capability (PCI 3.0, 6.7) and returns its offset. `body` is what follows the
  // id and next bytes; `writable` its mask from the body's start (shorter: the rest is read-only).
  // Capabilities are found in the order of their addition. Throws ConfigError when the 192 bytes
  // are used up.
  unsigned add_capability(std::uint8_t id, std::span<const std::byte> body,
                          std::span<const std::byte> writable = {});
  // The same for an extended capability (PCI Express Base, 7.9): `body` follows the 4-byte header.
  unsigned add_extended_capability(std::uint16_t id, std::uint8_t version,
                                   std::span<const std::byte> body,
                                   std::span<const std::byte> writable = {});

  // The first capability with that id, or 0.
  unsigned find_capability(std::uint8_t id) const;

  void reset();
  std::size_t size() const { return bytes_.size(); }

 private:
  struct Byte {
    std::uint8_t value = 0;
    std::uint8_t initial = 0;
    std::uint8_t writable = 0;
    std::uint8_t clears = 0;  // write-1-to-clear
  };

  void place(unsigned offset, std::span<const std::byte> body, std::span<const std::byte> writable);

  std::vector<Byte> bytes_;
  unsigned next_free_ = pci::kFirstCapability;
  unsigned last_capability_ = 0;
  unsigned next_extended_ = pci::kFirstExtendedCapability;
  unsigned last_extended_ = 0;
};

}  // namespace skiff
