// The transmit ring: descriptors to packets, packets to frames for the back-end, and descriptors
// back to the driver.
//
//   descriptors -> packet (buffers in guest memory, until EOP) -> frames (e1000_offload.h) -> send
//   ... a batch full, or the ring empty: flush -> DD of all descriptors that asked for it ->
//   interrupt
//
// A packet whose frames the back-end, or a limit, does not take now is kept with its place, and
// goes on later. A packet with something wrong in it is dropped whole, up to its EOP; its
// descriptors are written back as any.
//
// Bounded: descriptors of a packet, frames and descriptors of a run.
//
// Thread rule: the executor's thread.
// Source: manual, 3.3, 3.4, 3.5.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "devices/e1000/e1000_doorbells.h"
#include "devices/e1000/e1000_offload.h"
#include "devices/e1000/e1000_registers.h"
#include "devices/e1000/e1000_statistics.h"
#include "vmm/base/log.h"
#include "vmm/base/traffic_limit.h"
#include "vmm/io/guest_memory.h"
#include "vmm/net/net_backend.h"

namespace skiff {

class E1000Transmitter {
 public:
  // Frames between two flushes.
  static constexpr std::size_t kBatch = 64;
  // Descriptors of one packet: more are not one. A back-end takes no more buffers.
  static constexpr std::size_t kMostDescriptors = NetBackend::kMaxBuffers - 8;
  // Descriptors of one run.
  static constexpr std::size_t kMostInRun = 1024;

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
    idle,     // the ring is empty, or cannot be used
    full,     // the back-end takes no more until on_sendable
    limited,  // run again at retry_at()
    more,     // run again soon
  };
  struct Result {
    Outcome outcome = Outcome::idle;
    bool wrote_back = false;  // and the driver wants to know at once
    bool wrote_back_later = false;
    bool emptied = false;
    std::uint32_t packets = 0;  // that went out
  };

  explicit E1000Transmitter(const Context& context);

  Result run(const E1000Config& config);
  // The ring is another, or disabled: what was taken of it is forgotten.
  void forget();
  Clock::Nanoseconds retry_at() const { return retry_at_; }

 private:
  struct Note {
    std::uint32_t index;
    bool is_delayed;
  };
  struct Ring {
    std::span<std::byte> bytes;
    std::uint32_t entries;
  };
  enum class Kind : std::uint8_t { none, legacy, extended };

  std::optional<Ring> look_at_ring(const E1000Config& config);
  bool take_next(const E1000Config& config, const Ring& ring);
  void take(const e1000::TransmitDescriptor& descriptor, const E1000Config& config);
  void take_context(const e1000::TransmitDescriptor& descriptor);
  void take_buffer(const e1000::TransmitDescriptor& descriptor, const E1000Config& config);
  void begin_packet(const e1000::TransmitDescriptor& descriptor, Kind kind);
  void end_packet(const e1000::TransmitDescriptor& descriptor, const E1000Config& config);
  void spoil(std::string_view why);
  void finish_packet();
  Outcome send_packet(const E1000Config& config);
  Outcome send_frame(const E1000Config& config);
  void count(const E1000Frame& frame);
  void flush(const Ring& ring, Result& result);

  const Context context_;
  E1000Offload segmentation_;  // the two contexts (3.3.6)
  E1000Offload checksums_;
  // The packet under construction, or being sent.
  Kind kind_ = Kind::none;
  bool is_spoiled_ = false;
  bool is_ready_ = false;
  bool is_paid_ = false;   // the frame that waits has its tokens
  bool is_built_ = false;  // ... and is in frames_[filled_]
  std::size_t descriptors_ = 0;
  std::size_t size_ = 0;
  std::vector<iovec> packet_;
  E1000Offload offload_;
  E1000Plan plan_;
  std::size_t offset_ = 0;  // of the next frame, in the payload
  std::size_t next_offset_ = 0;
  // The batch.
  std::vector<E1000Frame> frames_;
  std::size_t filled_ = 0;
  std::vector<iovec> buffers_;
  // Descriptors to be written back, and how many of them are of packets that went out.
  std::vector<Note> notes_;
  std::size_t complete_ = 0;
  Clock::Nanoseconds retry_at_{0};
};

}  // namespace skiff
