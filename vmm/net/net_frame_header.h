// What goes before each frame between a network device and a NetBackend: what is still to be done
// to the frame (checksum, segmentation). The layout is that of Linux's tap with IFF_VNET_HDR and a
// header size of 12, little-endian (include/uapi/linux/virtio_net.h), so that a tap takes and gives
// it without a copy.
#pragma once

#include <cstdint>

namespace skiff {

struct NetFrameHeader {
  // flags
  static constexpr std::uint8_t kNeedsChecksum = 1;  // csum_start, csum_offset are valid
  static constexpr std::uint8_t kDataValid = 2;      // checksums were checked, or need no check
  // gso_type
  static constexpr std::uint8_t kGsoNone = 0;
  static constexpr std::uint8_t kGsoTcp4 = 1;
  static constexpr std::uint8_t kGsoUdp = 3;  // UFO: IP fragments
  static constexpr std::uint8_t kGsoTcp6 = 4;
  static constexpr std::uint8_t kGsoUdpL4 = 5;  // USO: datagrams
  static constexpr std::uint8_t kGsoEcn = 0x80;

  std::uint8_t flags = 0;
  std::uint8_t gso_type = kGsoNone;
  std::uint16_t hdr_len = 0;      // bytes of headers in front of the payload; a hint
  std::uint16_t gso_size = 0;     // payload bytes per segment
  std::uint16_t csum_start = 0;   // sum from here to the frame's end ...
  std::uint16_t csum_offset = 0;  // ... goes here, counted from csum_start
  std::uint16_t num_buffers = 0;  // the device's own business; a back-end ignores it

  friend bool operator==(const NetFrameHeader&, const NetFrameHeader&) = default;
};
static_assert(sizeof(NetFrameHeader) == 12);

// Kinds of unfinished frames that somebody takes.
struct NetOffloads {
  bool checksum = false;  // partial checksums; without it none of the others
  bool tso4 = false;
  bool tso6 = false;
  bool ecn = false;  // TSO with ECN
  bool ufo = false;
  bool uso = false;

  friend bool operator==(const NetOffloads&, const NetOffloads&) = default;
};

}  // namespace skiff
