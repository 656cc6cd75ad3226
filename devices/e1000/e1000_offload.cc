#include "devices/e1000/e1000_offload.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "vmm/net/frame_buffers.h"
#include "vmm/net/internet_checksum.h"
#include "vmm/net/net_backend.h"

namespace skiff {
namespace {

using PlanError = std::unexpected<std::string_view>;

constexpr std::size_t kAddresses = 12;  // of an Ethernet header
constexpr std::size_t kMostIp = 65535;  // an IP packet [bytes]
constexpr std::size_t kIpv6Header = 40;

// Positions in the headers (RFC 791, 8200, 9293, 768).
constexpr std::size_t kIpv4Length = 2;
constexpr std::size_t kIpv4Id = 4;
constexpr std::size_t kIpv6Length = 4;
constexpr std::size_t kTcpSequence = 4;
constexpr std::size_t kTcpFlags = 13;
constexpr std::size_t kUdpLength = 4;
constexpr std::uint8_t kTcpFin = 0x01;
constexpr std::uint8_t kTcpPsh = 0x08;
constexpr std::uint8_t kTcpCwr = 0x80;

template <typename T>
T load_network(std::span<const std::byte> bytes, std::size_t at) {
  T value{};
  if (at + sizeof value <= bytes.size()) std::memcpy(&value, bytes.data() + at, sizeof value);
  return std::byteswap(value);
}
template <typename T>
void store_network(std::span<std::byte> bytes, std::size_t at, T value) {
  value = std::byteswap(value);
  if (at + sizeof value <= bytes.size()) std::memcpy(bytes.data() + at, &value, sizeof value);
}

// What is wrong with the header's shape; nothing: it may be segmented.
std::optional<std::string_view> segmentation_fault(const E1000Offload& offload, std::size_t size) {
  const std::size_t header = offload.header;
  if (offload.mss == 0) return "segments of no size";
  if (header > size) return "a header longer than its packet";
  const std::size_t ip_needs = offload.is_ipv4 ? 20 : kIpv6Header;
  if (offload.ip_start < kAddresses + 2 || offload.ip_start + ip_needs > offload.start) {
    return "segmentation without an IP header";
  }
  const std::size_t needs = offload.is_tcp ? 20 : 8;
  if (offload.start + needs > header) return "segmentation of headers that are not whole";
  return std::nullopt;
}

bool covers_rest(const E1000Offload& offload, std::size_t size) {
  return offload.last == 0 || std::size_t{offload.last} + 1 >= size;
}

std::size_t field_end(const E1000Offload& offload) {
  std::size_t end = 0;
  if (offload.ip_checksum) end = offload.ip_field + 2U;
  if (offload.checksum) end = std::max<std::size_t>(end, offload.field + 2U);
  return end;
}

// A frame under construction: what is copied, and what is not.
class FrameView {
 public:
  FrameView(std::span<std::byte> front, std::span<const iovec> packet, std::size_t rest,
            std::size_t length)
      : front_(front), packet_(packet), rest_(rest), length_(length) {}

  std::size_t size() const { return front_.size() + length_; }
  // `last` 0: the frame's.
  void add(InternetSum& sum, std::size_t start, std::size_t last) const {
    const std::size_t end = last == 0 ? size() : std::min<std::size_t>(last + 1, size());
    if (start >= end) return;
    const std::size_t front_end = std::min(end, front_.size());
    if (start < front_end) sum.add(front_.subspan(start, front_end - start));
    const std::size_t from = std::max(start, front_.size()) - front_.size();
    if (end <= front_.size()) return;
    visit_buffers(packet_, rest_ + from, end - front_.size() - from,
                  [&sum](const std::byte* data, std::size_t part) { sum.add({data, part}); });
  }

 private:
  const std::span<std::byte> front_;
  const std::span<const iovec> packet_;
  const std::size_t rest_;
  const std::size_t length_;
};

void put(std::span<std::byte> front, std::size_t at, std::uint16_t stored) {
  if (at + sizeof stored <= front.size()) std::memcpy(front.data() + at, &stored, sizeof stored);
}
std::uint16_t take(std::span<const std::byte> front, std::size_t at) {
  std::uint16_t stored = 0;
  if (at + sizeof stored <= front.size()) std::memcpy(&stored, front.data() + at, sizeof stored);
  return stored;
}

// 3.5.7: what differs from segment to segment, but for checksums.
void edit_headers(const E1000Plan& plan, const E1000Offload& offload, std::size_t offset,
                  std::size_t length, std::span<std::byte> front) {
  const std::size_t ip_size = plan.header - offload.ip_start + length;
  if (offload.is_ipv4) {
    store_network(front, offload.ip_start + kIpv4Length, static_cast<std::uint16_t>(ip_size));
    const auto id = load_network<std::uint16_t>(front, offload.ip_start + kIpv4Id);
    store_network(front, offload.ip_start + kIpv4Id,
                  static_cast<std::uint16_t>(id + offset / offload.mss));
  } else {
    store_network(front, offload.ip_start + kIpv6Length,
                  static_cast<std::uint16_t>(ip_size - kIpv6Header));
  }
  const std::size_t l4_size = plan.header - offload.start + length;
  if (offload.is_tcp) {
    const std::size_t at = offload.start + kTcpSequence;
    store_network(front, at,
                  static_cast<std::uint32_t>(load_network<std::uint32_t>(front, at) + offset));
    unsigned cleared = 0;
    if (offset + length < plan.payload) cleared |= kTcpFin | kTcpPsh;
    if (offset != 0) cleared |= kTcpCwr;
    front[offload.start + kTcpFlags] &= static_cast<std::byte>(~cleared);
  } else {
    store_network(front, offload.start + kUdpLength, static_cast<std::uint16_t>(l4_size));
  }
  if (!offload.checksum) return;
  // The driver's sum of the pseudo header has no length in it.
  InternetSum sum;
  sum.add_stored(take(front, offload.field));
  sum.add_number(static_cast<std::uint16_t>(l4_size));
  put(front, offload.field, sum.folded());
}

void insert_checksum(const FrameView& view, std::span<std::byte> front, std::size_t start,
                     std::size_t last, std::size_t field, bool is_udp) {
  InternetSum sum;
  view.add(sum, start, last);
  const std::uint16_t checksum = sum.checksum();
  // RFC 768: a sum of 0 would be none.
  put(front, field, checksum == 0 && is_udp ? std::uint16_t{0xffff} : checksum);
}

void insert_tag(const E1000Offload& offload, E1000Frame& frame) {
  std::memmove(frame.front.data() + kAddresses + E1000Frame::kTag, frame.front.data() + kAddresses,
               frame.front_size - kAddresses);
  frame.front_size += E1000Frame::kTag;
  store_network(std::span<std::byte>(frame.front), kAddresses, offload.tag_type);
  store_network(std::span<std::byte>(frame.front), kAddresses + 2, offload.tag);
}

}  // namespace

std::expected<E1000Plan, std::string_view> plan_e1000_packet(const E1000Offload& offload,
                                                             std::size_t size,
                                                             const NetOffloads& can) {
  if (size < kShortestFrame) return PlanError("a frame is shorter than an Ethernet header");
  E1000Plan plan{.size = size, .payload = size, .step = size};
  plan.copied = field_end(offload);
  if (offload.has_tag) plan.copied = std::max(plan.copied, kAddresses);
  std::size_t within = size;  // fields lie in the first so many bytes
  if (offload.segments) {
    if (const auto fault = segmentation_fault(offload, size)) return PlanError(*fault);
    plan.header = offload.header;
    plan.payload = std::min<std::size_t>(size - plan.header, offload.payload);
    plan.size = plan.header + plan.payload;
    plan.step = offload.mss;
    plan.copied = within = plan.header;
  }
  if (field_end(offload) > within) return PlanError("a checksum outside its headers");
  if (plan.header + std::min(plan.step, plan.payload) > kE1000LongestFrame) {
    return PlanError("a frame is longer than any can be");
  }
  plan.is_partial = offload.checksum && can.checksum && offload.field >= offload.start &&
                    offload.start >= kShortestFrame && covers_rest(offload, size);
  if (plan.is_partial && !offload.ip_checksum && !offload.segments && !offload.has_tag) {
    plan.copied = 0;
  }
  const bool can_segment = offload.is_ipv4 ? can.tso4 : can.tso6;
  if (offload.segments && offload.is_tcp && can_segment && plan.is_partial &&
      plan.payload > plan.step) {
    const std::size_t room = std::min(kMostIp - (plan.header - offload.ip_start),
                                      kMaxFrameSize - E1000Frame::kTag - plan.header);
    const std::size_t count = room / plan.step;
    plan.is_gso = count > 1;
    plan.step *= std::max<std::size_t>(count, 1);
  }
  return plan;
}

std::size_t build_e1000_frame(const E1000Plan& plan, const E1000Offload& offload, bool can_ecn,
                              std::span<const iovec> packet, std::size_t offset,
                              E1000Frame& frame) {
  const std::size_t length = std::min(plan.step, plan.payload - std::min(offset, plan.payload));
  frame.header = {};
  frame.front_size = plan.copied;
  frame.rest = plan.header != 0 ? plan.header + offset : plan.copied;
  frame.length = plan.header != 0 ? length : plan.size - plan.copied;
  const std::span<std::byte> front = std::span(frame.front).first(plan.copied);
  copy_from_buffers(packet, 0, front);
  bool is_ecn = false;
  if (plan.header != 0) {
    is_ecn = offload.is_tcp && can_ecn && offset == 0 &&
             (std::to_integer<unsigned>(front[offload.start + kTcpFlags]) & kTcpCwr) != 0;
    edit_headers(plan, offload, offset, length, front);
  }
  const FrameView view(front, packet, frame.rest, frame.length);
  if (offload.ip_checksum) {
    insert_checksum(view, front, offload.ip_start, offload.ip_last, offload.ip_field, false);
  }
  const std::size_t shift = offload.has_tag ? E1000Frame::kTag : 0;
  if (plan.is_partial) {
    frame.header.flags = NetFrameHeader::kNeedsChecksum;
    frame.header.csum_start = static_cast<std::uint16_t>(offload.start + shift);
    frame.header.csum_offset = static_cast<std::uint16_t>(offload.field - offload.start);
  } else if (offload.checksum) {
    insert_checksum(view, front, offload.start, offload.last, offload.field, !offload.is_tcp);
  }
  if (plan.is_gso && length > offload.mss) {
    const std::uint8_t kind = offload.is_ipv4 ? NetFrameHeader::kGsoTcp4 : NetFrameHeader::kGsoTcp6;
    frame.header.gso_type =
        static_cast<std::uint8_t>(kind | (is_ecn ? NetFrameHeader::kGsoEcn : 0));
    frame.header.gso_size = offload.mss;
    frame.header.hdr_len = static_cast<std::uint16_t>(plan.header + shift);
  }
  if (offload.has_tag) insert_tag(offload, frame);
  return plan.header != 0 ? offset + std::max<std::size_t>(length, 1) : plan.payload;
}

}  // namespace skiff
