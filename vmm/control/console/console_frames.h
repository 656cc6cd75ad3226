// The console protocol: what goes over the connection of `skiff console` once it has been upgraded.
// Pure: bytes in, frames out. docs/console-protocol.md describes it for others' clients.
//
//   0        1         4          8
//   | type u8 | 0 0 0   | size u32 | payload, `size` bytes       (little-endian)
//
// Thread rule: any one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace skiff {

enum class FrameType : std::uint8_t {
  // From the VM.
  output = 1,  // the guest's bytes
  notice = 2,  // a sentence for the person, UTF-8, not the guest's
  role = 3,    // u8: 1 writer, 0 viewer
  ended = 4,   // u32: the exit status of the VM (exit_status.h); nothing follows
  // From the client.
  input = 16,       // bytes for the guest
  window = 17,      // u16 columns, u16 rows; 0: unknown
  line_break = 18,  // nothing: the line's break condition
  ask_role = 19,    // u8: RoleRequest
};

enum class RoleRequest : std::uint8_t { give_up = 0, take = 1, steal = 2 };

inline constexpr std::size_t kFrameHeaderSize = 8;
inline constexpr std::size_t kMaxFrameData = 64 * 1024;  // of output and input [bytes]
inline constexpr std::size_t kMaxNotice = 1024;          // [bytes]

// `size` at most kMaxFrameData.
std::array<std::byte, kFrameHeaderSize> frame_header(FrameType type, std::size_t size);
// One frame; `payload` at most kMaxFrameData.
void append_frame(std::vector<std::byte>& out, FrameType type, std::span<const std::byte> payload);
// Cut to kMaxNotice.
void append_notice(std::vector<std::byte>& out, std::string_view text);
void append_role(std::vector<std::byte>& out, bool writer);
void append_ended(std::vector<std::byte>& out, int exit_status);
void append_window(std::vector<std::byte>& out, std::uint16_t columns, std::uint16_t rows);
void append_ask_role(std::vector<std::byte>& out, RoleRequest request);

// A frame, or of output and input a part of one.
struct FramePart {
  FrameType type{};
  std::span<const std::byte> bytes;

  // Of a role, ended or ask_role frame.
  std::uint32_t number() const;
  // Of a window frame.
  std::uint16_t columns() const;
  std::uint16_t rows() const;
};

class FrameParser {
 public:
  enum class Sender { vm, client };
  explicit FrameParser(Sender sender) : sender_(sender) {}

  // Takes from the front of `bytes`, no further than to the end of a frame. Nothing: all was taken
  // and more is needed. The part of an output or input frame lies in `bytes` as it was given; other
  // payloads, whole and of the size that their type has, are valid until the next call. An error
  // says what is wrong; the stream cannot be used any more.
  std::expected<std::optional<FramePart>, std::string_view> next(std::span<const std::byte>& bytes);

 private:
  std::string_view check_header();

  const Sender sender_;
  std::array<std::byte, kFrameHeaderSize> header_{};
  std::size_t header_size_ = 0;
  std::size_t remaining_ = 0;  // of the payload
  std::vector<std::byte> message_;
};

}  // namespace skiff
