// What both ring formats do with one descriptor: copy it once, prove its buffer, append it.
// Only for SplitRing and PackedRing.
// Source: Virtual I/O Device (VIRTIO) 1.2, 2.7.4, 2.7.5, 2.8.4 to 2.8.9.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "virtio/ring/descriptor_chain.h"
#include "virtio/ring/ring_faults.h"
#include "virtio/ring/ring_format.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

// Copies 16 bytes of guest memory. What is checked afterwards is the copy: without the empty asm
// the compiler could read the guest's bytes a second time where the copy is used.
template <typename Descriptor>
Descriptor copy_descriptor(const std::byte* from) {
  struct Words {
    std::uint64_t low;
    std::uint64_t high;
  } words;
  static_assert(sizeof(Descriptor) == sizeof(Words));
  std::memcpy(&words, from, sizeof words);
  asm volatile("" : "+r"(words.low), "+r"(words.high));
  return std::bit_cast<Descriptor>(words);
}

// An indirect table that has been proved: entries of 16 bytes in RAM.
struct IndirectTable {
  const std::byte* entries = nullptr;
  std::uint16_t count = 0;
};

// Each step answers what is wrong with it, or a null pointer.
class ChainBuilder {
 public:
  using Fault = const char*;

  ChainBuilder(std::vector<iovec>& buffers, const GuestMemory& memory)
      : buffers_(buffers), memory_(memory) {}

  Fault append(std::uint64_t addr, std::uint32_t len, std::uint16_t flags) {
    if (len == 0) return ring_fault::kEmptyBuffer;
    const auto bytes = memory_.slice(GuestAddress(addr), len);
    if (!bytes) return ring_fault::kBufferNotRam;
    if ((flags & virtq::kDescWrite) != 0) {
      writable_size_ += len;
    } else {
      if (writable_size_ != 0) return ring_fault::kOrder;
      ++readable_count_;
      readable_size_ += len;
    }
    buffers_.push_back({bytes->data(), len});
    return nullptr;
  }

  // `limit` is the queue's size.
  Fault find_table(std::uint64_t addr, std::uint32_t len, std::uint16_t limit,
                   IndirectTable& table) const {
    if (len == 0 || len % virtq::kDescriptorSize != 0) return ring_fault::kIndirectLength;
    const std::uint64_t count = len / virtq::kDescriptorSize;
    if (count > limit) return ring_fault::kIndirectTooLong;
    const auto bytes = memory_.slice(GuestAddress(addr), len);
    if (!bytes) return ring_fault::kIndirectNotRam;
    table = {bytes->data(), static_cast<std::uint16_t>(count)};
    return nullptr;
  }

  std::size_t length() const { return buffers_.size(); }
  std::size_t readable_count() const { return readable_count_; }
  // Meaningful if !too_large().
  std::uint32_t readable_size() const { return static_cast<std::uint32_t>(readable_size_); }
  std::uint32_t writable_size() const { return static_cast<std::uint32_t>(writable_size_); }
  // At most kMaxQueueSize lengths of 32 bits were added: the 64-bit sum is exact.
  bool too_large() const {
    return readable_size_ + writable_size_ > std::numeric_limits<std::uint32_t>::max();
  }

 private:
  std::vector<iovec>& buffers_;
  const GuestMemory& memory_;
  std::size_t readable_count_ = 0;
  std::uint64_t readable_size_ = 0;
  std::uint64_t writable_size_ = 0;
};

}  // namespace skiff
