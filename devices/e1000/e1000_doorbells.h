// What the card's registers and its service on the I/O thread tell each other without a lock: heads
// and tails, who has to be woken, and by which settings the service works.
//
// Sleep: the service says that it is about to sleep, then looks at the tail once more; a vCPU
// writes the tail, then looks whether the service sleeps. One of both sees the other. So under load
// a doorbell costs no system call.
//
// Stop: a register write that takes something away (an enable bit, a reset) bumps the generation.
// The service looks at it between two frames, and takes the settings anew. is_quiet() is true when
// it touches no guest memory by older settings, and then it will not any more.
//
// Thread rule: the functions from any thread. `works` and `adopted` are the service's; it sets
// `works` before it looks at the generation. Heads are the service's while their queue is enabled,
// and else the guest's.
#pragma once

#include <atomic>
#include <cstdint>

#include "vmm/base/event_fd.h"

namespace skiff {

struct E1000Doorbells {
  std::atomic<std::uint32_t> rdh{0};
  std::atomic<std::uint32_t> rdt{0};
  std::atomic<std::uint32_t> tdh{0};
  std::atomic<std::uint32_t> tdt{0};
  std::atomic<bool> transmit_sleeps{false};
  std::atomic<bool> receive_starves{false};
  std::atomic<std::uint32_t> generation{1};
  std::atomic<std::uint32_t> adopted{0};
  std::atomic<bool> works{false};
  EventFd kick;

  void ring_transmit(std::uint32_t tail) noexcept {
    tdt.store(tail);
    wake(transmit_sleeps);
  }
  void ring_receive(std::uint32_t tail) noexcept {
    rdt.store(tail);
    wake(receive_starves);
  }
  void clear_rings() noexcept {
    rdh.store(0);
    rdt.store(0);
    tdh.store(0);
    tdt.store(0);
  }

  void bump() noexcept { generation.fetch_add(1); }
  bool is_quiet() const noexcept { return !works.load() || adopted.load() == generation.load(); }
  bool is_current() const noexcept { return adopted.load() == generation.load(); }

 private:
  void wake(std::atomic<bool>& sleeps) const noexcept {
    if (sleeps.load() && sleeps.exchange(false)) kick.signal();
  }
};

}  // namespace skiff
