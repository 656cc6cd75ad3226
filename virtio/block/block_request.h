// What a driver asks of a block device: one chain, read and checked. Pure: nothing is done here but
// reading the header and the segments, each once.
//
// The chain may be cut into buffers anywhere (2.7.4): the header is the first 16 readable bytes,
// the status is the last writable byte, and what lies between is data.
//
// Thread rule: none; values.
// Source: Virtual I/O Device (VIRTIO) 1.2, 5.2.6.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "virtio/ring/descriptor_chain.h"

namespace skiff {

// What a request is checked against.
struct BlockLimits {
  std::uint64_t capacity = 0;      // [bytes]
  std::uint32_t block_size = 512;  // [bytes]
  bool read_only = false;
  bool discard = false;       // negotiated
  bool write_zeroes = false;  // negotiated
};

struct BlockRange {
  std::uint64_t offset = 0;  // [bytes]
  std::uint64_t length = 0;  // [bytes]
  bool unmap = false;
};

// Used again and again: its storage is kept.
struct BlockRequest {
  enum class Action : std::uint8_t {
    read,   // offset, length, data
    write,  // offset, length, data
    flush,
    discard,       // ranges, none empty; perhaps no range at all
    write_zeroes,  // as discard
    get_id,        // data, length
    answer,        // nothing to do but to say `status`
    unanswerable,  // no status byte: what the driver made is no request
  };

  Action action = Action::unanswerable;
  std::uint8_t status = 0;           // answer
  const char* fault = nullptr;       // what is wrong with it, constant text; null if nothing is
  std::byte* status_byte = nullptr;  // in guest memory; null only if unanswerable
  std::uint64_t offset = 0;          // [bytes]
  std::uint64_t length = 0;          // [bytes]
  std::vector<iovec> data;
  std::vector<BlockRange> ranges;

  void parse(const DescriptorChain& chain, const BlockLimits& limits);

 private:
  void refuse(std::uint8_t with, const char* why);
  void parse_transfer(ChainCursor from, std::uint64_t sector, const BlockLimits& limits);
  void parse_segments(ChainReader& reader, Action wanted, const BlockLimits& limits);
};

}  // namespace skiff
