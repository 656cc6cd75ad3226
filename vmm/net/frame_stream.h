// Frames on a byte stream: each behind its length, 4 bytes, big-endian (QEMU's stream sockets,
// passt, vde). This is the receiving half; it makes frames of bytes that arrive in any pieces.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace skiff {

class FrameStreamReader {
 public:
  static constexpr std::size_t kPrefixSize = 4;
  // No frame may be longer. A length beyond it breaks the stream: nothing after it can be trusted.
  explicit FrameStreamReader(std::size_t longest_frame);

  // Where the next bytes go; never empty, and large enough for many frames. Ends the life of what
  // next() gave.
  std::span<std::byte> room();
  // So many bytes of room() were filled.
  void filled(std::size_t count) { end_ += count; }

  enum class Next : std::uint8_t {
    frame,   // `frame` is one, valid until room()
    more,    // more bytes are needed first
    broken,  // from now on always
  };
  Next next(std::span<const std::byte>& frame);

 private:
  const std::size_t longest_;
  const std::size_t capacity_;
  const std::unique_ptr<std::byte[]> bytes_;
  std::size_t begin_ = 0;  // first byte not yet given out
  std::size_t end_ = 0;
  bool broken_ = false;
};

}  // namespace skiff
