#include "devices/e1000/e1000_receive.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "devices/e1000/e1000_receive_checks.h"
#include "vmm/net/internet_checksum.h"

namespace skiff {

using namespace e1000;

namespace {

constexpr std::size_t kFrameHeader = sizeof(NetFrameHeader);
constexpr std::size_t kFifoSize = kFrameHeader + kMaxFrameSize + 64;  // room for padding
constexpr std::size_t kShortestOnWire = 60;  // without the check sequence [bytes]
constexpr std::size_t kWireCheckSequence = 4;
constexpr std::size_t kUsualLongest = 1518;  // with a tag, without the check sequence [bytes]
constexpr std::size_t kMacAddresses = 12;
constexpr std::size_t kTagSize = 4;

// 13.4.22: BSIZE and BSEX; the one reserved combination as its neighbour.
std::uint32_t buffer_size(std::uint32_t rctl) {
  const std::uint32_t shift = rctl >> kRctlBsizeShift & 3;
  if ((rctl & kRctlBsex) == 0) return 2048U >> shift;
  return 32768U >> std::max(shift, 1U);
}

}  // namespace

E1000Receiver::E1000Receiver(const Context& context)
    : context_(context), fifo_(std::make_unique_for_overwrite<std::byte[]>(kFifoSize)) {}

std::optional<E1000Receiver::Ring> E1000Receiver::look_at_ring(const E1000Config& config) {
  const std::uint32_t entries = config.receive_length / sizeof(ReceiveDescriptor);
  if (entries == 0) return std::nullopt;
  const auto bytes =
      context_.memory.slice(GuestAddress(config.receive_ring), config.receive_length);
  if (!bytes) {
    context_.faults.report("the receive ring at {:#x} is not in memory", config.receive_ring);
    return std::nullopt;
  }
  const std::uint32_t rctl = config.filter.rctl;
  return Ring{.bytes = *bytes,
              .entries = entries,
              .buffer = buffer_size(rctl),
              .threshold = entries >> ((rctl >> kRctlRdmtsShift & 3) + 1)};
}

E1000Receiver::Result E1000Receiver::run(const E1000Config& config) {
  Result result;
  const std::optional<Ring> ring = look_at_ring(config);
  result.outcome = Outcome::more;
  for (int i = 0; i < kRound && context_.doorbells.is_current(); ++i) {
    switch (step(config, ring, result)) {
      case Step::delivered:
        ++result.frames;
        break;
      case Step::dropped:
        break;
      case Step::idle:
        result.outcome = Outcome::idle;
        return result;
      case Step::starved:
        result.outcome = Outcome::starved;
        return result;
      case Step::limited:
        result.outcome = Outcome::limited;
        return result;
      case Step::closed:
        result.outcome = Outcome::closed;
        return result;
    }
  }
  return result;
}

E1000Receiver::Step E1000Receiver::step(const E1000Config& config, const std::optional<Ring>& ring,
                                        Result& result) {
  if (!config.link || !config.receives()) held_.reset();
  if (!held_) {
    const Step step = receive(config);
    if (step != Step::delivered) return step;
  }
  if (!ring) return Step::starved;
  if (!held_->is_paid) {
    if (const auto at = context_.limit.take(held_->size, context_.clock)) {
      retry_at_ = *at;
      return Step::limited;
    }
    held_->is_paid = true;
  }
  const Step step = deliver(config, *ring, result);
  if (step != Step::starved) held_.reset();
  return step;
}

// Into held_, or not at all.
E1000Receiver::Step E1000Receiver::receive(const E1000Config& config) {
  const iovec room{fifo_.get(), kFrameHeader + kMaxFrameSize};
  const ReceiveResult result = context_.backend.receive(0, {&room, 1});
  if (result.kind == ReceiveResult::Kind::empty) return Step::idle;
  if (result.kind == ReceiveResult::Kind::closed) return Step::closed;
  if (!config.link || !config.receives()) return Step::dropped;
  if (result.size < kFrameHeader + kShortestFrame) return Step::dropped;
  return prepare(config, result.size - kFrameHeader) ? Step::delivered : Step::dropped;
}

bool E1000Receiver::prepare(const E1000Config& config, std::size_t size) {
  const std::uint32_t rctl = config.filter.rctl;
  std::byte* const start = fifo_.get() + kFrameHeader;
  const std::size_t longest =
      (rctl & kRctlLpe) != 0 ? kE1000LongestFrame - kWireCheckSequence : kUsualLongest;
  context_.statistics.add(E1000Statistics::tpr, 1);
  context_.statistics.add(E1000Statistics::tor, size + kWireCheckSequence);
  if (size > longest) {
    context_.statistics.add(E1000Statistics::roc, 1);
    return false;
  }
  const auto verdict = config.filter.judge({start, size});
  if (verdict == E1000Filter::Verdict::refused) return false;

  NetFrameHeader header;
  std::memcpy(&header, fifo_.get(), sizeof header);
  const bool is_partial = (header.flags & NetFrameHeader::kNeedsChecksum) != 0;
  if (is_partial) complete_e1000_checksum({start, size}, header);
  // The sender of a short frame would have padded it.
  const std::size_t whole = std::max(size, kShortestOnWire);
  std::fill(start + size, start + whole + kWireCheckSequence, std::byte{0});
  const std::span<std::byte> frame(start, whole);
  const bool is_good = is_partial || (header.flags & NetFrameHeader::kDataValid) != 0;
  const E1000ReceiveChecks checks = check_e1000_frame(frame, config.rxcsum, is_good);
  InternetSum sum;
  sum.add(frame.subspan(std::min<std::size_t>(config.rxcsum & kRxcsumPcss, whole)));
  held_ = Held{.start = kFrameHeader,
               .size = whole + ((rctl & kRctlSecrc) != 0 ? 0 : kWireCheckSequence),
               .checksum = sum.folded(),
               .status = checks.status,
               .errors = checks.errors};
  if (verdict == E1000Filter::Verdict::accepted_by_hash) held_->status |= kRxPif;
  count(frame, whole + kWireCheckSequence);
  strip_tag(config, frame);
  return true;
}

// 9.2: the tag moves into the descriptor.
void E1000Receiver::strip_tag(const E1000Config& config, std::span<std::byte> frame) {
  if (!config.strips_tags || !config.filter.is_tagged(frame)) return;
  held_->tag = e1000_frame_word(frame, kMacAddresses + 2);
  held_->status |= kRxVp;
  std::memmove(frame.data() + kTagSize, frame.data(), kMacAddresses);
  held_->start += kTagSize;
  held_->size -= kTagSize;
}

E1000Receiver::Step E1000Receiver::deliver(const E1000Config& config, const Ring& ring,
                                           Result& result) {
  const std::uint32_t head = context_.doorbells.rdh.load(std::memory_order_relaxed);
  const std::uint32_t tail = context_.doorbells.rdt.load();
  if (head >= ring.entries || tail >= ring.entries) {
    context_.faults.report("receive descriptors {} to {} of a ring of {}", head, tail,
                           ring.entries);
    return Step::starved;
  }
  const std::uint32_t free = tail >= head ? tail - head : tail + ring.entries - head;
  const std::size_t count = (held_->size + ring.buffer - 1) / ring.buffer;
  if (count >= ring.entries) {
    context_.faults.report("all receive buffers together are too small for a frame of {} bytes",
                           held_->size);
    return Step::dropped;
  }
  if (free < count) {
    if (!held_->has_waited) context_.statistics.add(E1000Statistics::rnbc, 1);
    held_->has_waited = true;
    return Step::starved;
  }
  const bool is_mapped = map_pieces(ring, head, count);
  if (is_mapped) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(pieces_[i].data(), fifo_.get() + held_->start + at, pieces_[i].size());
      at += pieces_[i].size();
      write_back(ring, static_cast<std::uint32_t>((head + i) % ring.entries), pieces_[i].size(),
                 i + 1 == count);
    }
  } else {
    refuse(ring, head, count);
  }
  context_.doorbells.rdh.store(static_cast<std::uint32_t>((head + count) % ring.entries),
                               std::memory_order_relaxed);
  result.has_small = result.has_small || held_->size <= config.rsrpd;
  result.runs_low = result.runs_low || (free > ring.threshold && free - count <= ring.threshold);
  return Step::delivered;
}

// The descriptors' addresses are copied once.
bool E1000Receiver::map_pieces(const Ring& ring, std::uint32_t head, std::size_t count) {
  std::size_t left = held_->size;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = (head + i) % ring.entries;
    std::uint64_t address = 0;
    std::memcpy(&address, ring.bytes.data() + index * sizeof(ReceiveDescriptor), sizeof address);
    const std::size_t size = std::min<std::size_t>(left, ring.buffer);
    const auto bytes = context_.memory.slice(GuestAddress(address), size);
    if (!bytes) {
      context_.faults.report("a receive buffer at {:#x} is not in memory", address);
      return false;
    }
    pieces_.at(i) = *bytes;
    left -= size;
  }
  return true;
}

// The address stays; DD is seen last.
void E1000Receiver::write_back(const Ring& ring, std::uint32_t index, std::size_t piece,
                               bool is_last) {
  std::byte* const at = ring.bytes.data() + std::size_t{index} * sizeof(ReceiveDescriptor);
  const auto length = static_cast<std::uint16_t>(piece);
  std::memcpy(at + offsetof(ReceiveDescriptor, length), &length, sizeof length);
  std::memcpy(at + offsetof(ReceiveDescriptor, checksum), &held_->checksum, sizeof held_->checksum);
  at[offsetof(ReceiveDescriptor, errors)] = std::byte{is_last ? held_->errors : std::uint8_t{0}};
  std::memcpy(at + offsetof(ReceiveDescriptor, special), &held_->tag, sizeof held_->tag);
  const unsigned status = kRxDd | (is_last ? kRxEop | held_->status : 0U);
  std::atomic_ref(at[offsetof(ReceiveDescriptor, status)])
      .store(static_cast<std::byte>(status), std::memory_order_release);
}

// Their frame is lost, as by an error of the bus.
void E1000Receiver::refuse(const Ring& ring, std::uint32_t head, std::size_t count) {
  held_->status = 0;
  held_->errors = kRxErrorRxe;
  held_->tag = 0;
  for (std::size_t i = 0; i < count; ++i)
    write_back(ring, static_cast<std::uint32_t>((head + i) % ring.entries), 0, i + 1 == count);
}

void E1000Receiver::count(std::span<const std::byte> frame, std::size_t size) {
  E1000Statistics& statistics = context_.statistics;
  statistics.add(E1000Statistics::gprc, 1);
  statistics.add(E1000Statistics::gorc, size);
  statistics.add_size(E1000Statistics::prc64, size);
  if ((frame[0] & std::byte{1}) == std::byte{0}) return;
  const bool is_broadcast =
      std::ranges::all_of(frame.first(6), [](std::byte each) { return each == std::byte{0xff}; });
  statistics.add(is_broadcast ? E1000Statistics::bprc : E1000Statistics::mprc, 1);
}

}  // namespace skiff
