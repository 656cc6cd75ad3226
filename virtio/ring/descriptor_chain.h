// One request of a driver, validated whole: its readable half, then its writable half, as host
// memory. Whoever holds a chain may use every byte of it without a further check.
//
// The guest runs at the same time: bytes behind the buffers may change between two reads. Copy
// (ChainReader::read) what is validated, then use the copy.
//
// Meant to be a member of a request object that is used again and again: its storage grows to the
// largest chain seen (at most the queue's size in buffers) and is kept, so that the steady state
// allocates nothing.
//
// Thread rule: owned by one thread at a time.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace skiff {

class DescriptorChain {
 public:
  DescriptorChain() = default;
  DescriptorChain(DescriptorChain&&) noexcept = default;
  DescriptorChain& operator=(DescriptorChain&&) noexcept = default;
  DescriptorChain(const DescriptorChain&) = delete;
  DescriptorChain& operator=(const DescriptorChain&) = delete;

  // Device-readable buffers (the driver's output), in order; none is empty.
  std::span<const iovec> readable() const { return std::span(buffers_).first(readable_count_); }
  // Device-writable buffers, in order; none is empty.
  std::span<const iovec> writable() const { return std::span(buffers_).subspan(readable_count_); }
  // Sums of the two halves. Each fits 32 bits: a chain beyond that is broken (2.7.5). [bytes]
  std::uint32_t readable_size() const { return readable_size_; }
  std::uint32_t writable_size() const { return writable_size_; }

  // Split: the head's index. Packed: the buffer id.
  std::uint16_t id() const { return id_; }

 private:
  friend class SplitRing;
  friend class PackedRing;

  void clear() {
    buffers_.clear();
    readable_count_ = 0;
    readable_size_ = 0;
    writable_size_ = 0;
  }

  std::vector<iovec> buffers_;
  std::size_t readable_count_ = 0;
  std::uint32_t readable_size_ = 0;
  std::uint32_t writable_size_ = 0;
  std::uint16_t id_ = 0;
  std::uint16_t slots_ = 0;  // packed: entries of the ring the chain took
};

// A place in one half of a chain, moving forward over its buffers.
class ChainCursor {
 public:
  explicit ChainCursor(std::span<const iovec> buffers) : buffers_(buffers) {
    for (const iovec& buffer : buffers)
      remaining_ += buffer.iov_len;
  }

  std::size_t remaining() const { return remaining_; }
  // Moves on; false, and nothing moved, if fewer bytes are left.
  bool skip(std::size_t length) {
    if (length > remaining_) return false;
    walk(length, [](std::byte*, std::size_t) {});
    return true;
  }
  // Appends the next `length` bytes as host buffers and moves on; false, and nothing done, if fewer
  // are left.
  bool take(std::size_t length, std::vector<iovec>& out) {
    if (length > remaining_) return false;
    walk(length, [&out](std::byte* data, std::size_t part) { out.push_back({data, part}); });
    return true;
  }

 protected:
  template <typename Visit>
  void walk(std::size_t length, Visit visit) {
    remaining_ -= length;
    while (length != 0) {
      const iovec& buffer = buffers_.front();
      const std::size_t left = buffer.iov_len - offset_;
      const std::size_t part = length < left ? length : left;
      visit(static_cast<std::byte*>(buffer.iov_base) + offset_, part);
      length -= part;
      offset_ += part;
      if (offset_ == buffer.iov_len) {
        buffers_ = buffers_.subspan(1);
        offset_ = 0;
      }
    }
  }

 private:
  std::span<const iovec> buffers_;
  std::size_t offset_ = 0;  // in the first of buffers_
  std::size_t remaining_ = 0;
};

// Not a span: that would copy the span itself instead of what it shows.
template <typename T>
concept ChainValue =
    std::is_trivially_copyable_v<T> && !std::is_convertible_v<const T&, std::span<const std::byte>>;

// What the driver says.
class ChainReader : public ChainCursor {
 public:
  explicit ChainReader(const DescriptorChain& chain) : ChainCursor(chain.readable()) {}

  // Copies and moves on; false, and nothing moved, if fewer bytes are left.
  bool read(std::span<std::byte> out) {
    if (out.size() > remaining()) return false;
    std::byte* to = out.data();
    walk(out.size(), [&to](const std::byte* data, std::size_t part) {
      std::memcpy(to, data, part);
      to += part;
    });
    return true;
  }
  template <typename T>
    requires ChainValue<T>
  bool read(T& out) {
    return read(std::as_writable_bytes(std::span(&out, 1)));
  }
};

// What the device answers.
class ChainWriter : public ChainCursor {
 public:
  explicit ChainWriter(const DescriptorChain& chain) : ChainCursor(chain.writable()) {}

  // Copies and moves on; false, and nothing moved, if fewer bytes are left.
  bool write(std::span<const std::byte> data) {
    if (data.size() > remaining()) return false;
    const std::byte* from = data.data();
    walk(data.size(), [&from](std::byte* to, std::size_t part) {
      std::memcpy(to, from, part);
      from += part;
    });
    return true;
  }
  template <typename T>
    requires ChainValue<T>
  bool write(const T& value) {
    return write(std::as_bytes(std::span(&value, 1)));
  }
};

}  // namespace skiff
