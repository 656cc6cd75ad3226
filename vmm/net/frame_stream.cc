#include "vmm/net/frame_stream.h"

#include <arpa/inet.h>

#include <cstring>

namespace skiff {
namespace {

// What one read may bring, beside a frame that is not complete.
constexpr std::size_t kReadSize = 256 * 1024;

}  // namespace

FrameStreamReader::FrameStreamReader(std::size_t longest_frame)
    : longest_(longest_frame),
      capacity_(kReadSize + kPrefixSize + longest_frame),
      bytes_(std::make_unique_for_overwrite<std::byte[]>(capacity_)) {}

std::span<std::byte> FrameStreamReader::room() {
  // What is left is less than one frame, or next() was not called to its end.
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (capacity_ - end_ < kReadSize) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return {bytes_.get() + end_, capacity_ - end_};
}

FrameStreamReader::Next FrameStreamReader::next(std::span<const std::byte>& frame) {
  if (broken_) return Next::broken;
  const std::size_t left = end_ - begin_;
  if (left < kPrefixSize) return Next::more;
  std::uint32_t length = 0;
  std::memcpy(&length, bytes_.get() + begin_, kPrefixSize);
  length = ntohl(length);
  if (length > longest_) {
    broken_ = true;
    return Next::broken;
  }
  if (left - kPrefixSize < length) return Next::more;
  frame = {bytes_.get() + begin_ + kPrefixSize, length};
  begin_ += kPrefixSize + length;
  return Next::frame;
}

}  // namespace skiff
