#include "devices/e1000/e1000_transmit.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "vmm/net/frame_buffers.h"

namespace skiff {

using namespace e1000;

namespace {

constexpr std::size_t kShortFrame = 60;  // without the check sequence [bytes]
constexpr std::size_t kCheckSequence = 4;
constexpr std::array<std::byte, kShortFrame> kPadding{};

// 3.3.6: the words of a context descriptor.
E1000Offload parse_context(const TransmitDescriptor& descriptor) {
  const std::uint64_t first = descriptor.first;
  E1000Offload context;
  context.ip_start = static_cast<std::uint8_t>(first);
  context.ip_field = static_cast<std::uint8_t>(first >> 8);
  context.ip_last = static_cast<std::uint16_t>(first >> 16);
  context.start = static_cast<std::uint8_t>(first >> 32);
  context.field = static_cast<std::uint8_t>(first >> 40);
  context.last = static_cast<std::uint16_t>(first >> 48);
  context.is_tcp = (descriptor.lower & kTxContextTcp) != 0;
  context.is_ipv4 = (descriptor.lower & kTxContextIp) != 0;
  context.payload = descriptor.lower & kTxDataLength;
  context.header = descriptor.upper;
  context.mss = descriptor.special;
  return context;
}

bool is_context(const TransmitDescriptor& descriptor) {
  return (descriptor.lower & kTxDext) != 0 &&
         (descriptor.lower >> kTxTypeShift & kTxTypeMask) == kTxTypeContext;
}

}  // namespace

E1000Transmitter::E1000Transmitter(const Context& context) : context_(context), frames_(kBatch) {
  packet_.reserve(kMostDescriptors);
  buffers_.reserve(NetBackend::kMaxBuffers);
  notes_.reserve(2 * kMostInRun);
}

void E1000Transmitter::forget() {
  kind_ = Kind::none;
  is_spoiled_ = is_ready_ = is_paid_ = is_built_ = false;
  packet_.clear();
  notes_.clear();
  complete_ = 0;
  filled_ = 0;
  segmentation_ = {};
  checksums_ = {};
}

std::optional<E1000Transmitter::Ring> E1000Transmitter::look_at_ring(const E1000Config& config) {
  const std::uint32_t entries = config.transmit_length / sizeof(TransmitDescriptor);
  if (entries == 0) return std::nullopt;
  const auto bytes =
      context_.memory.slice(GuestAddress(config.transmit_ring), config.transmit_length);
  if (!bytes) {
    context_.faults.report("the transmit ring at {:#x} is not in memory", config.transmit_ring);
    return std::nullopt;
  }
  return Ring{.bytes = *bytes, .entries = entries};
}

// One descriptor; false: there is none.
bool E1000Transmitter::take_next(const E1000Config& config, const Ring& ring) {
  const std::uint32_t head = context_.doorbells.tdh.load(std::memory_order_relaxed);
  const std::uint32_t tail = context_.doorbells.tdt.load();
  if (head == tail) return false;
  if (head >= ring.entries || tail >= ring.entries) {
    context_.faults.report("transmit descriptors {} to {} of a ring of {}", head, tail,
                           ring.entries);
    return false;
  }
  // Copied once: the driver may change its own meanwhile.
  TransmitDescriptor descriptor;
  std::memcpy(&descriptor, ring.bytes.data() + std::size_t{head} * sizeof descriptor,
              sizeof descriptor);
  context_.doorbells.tdh.store(head + 1 == ring.entries ? 0 : head + 1, std::memory_order_relaxed);
  if ((descriptor.lower & (kTxRs | ((descriptor.lower & kTxDext) != 0 ? 0 : kTxRps))) != 0) {
    notes_.push_back({.index = head, .is_delayed = (descriptor.lower & kTxIde) != 0});
  }
  take(descriptor, config);
  // Nothing of a packet waits for its end: contexts, and what is dropped.
  if (!is_ready_ && (kind_ == Kind::none || is_spoiled_)) complete_ = notes_.size();
  return true;
}

void E1000Transmitter::take(const TransmitDescriptor& descriptor, const E1000Config& config) {
  if (is_context(descriptor)) {
    if (kind_ != Kind::none) spoil("a context inside a packet");
    return take_context(descriptor);
  }
  take_buffer(descriptor, config);
}

void E1000Transmitter::take_context(const TransmitDescriptor& descriptor) {
  const bool segments = (descriptor.lower & kTxTse) != 0;
  (segments ? segmentation_ : checksums_) = parse_context(descriptor);
}

void E1000Transmitter::spoil(std::string_view why) {
  if (!is_spoiled_) context_.faults.report("{}", why);
  is_spoiled_ = true;
}

// 3.3.7: what its first descriptor says about the packet.
void E1000Transmitter::begin_packet(const TransmitDescriptor& descriptor, Kind kind) {
  kind_ = kind;
  is_spoiled_ = false;
  descriptors_ = 0;
  size_ = 0;
  packet_.clear();
  offload_ = {};
  if (kind != Kind::extended) return;
  const bool segments = (descriptor.lower & kTxTse) != 0;
  offload_ = segments ? segmentation_ : checksums_;
  offload_.segments = segments;
  offload_.ip_checksum = (descriptor.upper & kTxPoptsIxsm) != 0;
  offload_.checksum = (descriptor.upper & kTxPoptsTxsm) != 0;
}

void E1000Transmitter::take_buffer(const TransmitDescriptor& descriptor,
                                   const E1000Config& config) {
  const bool extended = (descriptor.lower & kTxDext) != 0;
  const Kind kind = extended ? Kind::extended : Kind::legacy;
  if (kind_ == Kind::none) begin_packet(descriptor, kind);
  if (kind_ != kind) spoil("a packet of legacy and other descriptors");
  if (extended && (descriptor.lower >> kTxTypeShift & kTxTypeMask) != kTxTypeData) {
    spoil("a descriptor of no known type");
  }
  if (++descriptors_ > kMostDescriptors) spoil("a packet of too many descriptors");
  const std::uint32_t length = descriptor.lower & (extended ? kTxDataLength : kTxLegacyLength);
  if (!is_spoiled_ && length != 0) {
    const auto bytes = context_.memory.slice(GuestAddress(descriptor.first), length);
    if (bytes) {
      packet_.push_back({bytes->data(), bytes->size()});
      size_ += length;
    } else {
      spoil("a packet that is not in memory");
    }
  }
  if ((descriptor.lower & kTxEop) != 0) end_packet(descriptor, config);
}

// 3.3.3.1: what its last descriptor says.
void E1000Transmitter::end_packet(const TransmitDescriptor& descriptor, const E1000Config& config) {
  if (kind_ == Kind::legacy && (descriptor.lower & kTxIc) != 0) {
    offload_.start = descriptor.upper;
    offload_.field = static_cast<std::uint8_t>(descriptor.lower >> kTxLegacyCsoShift);
    offload_.is_tcp = true;
    // A field past the end is none.
    offload_.checksum = offload_.start < size_ && offload_.field + std::size_t{2} <= size_;
  }
  offload_.has_tag = config.strips_tags && (descriptor.lower & kTxVle) != 0;
  offload_.tag = descriptor.special;
  offload_.tag_type = static_cast<std::uint16_t>(config.filter.vet);
  // With the cable out it goes nowhere.
  if (!is_spoiled_ && config.link && size_ != 0) {
    const auto plan = plan_e1000_packet(offload_, size_, context_.backend.capabilities().send);
    if (plan) {
      plan_ = *plan;
      is_ready_ = true;
      offset_ = 0;
      context_.statistics.add(E1000Statistics::tsctc, offload_.segments ? 1 : 0);
      return;
    }
    context_.faults.report("{}", plan.error());
    context_.statistics.add(E1000Statistics::tsctfc, offload_.segments ? 1 : 0);
  }
  kind_ = Kind::none;
}

void E1000Transmitter::finish_packet() {
  is_ready_ = false;
  kind_ = Kind::none;
  complete_ = notes_.size();
}

// `more`: the batch is full, or the packet went out.
E1000Transmitter::Outcome E1000Transmitter::send_packet(const E1000Config& config) {
  while (filled_ < frames_.size()) {
    const Outcome outcome = send_frame(config);
    if (outcome != Outcome::more) return outcome;
    if (offset_ < plan_.payload) continue;
    finish_packet();
    break;
  }
  return Outcome::more;
}

E1000Transmitter::Outcome E1000Transmitter::send_frame(const E1000Config& config) {
  E1000Frame& frame = frames_[filled_];
  if (!is_built_) {
    next_offset_ = build_e1000_frame(plan_, offload_, context_.backend.capabilities().send.ecn,
                                     packet_, offset_, frame);
    is_built_ = true;
  }
  if (!is_paid_) {
    if (const auto at = context_.limit.take(frame.size(), context_.clock)) {
      retry_at_ = *at;
      return Outcome::limited;
    }
    is_paid_ = true;
  }
  buffers_.clear();
  buffers_.push_back({&frame.header, sizeof frame.header});
  if (frame.front_size != 0) buffers_.push_back({frame.front.data(), frame.front_size});
  visit_buffers(packet_, frame.rest, frame.length,
                [this](std::byte* data, std::size_t part) { buffers_.push_back({data, part}); });
  if ((config.tctl & kTctlPsp) != 0 && frame.size() < kShortFrame) {
    // It is only read.
    buffers_.push_back({const_cast<std::byte*>(kPadding.data()), kShortFrame - frame.size()});
  }
  if (context_.backend.send(0, buffers_) == SendResult::full) return Outcome::full;
  count(frame);
  ++filled_;
  offset_ = next_offset_;
  is_built_ = is_paid_ = false;
  return Outcome::more;
}

void E1000Transmitter::count(const E1000Frame& frame) {
  E1000Statistics& statistics = context_.statistics;
  // Of what the back-end will cut, the frames that the wire would see.
  const std::size_t mss = frame.header.gso_size;
  const std::size_t frames = mss == 0 ? 1 : (frame.length + mss - 1) / mss;
  const std::size_t size = mss == 0 ? frame.size() : frame.front_size + mss;
  const std::size_t all = mss == 0 ? std::max(size, kShortFrame) + kCheckSequence
                                   : frame.length + frames * (frame.front_size + kCheckSequence);
  statistics.add(E1000Statistics::gptc, frames);
  statistics.add(E1000Statistics::tpt, frames);
  statistics.add(E1000Statistics::gotc, all);
  statistics.add(E1000Statistics::tot, all);
  statistics.add_size(E1000Statistics::ptc64, size + kCheckSequence, frames);
  std::array<std::byte, 6> destination{};
  copy_from_buffers(std::span(buffers_).subspan(1), 0, destination);
  if ((destination[0] & std::byte{1}) == std::byte{0}) return;
  const bool is_broadcast =
      std::ranges::all_of(destination, [](std::byte each) { return each == std::byte{0xff}; });
  statistics.add(is_broadcast ? E1000Statistics::bptc : E1000Statistics::mptc, 1);
}

// Only now the buffers are the driver's again.
void E1000Transmitter::flush(const Ring& ring, Result& result) {
  if (filled_ != 0) context_.backend.flush(0);
  // The frame that waits is the next batch's first.
  if (is_built_ && filled_ != 0) std::swap(frames_[0], frames_[filled_]);
  filled_ = 0;
  for (std::size_t i = 0; i < complete_; ++i) {
    const Note& note = notes_[i];
    if (note.index >= ring.entries) continue;
    std::byte& status = ring.bytes[std::size_t{note.index} * sizeof(TransmitDescriptor) +
                                   offsetof(TransmitDescriptor, status)];
    std::atomic_ref(status).store(std::byte{kTxDd}, std::memory_order_release);
    (note.is_delayed ? result.wrote_back_later : result.wrote_back) = true;
  }
  notes_.erase(notes_.begin(), notes_.begin() + static_cast<std::ptrdiff_t>(complete_));
  complete_ = 0;
}

E1000Transmitter::Result E1000Transmitter::run(const E1000Config& config) {
  Result result;
  const std::optional<Ring> ring = look_at_ring(config);
  if (!ring) return result;
  result.outcome = Outcome::more;
  std::size_t taken = 0;
  // Other settings: what is to be done next is not for these to say.
  while (taken < kMostInRun && context_.doorbells.is_current()) {
    if (is_ready_) {
      result.outcome = send_packet(config);
      if (result.outcome != Outcome::more) break;
      if (!is_ready_) ++result.packets;
      if (filled_ == frames_.size()) break;
      continue;
    }
    if (!take_next(config, *ring)) {
      result.outcome = Outcome::idle;
      result.emptied = taken != 0;
      break;
    }
    ++taken;
  }
  flush(*ring, result);
  return result;
}

}  // namespace skiff
