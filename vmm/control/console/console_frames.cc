#include "vmm/control/console/console_frames.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace skiff {
namespace {

std::uint32_t read_u32(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * i);
  return value;
}

std::uint16_t read_u16(std::span<const std::byte> bytes) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[0]) |
                                    std::to_integer<unsigned>(bytes[1]) << 8);
}

bool is_data(FrameType type) {
  return type == FrameType::output || type == FrameType::input;
}

struct Sizes {
  FrameParser::Sender sender;
  std::size_t least;
  std::size_t most;
};

std::optional<Sizes> sizes_of(FrameType type) {
  using enum FrameParser::Sender;
  switch (type) {
    case FrameType::output:
      return Sizes{vm, 0, kMaxFrameData};
    case FrameType::notice:
      return Sizes{vm, 0, kMaxNotice};
    case FrameType::role:
      return Sizes{vm, 1, 1};
    case FrameType::ended:
      return Sizes{vm, 4, 4};
    case FrameType::input:
      return Sizes{client, 0, kMaxFrameData};
    case FrameType::window:
      return Sizes{client, 4, 4};
    case FrameType::line_break:
      return Sizes{client, 0, 0};
    case FrameType::ask_role:
      return Sizes{client, 1, 1};
  }
  return std::nullopt;
}

}  // namespace

std::array<std::byte, kFrameHeaderSize> frame_header(FrameType type, std::size_t size) {
  assert(size <= kMaxFrameData);
  std::array<std::byte, kFrameHeaderSize> header{};
  header[0] = static_cast<std::byte>(type);
  for (std::size_t i = 0; i < 4; ++i)
    header[4 + i] = static_cast<std::byte>(size >> (8 * i) & 0xff);
  return header;
}

void append_frame(std::vector<std::byte>& out, FrameType type, std::span<const std::byte> payload) {
  const auto header = frame_header(type, payload.size());
  out.insert(out.end(), header.begin(), header.end());
  out.insert(out.end(), payload.begin(), payload.end());
}

void append_notice(std::vector<std::byte>& out, std::string_view text) {
  append_frame(out, FrameType::notice, std::as_bytes(std::span(text.substr(0, kMaxNotice))));
}

void append_role(std::vector<std::byte>& out, bool writer) {
  const std::array payload = {std::byte{writer}};
  append_frame(out, FrameType::role, payload);
}

void append_ended(std::vector<std::byte>& out, int exit_status) {
  const auto status = static_cast<std::uint32_t>(exit_status);
  const std::array payload = {
      static_cast<std::byte>(status & 0xff), static_cast<std::byte>(status >> 8 & 0xff),
      static_cast<std::byte>(status >> 16 & 0xff), static_cast<std::byte>(status >> 24)};
  append_frame(out, FrameType::ended, payload);
}

void append_window(std::vector<std::byte>& out, std::uint16_t columns, std::uint16_t rows) {
  const std::array payload = {
      static_cast<std::byte>(columns & 0xff), static_cast<std::byte>(columns >> 8),
      static_cast<std::byte>(rows & 0xff), static_cast<std::byte>(rows >> 8)};
  append_frame(out, FrameType::window, payload);
}

void append_ask_role(std::vector<std::byte>& out, RoleRequest request) {
  const std::array payload = {static_cast<std::byte>(request)};
  append_frame(out, FrameType::ask_role, payload);
}

std::uint32_t FramePart::number() const {
  return bytes.size() == 4 ? read_u32(bytes) : std::to_integer<std::uint32_t>(bytes[0]);
}

std::uint16_t FramePart::columns() const {
  return read_u16(bytes);
}

std::uint16_t FramePart::rows() const {
  return read_u16(bytes.subspan(2));
}

std::string_view FrameParser::check_header() {
  const auto sizes = sizes_of(static_cast<FrameType>(header_[0]));
  if (!sizes || sizes->sender != sender_) return "a frame of an unknown type";
  if (header_[1] != std::byte{0} || header_[2] != std::byte{0} || header_[3] != std::byte{0}) {
    return "a frame whose reserved bytes are not 0";
  }
  remaining_ = read_u32(std::span(header_).subspan(4));
  if (remaining_ < sizes->least || remaining_ > sizes->most) return "a frame of a wrong size";
  return {};
}

std::expected<std::optional<FramePart>, std::string_view> FrameParser::next(
    std::span<const std::byte>& bytes) {
  for (;;) {
    if (header_size_ < kFrameHeaderSize) {
      const std::size_t part = std::min(bytes.size(), kFrameHeaderSize - header_size_);
      std::ranges::copy(bytes.first(part),
                        header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
      header_size_ += part;
      bytes = bytes.subspan(part);
      if (header_size_ < kFrameHeaderSize) return std::nullopt;
      if (const auto wrong = check_header(); !wrong.empty()) {
        header_size_ = 0;
        return std::unexpected(wrong);
      }
      message_.clear();
    }
    const auto type = static_cast<FrameType>(header_[0]);
    const auto part = bytes.first(std::min(bytes.size(), remaining_));
    bytes = bytes.subspan(part.size());
    remaining_ -= part.size();
    if (remaining_ == 0) header_size_ = 0;
    if (is_data(type)) {
      if (!part.empty()) return FramePart{.type = type, .bytes = part};
      if (remaining_ != 0) return std::nullopt;
      continue;  // an empty frame says nothing
    }
    message_.insert(message_.end(), part.begin(), part.end());
    if (remaining_ != 0) return std::nullopt;
    return FramePart{.type = type, .bytes = message_};
  }
}

}  // namespace skiff
