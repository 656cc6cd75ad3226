#include "devices/pci/config_space.h"

#include <cassert>

#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

constexpr std::uint8_t byte_of(std::uint64_t value, unsigned index) {
  return static_cast<std::uint8_t>(value >> (index * 8));
}

}  // namespace

PciConfigSpace::PciConfigSpace(std::size_t size) : bytes_(size) {
  assert(size == pci::kConfigSize || size == pci::kExtendedConfigSize);
}

std::uint64_t PciConfigSpace::read(std::uint64_t offset, unsigned width) const {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width && i < sizeof value; ++i) {
    const std::uint64_t at = offset + i;
    const std::uint64_t byte = at >= offset && at < bytes_.size() ? bytes_[at].value : 0xff;
    value |= byte << (i * 8);
  }
  return value;
}

void PciConfigSpace::write(std::uint64_t offset, unsigned width, std::uint64_t value) {
  for (unsigned i = 0; i < width && i < sizeof value; ++i) {
    const std::uint64_t at = offset + i;
    if (at >= bytes_.size()) return;  // nor does `at` wrap: the first byte would be past the end
    Byte& byte = bytes_[at];
    const unsigned written = byte_of(value, i);
    const unsigned kept = byte.value & ~unsigned{byte.writable};
    byte.value =
        static_cast<std::uint8_t>((kept | (written & byte.writable)) & ~(written & byte.clears));
  }
}

std::uint32_t PciConfigSpace::get(unsigned offset, unsigned width) const {
  assert(width <= pci::kDword && fits(bytes_.size(), offset, width));
  return static_cast<std::uint32_t>(read(offset, width));
}

void PciConfigSpace::set(unsigned offset, unsigned width, std::uint32_t value) {
  assert(width <= pci::kDword && fits(bytes_.size(), offset, width));
  for (unsigned i = 0; i < width; ++i)
    bytes_[offset + i].value = byte_of(value, i);
}

void PciConfigSpace::set_initial(unsigned offset, unsigned width, std::uint32_t value) {
  set(offset, width, value);
  for (unsigned i = 0; i < width; ++i)
    bytes_[offset + i].initial = byte_of(value, i);
}

void PciConfigSpace::set_writable(unsigned offset, unsigned width, std::uint32_t mask) {
  assert(width <= pci::kDword && fits(bytes_.size(), offset, width));
  for (unsigned i = 0; i < width; ++i)
    bytes_[offset + i].writable = byte_of(mask, i);
}

void PciConfigSpace::set_write_one_to_clear(unsigned offset, unsigned width, std::uint32_t mask) {
  assert(width <= pci::kDword && fits(bytes_.size(), offset, width));
  for (unsigned i = 0; i < width; ++i)
    bytes_[offset + i].clears = byte_of(mask, i);
}

void PciConfigSpace::place(unsigned offset, std::span<const std::byte> body,
                           std::span<const std::byte> writable) {
  assert(writable.size() <= body.size());
  for (unsigned i = 0; i < body.size(); ++i) {
    set_initial(offset + i, 1, std::to_integer<std::uint8_t>(body[i]));
  }
  for (unsigned i = 0; i < writable.size(); ++i) {
    set_writable(offset + i, 1, std::to_integer<std::uint8_t>(writable[i]));
  }
}

unsigned PciConfigSpace::add_capability(std::uint8_t id, std::span<const std::byte> body,
                                        std::span<const std::byte> writable) {
  const unsigned at = next_free_;
  if (!fits(pci::kConfigSize, at, body.size() + 2)) {
    throw ConfigError("a PCI function has more capabilities than its 256 bytes can hold");
  }
  set_initial(at, 1, id);
  place(at + 2, body, writable);
  const unsigned link = last_capability_ == 0 ? pci::kCapabilitiesPointer : last_capability_ + 1;
  set_initial(link, 1, at);
  set_initial(pci::kStatus, 2, get(pci::kStatus, 2) | pci::kStatusCapabilities);
  last_capability_ = at;
  next_free_ = align_up(at + 2 + static_cast<unsigned>(body.size()), pci::kDword);
  return at;
}

unsigned PciConfigSpace::add_extended_capability(std::uint16_t id, std::uint8_t version,
                                                 std::span<const std::byte> body,
                                                 std::span<const std::byte> writable) {
  const unsigned at = next_extended_;
  if (!fits(bytes_.size(), at, body.size() + pci::kDword)) {
    throw ConfigError("a PCI function has no room for another extended capability");
  }
  set_initial(at, pci::kDword, id | (version & 0xfU) << 16);
  place(at + pci::kDword, body, writable);
  if (last_extended_ != 0) {
    set_initial(last_extended_, pci::kDword, get(last_extended_, pci::kDword) | at << 20);
  }
  last_extended_ = at;
  next_extended_ = align_up(at + pci::kDword + static_cast<unsigned>(body.size()), pci::kDword);
  return at;
}

unsigned PciConfigSpace::find_capability(std::uint8_t id) const {
  // The list is ours and read-only to the guest, so it ends.
  for (unsigned at = get(pci::kCapabilitiesPointer, 1); at != 0; at = get(at + 1, 1)) {
    if (get(at, 1) == id) return at;
  }
  return 0;
}

void PciConfigSpace::reset() {
  for (Byte& byte : bytes_)
    byte.value = byte.initial;
}

}  // namespace skiff
