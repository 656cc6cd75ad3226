// Layouts and numbers of the virtio block device.
// Source: Virtual I/O Device (VIRTIO) 1.2, 5.2.3 (features), 5.2.4 (configuration), 5.2.6
// (requests).
#pragma once

#include <cstdint>

namespace skiff::virtio_blk {

// Feature bits, as masks (5.2.3).
inline constexpr std::uint64_t kFeatureSegMax = 1ULL << 2;
inline constexpr std::uint64_t kFeatureReadOnly = 1ULL << 5;
inline constexpr std::uint64_t kFeatureBlockSize = 1ULL << 6;
inline constexpr std::uint64_t kFeatureFlush = 1ULL << 9;
inline constexpr std::uint64_t kFeatureTopology = 1ULL << 10;
inline constexpr std::uint64_t kFeatureMultiQueue = 1ULL << 12;
inline constexpr std::uint64_t kFeatureDiscard = 1ULL << 13;
inline constexpr std::uint64_t kFeatureWriteZeroes = 1ULL << 14;

// The unit of `sector` and of capacity, whatever the block size. [bytes]
inline constexpr std::uint64_t kSectorSize = 512;

// struct virtio_blk_config (5.2.4) up to the secure erase fields, which stay zero.
struct Config {
  std::uint64_t capacity;  // [sectors]
  std::uint32_t size_max;
  std::uint32_t seg_max;
  std::uint16_t cylinders;
  std::uint8_t heads;
  std::uint8_t sectors;
  std::uint32_t blk_size;           // [bytes]
  std::uint8_t physical_block_exp;  // log2 of logical blocks per physical block
  std::uint8_t alignment_offset;    // [logical blocks]
  std::uint16_t min_io_size;        // [logical blocks]
  std::uint32_t opt_io_size;        // [logical blocks]
  std::uint8_t writeback;
  std::uint8_t unused0;
  std::uint16_t num_queues;
  std::uint32_t max_discard_sectors;  // [sectors]
  std::uint32_t max_discard_seg;
  std::uint32_t discard_sector_alignment;  // [sectors]
  std::uint32_t max_write_zeroes_sectors;  // [sectors]
  std::uint32_t max_write_zeroes_seg;
  std::uint8_t write_zeroes_may_unmap;
  std::uint8_t unused1[3];
  std::uint32_t max_secure_erase_sectors;
  std::uint32_t max_secure_erase_seg;
  std::uint32_t secure_erase_sector_alignment;
};
static_assert(sizeof(Config) == 72);

// struct virtio_blk_req (5.2.6): this header, data, and one status byte at the very end.
struct Header {
  std::uint32_t type;
  std::uint32_t reserved;
  std::uint64_t sector;
};
static_assert(sizeof(Header) == 16);

inline constexpr std::uint32_t kTypeIn = 0;
inline constexpr std::uint32_t kTypeOut = 1;
inline constexpr std::uint32_t kTypeFlush = 4;
inline constexpr std::uint32_t kTypeGetId = 8;
inline constexpr std::uint32_t kTypeDiscard = 11;
inline constexpr std::uint32_t kTypeWriteZeroes = 13;

inline constexpr std::uint8_t kStatusOk = 0;
inline constexpr std::uint8_t kStatusIoError = 1;
inline constexpr std::uint8_t kStatusUnsupported = 2;

// struct virtio_blk_discard_write_zeroes (5.2.6).
struct Segment {
  std::uint64_t sector;
  std::uint32_t num_sectors;
  std::uint32_t flags;  // bit 0: unmap (write zeroes only); the rest is reserved
};
static_assert(sizeof(Segment) == 16);
inline constexpr std::uint32_t kSegmentUnmap = 1;

// VIRTIO_BLK_T_GET_ID answers with so many bytes, padded with NULs.
inline constexpr std::size_t kIdBytes = 20;

// What the device lets one request ask for; part of its configuration space.
inline constexpr std::uint32_t kMaxDiscardSectors = 1U << 21;  // 1 GiB a segment
inline constexpr std::uint32_t kMaxDiscardSegments = 16;
inline constexpr std::uint32_t kMaxWriteZeroesSectors = 1U << 16;  // 32 MiB: may have to be written
inline constexpr std::uint32_t kMaxWriteZeroesSegments = 1;

}  // namespace skiff::virtio_blk
