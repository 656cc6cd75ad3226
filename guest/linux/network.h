// A network card's cells: frames through Linux's packet sockets, which reach the driver without a
// protocol between, and the partner of bench-net at the cable's other end (docs/guest.md).
#pragma once

#include <stdint.h>

enum NetWay { kTransmit, kReceive, kPingPong };

struct NetCell {
  const char* name;  // "transmit-1500"
  const char* face;
  const char* card;  // "eth0"
  const char* interrupts;
  enum NetWay way;
  uint32_t bytes;
};

// As disk_cell.
void net_cell(const struct NetCell* cell);
