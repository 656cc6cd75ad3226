// The frames of bench-net (docs/guest.md, "The partner of bench-net").
#pragma once

#include <stdint.h>

#include "guest/bench/net_device.h"

enum NetKind {       // the first word of the payload
  kNetNobody = 1,    // transmit: nobody answers
  kNetFlood = 2,     // begin to send frames of as many bytes as the second word says
  kNetFlooding = 3,  // such a frame
  kNetStop = 4,      // stop that
  kNetPing = 5,      // send it back
};

enum { kNetControlFrame = 64, kNetSegment = 1460 };

// Writes a frame of `length` bytes; more than kNetSmallFrame: TCP over IPv4, to be segmented.
void net_frame(const struct NetDevice* device, uint8_t* frame, uint32_t length, enum NetKind kind,
               uint32_t second);
// Changes the second word of the payload.
void net_frame_set_second(uint8_t* frame, uint32_t length, uint32_t second);
// True if it is one of ours.
int net_frame_is(const uint8_t* frame, uint32_t length, enum NetKind kind, uint32_t* second);
