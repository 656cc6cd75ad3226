// What a driver asked the card to do to a packet before it is sent: checksums, segmentation, a VLAN
// tag. Pure: from the packet in guest memory and its offloads to frames for the back-end.
//
// What the back-end can do itself is left to it: a partial checksum, and TCP segmentation, for
// which the packet is cut into pieces as large as IP allows. The rest is done here. Only the front
// of a packet, where all fields that change are, is copied; the rest goes out of guest memory.
//
// Source: manual, 3.5 (TCP segmentation), 3.6 (checksums), 9.2 (VLAN tags).
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "vmm/net/net_frame_header.h"

namespace skiff {

// A longer one is no frame of this card (3.3.1 has 16288 for its largest). [bytes]
inline constexpr std::size_t kE1000LongestFrame = 16384;

// Positions count from the packet's start. An end of 0 is the packet's.
struct E1000Offload {
  bool ip_checksum = false;
  std::uint8_t ip_start = 0;
  std::uint8_t ip_field = 0;
  std::uint16_t ip_last = 0;
  bool checksum = false;  // TCP, UDP, or of a legacy descriptor
  std::uint8_t start = 0;
  std::uint8_t field = 0;
  std::uint16_t last = 0;
  bool segments = false;
  bool is_ipv4 = false;
  bool is_tcp = false;        // else UDP, whose checksum is never 0
  std::uint8_t header = 0;    // HDRLEN [bytes]
  std::uint16_t mss = 0;      // [bytes]
  std::uint32_t payload = 0;  // PAYLEN [bytes]
  bool has_tag = false;
  std::uint16_t tag_type = 0;  // VET
  std::uint16_t tag = 0;
};

// How the packet goes out. Frame n has the payload from n * step on.
struct E1000Plan {
  std::size_t size = 0;     // of the packet, headers too [bytes]
  std::size_t header = 0;   // repeated in front of each frame; 0: there is one frame
  std::size_t payload = 0;  // behind it, of all frames [bytes]
  std::size_t step = 0;     // payload of a frame
  std::size_t copied = 0;   // of the packet's front, because it changes
  bool is_partial = false;  // the back-end completes the checksum
  bool is_gso = false;      // ... and segments
};

// A frame ready for the back-end: `header`, `front`, then the packet's bytes [rest, rest + length).
struct E1000Frame {
  static constexpr std::size_t kTag = 4;
  static constexpr std::size_t kMostFront = 256 + 16;  // fields begin in the first 256 bytes

  NetFrameHeader header;
  std::array<std::byte, kMostFront + kTag> front;
  std::size_t front_size = 0;
  std::size_t rest = 0;
  std::size_t length = 0;

  std::size_t size() const { return front_size + length; }
};

// `size`: of the packet. `can`: the back-end. The error says what the driver got wrong; nothing is
// to be sent.
std::expected<E1000Plan, std::string_view> plan_e1000_packet(const E1000Offload& offload,
                                                             std::size_t size,
                                                             const NetOffloads& can);

// The frame that begins at `offset` of the payload; fills `frame` in. Returns where the next one
// begins: `plan.payload` (or more) behind the last.
std::size_t build_e1000_frame(const E1000Plan& plan, const E1000Offload& offload, bool can_ecn,
                              std::span<const iovec> packet, std::size_t offset, E1000Frame& frame);

}  // namespace skiff
