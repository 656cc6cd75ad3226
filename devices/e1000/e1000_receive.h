// The receive ring: frames from the back-end through the filter into the driver's buffers.
//
// A frame is received into a buffer of the card's own (its FIFO), looked at, made what a wire would
// bring (padded, with room for a check sequence), and then copied into as many buffers as it needs.
// One that finds too few waits there, and the back-end is not asked for more: what a real card
// would lose is kept.
//
// Thread rule: the executor's thread.
// Source: manual, 3.2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "devices/e1000/e1000_doorbells.h"
#include "devices/e1000/e1000_offload.h"
#include "devices/e1000/e1000_registers.h"
#include "devices/e1000/e1000_statistics.h"
#include "vmm/base/log.h"
#include "vmm/base/traffic_limit.h"
#include "vmm/io/guest_memory.h"
#include "vmm/net/net_backend.h"

namespace skiff {

class E1000Receiver {
 public:
  static constexpr int kRound = 64;  // frames of one run
  static constexpr std::size_t kSmallestBuffer = 256;
  static constexpr std::size_t kMostPieces = kE1000LongestFrame / kSmallestBuffer + 1;

  struct Context {
    const GuestMemory& memory;
    NetBackend& backend;
    E1000Doorbells& doorbells;
    E1000Statistics& statistics;
    TrafficLimit& limit;
    const Clock& clock;
    GuestFaultLog& faults;
  };
  enum class Outcome : std::uint8_t {
    idle,     // no frame is there: want to hear of one
    starved,  // no buffers: the driver will ring
    limited,  // run again at retry_at()
    more,     // the round is over, or the settings are others: run again soon
    closed,   // the back-end is gone
  };
  struct Result {
    Outcome outcome = Outcome::idle;
    std::uint32_t frames = 0;
    bool has_small = false;  // a frame up to RSRPD
    bool runs_low = false;   // free descriptors fell to RCTL.RDMTS
  };

  explicit E1000Receiver(const Context& context);

  // The receiver is enabled, or the link is down: then frames are lost.
  Result run(const E1000Config& config);
  void forget() { held_.reset(); }
  Clock::Nanoseconds retry_at() const { return retry_at_; }

 private:
  struct Held {
    std::size_t start = 0;  // of it in fifo_
    std::size_t size = 0;   // with the check sequence, if that is wanted
    std::uint16_t checksum = 0;
    std::uint8_t status = 0;
    std::uint8_t errors = 0;
    std::uint16_t tag = 0;
    bool is_paid = false;
    bool has_waited = false;
  };
  struct Ring {
    std::span<std::byte> bytes;
    std::uint32_t entries = 0;
    std::uint32_t buffer = 0;     // [bytes]
    std::uint32_t threshold = 0;  // RCTL.RDMTS
  };
  enum class Step : std::uint8_t { delivered, dropped, idle, starved, limited, closed };

  std::optional<Ring> look_at_ring(const E1000Config& config);
  Step step(const E1000Config& config, const std::optional<Ring>& ring, Result& result);
  Step receive(const E1000Config& config);
  bool prepare(const E1000Config& config, std::size_t size);
  void strip_tag(const E1000Config& config, std::span<std::byte> frame);
  Step deliver(const E1000Config& config, const Ring& ring, Result& result);
  bool map_pieces(const Ring& ring, std::uint32_t head, std::size_t count);
  void write_back(const Ring& ring, std::uint32_t index, std::size_t piece, bool is_last);
  void refuse(const Ring& ring, std::uint32_t head, std::size_t count);
  void count(std::span<const std::byte> frame, std::size_t size);

  const Context context_;
  const std::unique_ptr<std::byte[]> fifo_;
  std::array<std::span<std::byte>, kMostPieces> pieces_{};
  std::optional<Held> held_;
  Clock::Nanoseconds retry_at_{0};
};

}  // namespace skiff
