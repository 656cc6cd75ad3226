// What the card says about the checksums of a frame it has received. Pure.
// Source: manual, 3.2.3.1, 3.2.3.2 (status and errors), 3.2.9 (checksum offload).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vmm/net/net_frame_header.h"

namespace skiff {

struct E1000ReceiveChecks {
  std::uint8_t status = 0;  // of kRxIxsm, kRxIpcs, kRxTcpcs
  std::uint8_t errors = 0;  // of kRxErrorIpe, kRxErrorTcpe
};

// `frame`: padded, without its check sequence. `is_known_good`: somebody has checked TCP or UDP.
E1000ReceiveChecks check_e1000_frame(std::span<const std::byte> frame, std::uint32_t rxcsum,
                                     bool is_known_good);

// Completes a partial checksum in place; one outside the frame is left alone.
void complete_e1000_checksum(std::span<std::byte> frame, const NetFrameHeader& header);

}  // namespace skiff
