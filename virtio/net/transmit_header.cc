#include "virtio/net/transmit_header.h"

#include <cstdint>

#include "vmm/net/net_backend.h"

namespace skiff {
namespace {

constexpr std::size_t kEthernetHeader = 14;
using HeaderError = std::unexpected<std::string_view>;

bool is_negotiated(std::uint8_t gso_type, const NetOffloads& offloads) {
  switch (gso_type) {
    case NetFrameHeader::kGsoTcp4:
      return offloads.tso4;
    case NetFrameHeader::kGsoTcp6:
      return offloads.tso6;
    case NetFrameHeader::kGsoUdp:
      return offloads.ufo;
    case NetFrameHeader::kGsoUdpL4:
      return offloads.uso;
    default:
      return false;
  }
}

}  // namespace

std::expected<NetFrameHeader, std::string_view> check_transmit_header(const NetFrameHeader& header,
                                                                      std::size_t frame_size,
                                                                      const NetOffloads& offloads) {
  if (frame_size < kEthernetHeader)
    return HeaderError("a frame is shorter than an Ethernet header");
  if (frame_size > kMaxFrameSize) return HeaderError("a frame is longer than any can be");

  NetFrameHeader checked;
  std::size_t headers = kEthernetHeader;  // at least so long
  if ((header.flags & NetFrameHeader::kNeedsChecksum) != 0) {
    if (!offloads.checksum) return HeaderError("a partial checksum, which was not negotiated");
    const std::size_t end = std::size_t{header.csum_start} + header.csum_offset + 2;
    if (header.csum_start < kEthernetHeader || end > frame_size) {
      return HeaderError("a checksum outside its frame");
    }
    checked.flags = NetFrameHeader::kNeedsChecksum;
    checked.csum_start = header.csum_start;
    checked.csum_offset = header.csum_offset;
    headers = end;
  }

  const bool ecn = (header.gso_type & NetFrameHeader::kGsoEcn) != 0;
  const auto type = static_cast<std::uint8_t>(header.gso_type & ~unsigned{NetFrameHeader::kGsoEcn});
  if (type == NetFrameHeader::kGsoNone) return checked;
  if (!is_negotiated(type, offloads)) return HeaderError("a segmentation that was not negotiated");
  if (ecn &&
      (!offloads.ecn || (type != NetFrameHeader::kGsoTcp4 && type != NetFrameHeader::kGsoTcp6))) {
    return HeaderError("ECN segmentation, which was not negotiated");
  }
  // UFO once had no checksum to fill in; TCP and USO cannot do without (5.1.6.2.1).
  if (checked.flags == 0 && type != NetFrameHeader::kGsoUdp) {
    return HeaderError("segmentation without a partial checksum");
  }
  if (header.gso_size == 0) return HeaderError("segments of no size");
  checked.gso_type = header.gso_type;
  checked.gso_size = header.gso_size;
  // A hint (5.1.6.2.2), which the host takes for the length of its first copy.
  checked.hdr_len = header.hdr_len < headers || header.hdr_len > frame_size
                        ? static_cast<std::uint16_t>(headers)
                        : header.hdr_len;
  return checked;
}

}  // namespace skiff
