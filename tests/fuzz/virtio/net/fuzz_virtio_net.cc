// A network device under a guest that does anything: what stands in its rings and its memory, when
// it notifies, what arrives on the wire, when it is reset. Checked: a frame that reaches the wire
// has a header that lies inside it, and no broken ring is served on.
//
// The input is a program of one-byte instructions, each followed by its arguments.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_virtio_interrupts.h"
#include "tests/fuzz/fuzz_input.h"
#include "virtio/net/net_device.h"
#include "virtio/net/net_regs.h"
#include "virtio/ring/virtqueue.h"
#include "vmm/base/bytes.h"
#include "vmm/base/event_fd.h"
#include "vmm/base/log.h"
#include "vmm/net/frame_buffers.h"

namespace skiff {
namespace {

constexpr std::uint64_t kMemory = 0x40000;
constexpr std::uint64_t kQueueSpace = 0x1000;  // of one queue's rings, at the front of memory
constexpr std::uint16_t kPairs = 2;
constexpr std::size_t kQueues = 2 * kPairs + 1;
constexpr std::uint16_t kQueueSize = 16;

class Wire final : public NetBackend {
 public:
  Wire() {
    const NetOffloads all{
        .checksum = true, .tso4 = true, .tso6 = true, .ecn = true, .ufo = true, .uso = true};
    capabilities_.description = "fuzz";
    capabilities_.pairs = kPairs;
    capabilities_.mtu = 1500;
    capabilities_.send = all;
    capabilities_.receive = all;
  }
  const NetCapabilities& capabilities() const override { return capabilities_; }
  void start(Executor& /*executor*/, std::uint16_t /*pairs*/, Events events) override {
    events_ = std::move(events);
    started_ = true;
    wanted_ = {};
  }
  void stop() override { started_ = false; }
  void set_pairs(std::uint16_t pairs) override { require(pairs != 0 && pairs <= kPairs); }
  void set_receive_offloads(const NetOffloads& /*offloads*/) override {}
  SendResult send(std::uint16_t pair, std::span<const iovec> frame) override {
    require(started_ && pair < kPairs && frame.size() <= kMaxBuffers);
    if (full) return SendResult::full;
    const std::size_t total = buffers_size(frame);
    require(total >= sizeof(NetFrameHeader) + 14);
    NetFrameHeader header;
    copy_from_buffers(frame, 0, std::as_writable_bytes(std::span(&header, 1)));
    const std::size_t size = total - sizeof header;
    require(size <= kMaxFrameSize);
    if ((header.flags & NetFrameHeader::kNeedsChecksum) != 0)
      require(std::size_t{header.csum_start} + header.csum_offset + 2 <= size);
    require(header.hdr_len <= size);
    require(header.gso_type == NetFrameHeader::kGsoNone || header.gso_size != 0);
    // Every byte of it can be read.
    unsigned sum = 0;
    visit_buffers(frame, 0, total, [&sum](const std::byte* data, std::size_t part) {
      for (std::size_t i = 0; i < part; ++i)
        sum += static_cast<unsigned>(data[i]);
    });
    sink_ = sum;
    return SendResult::sent;
  }
  void flush(std::uint16_t /*pair*/) override {}
  ReceiveResult receive(std::uint16_t pair, std::span<const iovec> room) override {
    require(started_ && pair < kPairs && room.size() <= kMaxBuffers);
    if (closed) return {.kind = ReceiveResult::Kind::closed};
    if (frames == 0) return {};
    --frames;
    require(buffers_size(room) >= frame_.size());
    return {.kind = ReceiveResult::Kind::frame, .size = copy_to_buffers(room, 0, frame_)};
  }
  void want_receive(std::uint16_t pair, bool wanted) override { wanted_[pair] = wanted; }

  void arrive(std::size_t size, std::span<const std::byte> start) {
    frame_.assign(sizeof(NetFrameHeader) + std::min(size, kMaxFrameSize), std::byte{0x5a});
    std::ranges::copy(start.first(std::min(start.size(), frame_.size())), frame_.begin());
    frames = 1 + size % 3;
    tell();
  }
  void tell() {
    for (std::uint16_t pair = 0; pair < kPairs; ++pair) {
      if (started_ && wanted_[pair]) events_.on_receivable(pair);
      if (started_ && !full) events_.on_sendable(pair);
    }
  }

  bool full = false;
  bool closed = false;
  std::size_t frames = 0;

 private:
  NetCapabilities capabilities_;
  Events events_;
  bool started_ = false;
  std::array<bool, kPairs> wanted_{};
  std::vector<std::byte> frame_;
  volatile unsigned sink_ = 0;
};

class Guest {
 public:
  explicit Guest(FuzzInput& input)
      : memory_(std::array{Range{0, kMemory}}, {.huge_pages = HugePages::off}) {
    auto wire = std::make_unique<Wire>();
    wire_ = wire.get();
    const std::uint8_t choice = input.take<std::uint8_t>();
    const RateLimit limit{.per_second = (choice & 1) != 0 ? 1000U : 0U, .burst = 1000};
    device_ = create_net_device({.name = "net0",
                                 .mac = {{2, 0, 0, 0, 0, 1}},
                                 .pairs = kPairs,
                                 .queue_size = kQueueSize,
                                 .limits = {.transmit_bytes = limit, .receive_packets = limit}},
                                std::move(wire), clock_, clock_);
    device_->attach(&interrupts_);
    packed_ = (choice & 2) != 0;
    event_idx_ = (choice & 4) != 0;
    features_ = device_->features() & ~input.take<std::uint64_t>();
    activate();
  }
  ~Guest() {
    device_->attach(nullptr);
    device_.reset();
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  void step(FuzzInput& input) {
    const std::uint8_t instruction = input.take<std::uint8_t>();
    const std::size_t queue = (instruction >> 4U) % kQueues;
    switch (instruction % 16) {
      case 0:
      case 1:
        return kick(queue);
      case 2:
      case 3:
      case 4:
        return offer(queue, input);
      case 5: {  // anything anywhere
        const std::uint64_t at = input.take<std::uint32_t>() % kMemory;
        const auto bytes = input.bytes(32);
        memory_.write(GuestAddress(at), bytes);
        return;
      }
      case 6:
        return wire_->arrive(input.take<std::uint16_t>(), input.bytes(20));
      case 7:
        return wire_->arrive(60, input.bytes(20));
      case 8:
        wire_->full = !wire_->full;
        return wire_->tell();
      case 9:
        clock_.advance(std::chrono::milliseconds(input.take<std::uint8_t>()));
        return;
      case 10:
        return device_->set_link((instruction & 16) != 0);
      case 11:
        return read_config(input);
      case 12: {  // reset, and a new life with the rings as they are now, or cleared
        device_->reset([] {});
        clock_.run(4);
        features_ = device_->features() & ~input.take<std::uint64_t>();
        if ((instruction & 16) != 0)
          memory_.fill(GuestAddress(0), kQueueSpace * kQueues, std::byte{0});
        next_ = {};
        return activate();
      }
      case 13:
        wire_->closed = (instruction & 0xf0) == 0xf0;
        return wire_->tell();
      default:
        clock_.run(4);
        return;
    }
  }
  void finish() {
    clock_.run(50);
    device_->reset([] {});
    clock_.run(4);
  }

 private:
  QueueConfig config(std::size_t queue) const {
    const std::uint64_t base = queue * kQueueSpace;
    return {.size = kQueueSize,
            .descriptor_area = GuestAddress(base),
            .driver_area = GuestAddress(base + 0x400),
            .device_area = GuestAddress(base + 0x800),
            .packed = packed_,
            .indirect = true,
            .event_idx = event_idx_};
  }
  void activate() {
    Activation activation{.features = features_, .queues = {}};
    for (std::size_t i = 0; i < kQueues; ++i) {
      auto ring = Virtqueue::create(config(i), memory_);
      require(ring.has_value());
      activation.queues.push_back({static_cast<std::uint16_t>(i), std::move(*ring), &kicks_[i]});
    }
    device_->activate(std::move(activation));
    clock_.run(4);
  }
  void kick(std::size_t queue) {
    kicks_[queue].signal();
    clock_.run(4);
  }
  // A split chain of up to four plausible descriptors, so that the way behind the ring is reached.
  void offer(std::size_t queue, FuzzInput& input) {
    const QueueConfig ring = config(queue);
    const std::uint8_t shape = input.take<std::uint8_t>();
    const unsigned count = 1 + (shape & 3U);
    const auto head = static_cast<std::uint16_t>(next_[queue] * 4 % kQueueSize);
    for (unsigned i = 0; i < count; ++i) {
      const std::uint64_t address = 0x8000 + input.take<std::uint16_t>() * 2ULL;
      const std::uint32_t length = input.take<std::uint16_t>();
      const bool writable = i >= ((shape >> 2U) & 7U);
      const auto flags =
          static_cast<std::uint16_t>((i + 1 < count ? 1U : 0U) | (writable ? 2U : 0U));
      const std::uint64_t at = ring.descriptor_area.value + (head + i) % kQueueSize * 16ULL;
      memory_.store(GuestAddress(at), address);
      memory_.store(GuestAddress(at + 8), length);
      memory_.store(GuestAddress(at + 12), flags);
      memory_.store(GuestAddress(at + 14), static_cast<std::uint16_t>((head + i + 1) % kQueueSize));
      if ((shape & 0x20) != 0) memory_.write(GuestAddress(address), input.bytes(24));
    }
    const std::uint64_t available = ring.driver_area.value;
    memory_.store(GuestAddress(available + 4 + next_[queue] % kQueueSize * 2ULL), head);
    ++next_[queue];
    memory_.store(GuestAddress(available + 2), next_[queue]);
    if ((shape & 0x40) != 0) kick(queue);
  }
  void read_config(FuzzInput& input) {
    std::array<std::byte, 8> out;
    const std::uint64_t offset = input.take<std::uint8_t>();
    device_->read_config(offset, std::span(out).first(1 + offset % 8));
    device_->write_config(offset, out);
  }

  FakeClock clock_;
  FakeVirtioInterrupts interrupts_;
  const GuestMemory memory_;
  std::array<EventFd, kQueues> kicks_;
  Wire* wire_ = nullptr;
  std::unique_ptr<NetDevice> device_;
  std::uint64_t features_ = 0;
  bool packed_ = false;
  bool event_idx_ = false;
  std::array<std::uint16_t, kQueues> next_{};
};

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool quiet = [] {
    skiff::log_setup(skiff::LogLevel::off, "");
    return true;
  }();
  if (!quiet) return 0;
  skiff::FuzzInput input(std::as_bytes(std::span(data, size)));
  skiff::Guest guest(input);
  for (int steps = 0; steps < 400 && !input.empty(); ++steps)
    guest.step(input);
  guest.finish();
  return 0;
}
