// The loops of bench-net: frames of one size, one way or both.
#pragma once

#include <stdint.h>

#include "guest/bench/net_device.h"
#include "guest/bench/net_frames.h"

// The last slot is for frames to the partner.
enum { kControlSlot = kNetSlots - 1 };

struct Traffic {
  struct NetDevice* device;
  uint32_t bytes, segment;
  uint64_t total, begun, done, lost;
  uint64_t since;     // cycles: when something last happened
  uint64_t first;     // when the first frame was there
  uint64_t patience;  // cycles
  unsigned window, free_count;
  uint8_t free_slots[kNetSlots];
  uint64_t started[kNetSlots];
  int waiting;  // a ping is out
  uint32_t sequence;
};

// Afresh, for so many frames.
void traffic_begin(struct Traffic* t, uint64_t requests);

typedef unsigned long TrafficLoop(unsigned long traffic);
// Each of them ends when all frames are through; unprivileged.
TrafficLoop traffic_transmit, traffic_receive, traffic_pingpong;
// Runs one of them: 0 if nothing happened for `milliseconds`.
int traffic_run(struct Traffic* t, TrafficLoop* loop, unsigned milliseconds);

// A frame to the partner.
void traffic_control(struct Traffic* t, enum NetKind kind, uint32_t second);
// Until nothing comes any more, and nothing is with the card. 0: somebody does not stop sending.
int traffic_settle(struct Traffic* t);
