#include "devices/nvme/nvme_identify.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "devices/nvme/nvme_events.h"
#include "devices/nvme/nvme_features.h"
#include "devices/nvme/nvme_regs.h"
#include "vmm/base/bytes.h"

namespace skiff {
namespace {

using namespace nvme;

constexpr std::string_view kModel = "Skiff NVMe disk";
constexpr std::string_view kFirmware = "1.0";

template <typename T>
void put(NvmePage& page, std::size_t offset, T value) {
  store_le(std::span<std::byte>(page), offset, value);
}

// ASCII, cut and padded with spaces (1.6).
void put_text(NvmePage& page, std::size_t offset, std::size_t size, std::string_view text) {
  for (std::size_t i = 0; i < size; ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    page.at(offset + i) = static_cast<std::byte>(c >= ' ' && c <= '~' ? c : '_');
  }
}

std::string uuid_text(const NvmeUuid& uuid) {
  std::string text;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", std::to_integer<unsigned>(uuid.at(i)));
  }
  return text;
}

// FNV-1a, 64 bits.
std::uint64_t hash(std::string_view words, std::uint64_t start) {
  std::uint64_t value = start;
  for (const char c : words)
    value = (value ^ static_cast<unsigned char>(c)) * 0x0000'0100'0000'01b3ULL;
  return value ^ (value >> 29);
}

}  // namespace

NvmeUuid nvme_uuid(std::string_view words) {
  NvmeUuid uuid;
  store_le(std::span<std::byte>(uuid), 0, hash(words, 0xcbf2'9ce4'8422'2325ULL));
  store_le(std::span<std::byte>(uuid), 8, hash(words, 0x6c62'272e'07bb'0142ULL));
  uuid[6] = (uuid[6] & std::byte{0x0f}) | std::byte{0x80};  // version 8: of our own making
  uuid[8] = (uuid[8] & std::byte{0x3f}) | std::byte{0x80};  // variant
  return uuid;
}

NvmePage identify_controller(const NvmeIdentity& identity) {
  NvmePage page{};
  put_text(page, 4, 20, identity.serial);
  put_text(page, 24, 40, kModel);
  put_text(page, 64, 8, kFirmware);
  put<std::uint8_t>(page, 77, kMdts);
  put<std::uint32_t>(page, 80, kVersion);
  put<std::uint32_t>(page, 92, kNoticeNamespaceChanged);  // OAES
  put<std::uint8_t>(page, 111, 1);                        // CNTRLTYPE: I/O controller
  put<std::uint16_t>(page, 256, identity.has_doorbell_buffer ? 1U << 8 : 0U);  // OACS
  put<std::uint8_t>(page, 258, 3);                                             // ACL, from 0
  put<std::uint8_t>(page, 259, NvmeEvents::kMaxHeld - 1);                      // AERL, from 0
  put<std::uint8_t>(page, 260, 1 | 1 << 1);                     // FRMW: one slot, read only
  put<std::uint8_t>(page, 261, 1 << 2);                         // LPA: offsets and long lengths
  put<std::uint8_t>(page, 262, NvmeEvents::kErrorEntries - 1);  // ELPE, from 0
  put<std::uint16_t>(page, 266, kWarningTemperature);
  put<std::uint16_t>(page, 268, kCriticalTemperature);
  put<std::uint8_t>(page, 512, 0x66);  // SQES: 64 bytes
  put<std::uint8_t>(page, 513, 0x44);  // CQES: 16 bytes
  put<std::uint32_t>(page, 516, kNamespace);
  std::uint16_t oncs = 1U << 2;  // DATASET MANAGEMENT
  if (identity.disk.can_write_zeroes) oncs |= 1U << 3;
  put<std::uint16_t>(page, 520, oncs);
  put<std::uint8_t>(page, 525, 0x7);  // VWC: present; FLUSH takes all namespaces
  const std::string name =
      fmt::format("nqn.2014-08.org.nvmexpress:uuid:{}", uuid_text(identity.uuid));
  std::memcpy(page.data() + 768, name.data(), name.size());
  return page;
}

NvmePage identify_namespace(const NvmeIdentity& identity, std::uint64_t capacity) {
  const DiskInfo& disk = identity.disk;
  const auto blocks = [&disk](std::uint32_t bytes) {
    return static_cast<std::uint16_t>(std::clamp(bytes / disk.block_size, 1U, 65536U) - 1);
  };
  NvmePage page{};
  const std::uint64_t size = capacity / disk.block_size;
  put(page, 0, size);                   // NSZE
  put(page, 8, size);                   // NCAP
  put(page, 16, size);                  // NUSE
  put<std::uint8_t>(page, 24, 1 << 4);  // NSFEAT: NPWG to NOWS are there
  if (disk.can_discard && disk.can_write_zeroes) put<std::uint8_t>(page, 33, 1 << 3);  // DLFEAT
  put(page, 64, blocks(disk.physical_block_size));                                     // NPWG
  put(page, 66, blocks(disk.physical_block_size));                                     // NPWA
  put(page, 68, blocks(disk.discard_alignment));                                       // NPDG
  put(page, 70, blocks(disk.discard_alignment));                                       // NPDA
  put(page, 72, blocks(disk.optimal_io_size));                                         // NOWS
  if (disk.read_only) put<std::uint8_t>(page, 99, 1);  // NSATTR: write protected
  // LBAF0, the only one: no metadata.
  put<std::uint32_t>(page, 128,
                     static_cast<std::uint32_t>(std::countr_zero(disk.block_size)) << 16);
  return page;
}

NvmePage identify_descriptors(const NvmeIdentity& identity) {
  NvmePage page{};
  put<std::uint8_t>(page, 0, 3);  // NIDT: UUID
  put<std::uint8_t>(page, 1, 16);
  std::ranges::copy(identity.uuid, page.begin() + 4);
  return page;
}

NvmePage namespace_list(std::uint32_t after) {
  NvmePage page{};
  if (after < kNamespace) put<std::uint32_t>(page, 0, kNamespace);
  return page;
}

NvmePage health_log(const NvmeHealth& health) {
  // 5.14.1.2: thousands of 512 bytes, rounded up.
  const auto units = [](std::uint64_t bytes) {
    constexpr std::uint64_t kUnit = 512'000;
    return bytes / kUnit + (bytes % kUnit != 0 ? 1 : 0);
  };
  NvmePage page{};
  put<std::uint16_t>(page, 1, kTemperature);
  put<std::uint8_t>(page, 3, 100);  // available spare [%]
  put<std::uint8_t>(page, 4, 10);   // its threshold
  put(page, 32, units(health.bytes_read));
  put(page, 48, units(health.bytes_written));
  put(page, 64, health.reads);
  put(page, 80, health.writes);
  put<std::uint64_t>(page, 112, 1);  // power cycles: this one
  put(page, 160, health.media_errors);
  put(page, 176, health.error_entries);
  return page;
}

NvmePage firmware_log() {
  NvmePage page{};
  put<std::uint8_t>(page, 0, 1);  // slot 1 is active
  put_text(page, 8, 8, kFirmware);
  return page;
}

}  // namespace skiff
