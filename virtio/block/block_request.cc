#include "virtio/block/block_request.h"

#include "virtio/block/block_regs.h"
#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"

namespace skiff {
namespace {

using namespace virtio_blk;

// The byte offset of `sector`, if [sector, + length bytes) is inside the disk and starts at a
// block.
bool find_offset(std::uint64_t sector, std::uint64_t length, const BlockLimits& limits,
                 std::uint64_t& offset) {
  if (sector > limits.capacity / kSectorSize) return false;
  offset = sector * kSectorSize;
  return fits(limits.capacity, offset, length);
}

bool is_whole_blocks(std::uint64_t bytes, const BlockLimits& limits) {
  return is_aligned(bytes, std::uint64_t{limits.block_size});
}

}  // namespace

void BlockRequest::refuse(std::uint8_t with, const char* why) {
  action = Action::answer;
  status = with;
  fault = why;
  data.clear();
  ranges.clear();
  length = 0;
}

void BlockRequest::parse(const DescriptorChain& chain, const BlockLimits& limits) {
  action = Action::unanswerable;
  fault = nullptr;
  status_byte = nullptr;
  status = kStatusOk;
  offset = 0;
  length = 0;
  data.clear();
  ranges.clear();

  if (chain.writable_size() == 0) {
    fault = "no status byte";
    return;
  }
  const iovec& last = chain.writable().back();
  status_byte = static_cast<std::byte*>(last.iov_base) + (last.iov_len - 1);

  ChainReader reader(chain);
  Header header{};
  if (!reader.read(header)) return refuse(kStatusIoError, "header shorter than 16 bytes");
  switch (header.type) {
    case kTypeIn: {
      action = Action::read;
      length = chain.writable_size() - 1;
      return parse_transfer(ChainWriter(chain), header.sector, limits);
    }
    case kTypeOut:
      // 5.2.6.2: a write to a read-only device fails with IOERR, and nothing is written.
      if (limits.read_only) return refuse(kStatusIoError, "write to a read-only disk");
      action = Action::write;
      length = reader.remaining();
      return parse_transfer(reader, header.sector, limits);
    case kTypeFlush:
      action = Action::flush;
      return;
    case kTypeGetId:
      action = Action::get_id;
      length = chain.writable_size() - 1 < kIdBytes ? chain.writable_size() - 1 : kIdBytes;
      ChainWriter(chain).take(length, data);
      return;
    case kTypeDiscard:
      if (!limits.discard) return refuse(kStatusUnsupported, "discard was not negotiated");
      return parse_segments(reader, Action::discard, limits);
    case kTypeWriteZeroes:
      if (!limits.write_zeroes) {
        return refuse(kStatusUnsupported, "write zeroes was not negotiated");
      }
      return parse_segments(reader, Action::write_zeroes, limits);
    default:
      return refuse(kStatusUnsupported, "unknown request type");
  }
}

void BlockRequest::parse_transfer(ChainCursor from, std::uint64_t sector,
                                  const BlockLimits& limits) {
  if (!is_aligned(length, kSectorSize)) return refuse(kStatusIoError, "data is no whole sectors");
  if (!find_offset(sector, length, limits, offset)) {
    return refuse(kStatusIoError, "sectors past the end of the disk");
  }
  if (!is_whole_blocks(length, limits) || !is_whole_blocks(offset, limits)) {
    return refuse(kStatusIoError, "not at a block's border");
  }
  from.take(length, data);
}

void BlockRequest::parse_segments(ChainReader& reader, Action wanted, const BlockLimits& limits) {
  const bool is_discard = wanted == Action::discard;
  if (is_discard && limits.read_only) return refuse(kStatusIoError, "discard on a read-only disk");
  if (limits.read_only) return refuse(kStatusIoError, "write zeroes to a read-only disk");
  const std::size_t most = is_discard ? kMaxDiscardSegments : kMaxWriteZeroesSegments;
  const std::uint32_t most_sectors = is_discard ? kMaxDiscardSectors : kMaxWriteZeroesSectors;
  if (reader.remaining() == 0 || reader.remaining() % sizeof(Segment) != 0) {
    return refuse(kStatusIoError, "segments of a wrong length");
  }
  if (reader.remaining() / sizeof(Segment) > most) {
    return refuse(kStatusIoError, "more segments than max_discard_seg or max_write_zeroes_seg");
  }
  for (Segment segment{}; reader.read(segment);) {
    // 5.2.6.2: reserved flags, and unmap in a discard, are unsupported.
    if ((segment.flags & ~(is_discard ? 0 : kSegmentUnmap)) != 0) {
      return refuse(kStatusUnsupported, "segment with an unknown flag");
    }
    if (segment.num_sectors > most_sectors) {
      return refuse(kStatusIoError, "segment larger than max_..._sectors");
    }
    BlockRange range{.offset = 0,
                     .length = segment.num_sectors * kSectorSize,
                     .unmap = (segment.flags & kSegmentUnmap) != 0};
    if (!find_offset(segment.sector, range.length, limits, range.offset)) {
      return refuse(kStatusIoError, "segment past the end of the disk");
    }
    if (!is_whole_blocks(range.length, limits) || !is_whole_blocks(range.offset, limits)) {
      return refuse(kStatusIoError, "segment not at a block's border");
    }
    if (range.length != 0) ranges.push_back(range);
  }
  action = wanted;
}

}  // namespace skiff
