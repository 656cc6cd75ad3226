#include "devices/ide/ata_task_file.h"

#include "devices/ide/ata_regs.h"

namespace skiff {
namespace {

std::uint8_t byte_at(std::uint64_t value, unsigned shift) {
  return static_cast<std::uint8_t>(value >> shift);
}

std::uint8_t with_head(std::uint8_t device, std::uint64_t head) {
  return static_cast<std::uint8_t>((device & 0xf0) | (head & 0x0f));
}

}  // namespace

const AtaTaskFile::Byte* AtaTaskFile::byte(std::uint64_t offset) const {
  switch (offset) {
    case ata::kFeatures:
      return &features;
    case ata::kCount:
      return &count;
    case ata::kLbaLow:
      return &lba_low;
    case ata::kLbaMid:
      return &lba_mid;
    case ata::kLbaHigh:
      return &lba_high;
    default:
      return nullptr;
  }
}

AtaTaskFile::Byte* AtaTaskFile::byte(std::uint64_t offset) {
  return const_cast<Byte*>(static_cast<const AtaTaskFile*>(this)->byte(offset));
}

std::optional<AtaRange> AtaTaskFile::range28(const AtaGeometry& geometry) const {
  const std::uint32_t sectors = count.now == 0 ? 256 : count.now;
  const std::uint32_t high = lba_high.now;
  const std::uint32_t mid = lba_mid.now;
  const std::uint32_t head = device & 0x0fU;
  if ((device & ata::kLba) != 0) {
    return AtaRange{head << 24 | high << 16 | mid << 8 | lba_low.now, sectors};
  }
  const std::uint64_t cylinder = high << 8 | mid;
  if (cylinder >= geometry.cylinders || head >= geometry.heads || lba_low.now == 0 ||
      lba_low.now > geometry.sectors) {
    return std::nullopt;
  }
  return AtaRange{(cylinder * geometry.heads + head) * geometry.sectors + lba_low.now - 1, sectors};
}

AtaRange AtaTaskFile::range48() const {
  const auto word = [](const Byte& byte) { return std::uint64_t{byte.previous} << 24 | byte.now; };
  const std::uint32_t sectors = std::uint32_t{count.previous} << 8 | count.now;
  return {word(lba_low) | word(lba_mid) << 8 | word(lba_high) << 16,
          sectors == 0 ? 65536 : sectors};
}

void AtaTaskFile::set_lba28(std::uint64_t lba) {
  lba_low.now = byte_at(lba, 0);
  lba_mid.now = byte_at(lba, 8);
  lba_high.now = byte_at(lba, 16);
  device = with_head(device, lba >> 24);
}

void AtaTaskFile::set_lba48(std::uint64_t lba) {
  lba_low = {byte_at(lba, 0), byte_at(lba, 24)};
  lba_mid = {byte_at(lba, 8), byte_at(lba, 32)};
  lba_high = {byte_at(lba, 16), byte_at(lba, 40)};
}

void AtaTaskFile::set_failed(std::uint64_t lba, bool ext, const AtaGeometry& geometry) {
  if (ext) return set_lba48(lba);
  if ((device & ata::kLba) != 0) return set_lba28(lba);
  if (geometry.heads == 0 || geometry.sectors == 0) return;
  const std::uint64_t track = lba / geometry.sectors;
  const std::uint64_t cylinder = track / geometry.heads;
  lba_low.now = static_cast<std::uint8_t>(lba % geometry.sectors + 1);
  lba_mid.now = byte_at(cylinder, 0);
  lba_high.now = byte_at(cylinder, 8);
  device = with_head(device, track % geometry.heads);
}

}  // namespace skiff
