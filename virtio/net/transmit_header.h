// What a driver says about a frame it sends, before the host believes it. Pure.
// Source: Virtual I/O Device (VIRTIO) 1.2, 5.1.6.2.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "vmm/net/net_frame_header.h"

namespace skiff {

// `frame_size`: bytes behind the header. `offloads`: what was negotiated. What comes back is
// consistent with the frame: checksum field and headers lie inside it, a segment has a size, and
// nothing is set that has no meaning. The error says what the driver got wrong; the frame is not to
// be sent.
std::expected<NetFrameHeader, std::string_view> check_transmit_header(const NetFrameHeader& header,
                                                                      std::size_t frame_size,
                                                                      const NetOffloads& offloads);

}  // namespace skiff
