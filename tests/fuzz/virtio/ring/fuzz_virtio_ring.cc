// A driver that writes anything anywhere into a ring and its descriptors, while a device pops,
// completes, publishes and puts back. Checked at every step: what a chain says of itself is true
// and lies in RAM, a broken ring stays broken, and no more is in flight than the queue holds.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/fuzz/fuzz_input.h"
#include "virtio/ring/virtqueue.h"
#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"
#include "vmm/base/log.h"

namespace skiff {
namespace {

constexpr std::uint64_t kRegion = 64 * KiB;
constexpr std::uint64_t kSecond = 2 * kRegion;  // the first region ends at a hole, the second at
constexpr std::uint64_t kThird = 3 * kRegion;   // the third
constexpr std::array<Range, 3> kRam = {Range{0, kRegion}, Range{kSecond, kRegion},
                                       Range{kThird, kRegion}};

class Input : public FuzzInput {
 public:
  using FuzzInput::FuzzInput;
  // Mostly near something: RAM, the borders of its regions, rarely anywhere.
  std::uint64_t address() {
    constexpr std::array<std::uint64_t, 7> kNear = {
        0, kRegion - 64, kSecond, kThird - 64, kThird + kRegion - 64, 0xffff'ffff'ffff'ffc0, 4096};
    const auto kind = take<std::uint8_t>();
    if (kind == 0xff) return take<std::uint64_t>();
    return kNear.at(kind % kNear.size()) + take<std::uint8_t>();
  }
};

GuestMemory& memory() {
  static GuestMemory ram(kRam, GuestMemoryOptions{HugePages::off, false});
  return ram;
}

bool in_ram(const iovec& buffer) {
  const auto* const start = static_cast<const std::byte*>(buffer.iov_base);
  for (const GuestMemory::Region& region : memory().regions()) {
    if (start < region.host || start >= region.host + region.range.size) continue;
    return buffer.iov_len <= static_cast<std::size_t>(region.host + region.range.size - start);
  }
  return false;
}

QueueConfig take_config(Input& input) {
  const auto bits = input.take<std::uint8_t>();
  QueueConfig config{.size = input.take<std::uint8_t>(),
                     .descriptor_area = GuestAddress(0x1000),
                     .driver_area = GuestAddress(0x2000),
                     .device_area = GuestAddress(0x3000),
                     .packed = (bits & 1) != 0,
                     .indirect = (bits & 2) != 0,
                     .event_idx = (bits & 4) != 0};
  if ((bits & 8) == 0) config.size = static_cast<std::uint16_t>(1U << (config.size % 5));
  if ((bits & 0xf0) == 0xf0) {
    config.size = input.take<std::uint16_t>();
    config.descriptor_area = GuestAddress(input.address());
    config.driver_area = GuestAddress(input.address());
    config.device_area = GuestAddress(input.address());
  }
  return config;
}

class Game {
 public:
  Game(const QueueConfig& config, Virtqueue queue) : config_(config), queue_(std::move(queue)) {}

  void step(Input& input) {
    switch (input.take<std::uint8_t>() % 12) {
      case 0:
      case 1:
      case 2:
        return write_descriptor(input, config_.descriptor_area.value, config_.size);
      case 3:  // a table: at most 4 entries that are written, of any length
        return write_descriptor(input, kTable, 4);
      case 4: {  // one more head
        const auto entry = input.take<std::uint16_t>();
        if (config_.packed) return;
        store(config_.driver_area.value + 4 + 2 * (idx_ % config_.size), entry);
        ++idx_;
        store(config_.driver_area.value + 2, idx_);
        return;
      }
      case 5:  // any word of the rings
        store(area(input) + input.take<std::uint8_t>() / 2 * 2, input.take<std::uint16_t>());
        return;
      case 6:
      case 7:
        return pop();
      case 8:
        return complete(input);
      case 9:
        (void)queue_.publish();
        return;
      case 10:
        return undo();
      default:
        if ((input.take<std::uint8_t>() & 1) != 0) {
          queue_.disable_notifications();
        } else if (!queue_.enable_notifications()) {
          require(queue_.fault().empty());
        }
    }
  }
  void check() const {
    require(queue_.in_flight() == in_flight_.size());
    require(queue_.in_flight() <= config_.size);
    require(queue_.size() == config_.size);
    if (broken_) require(!queue_.fault().empty() && queue_.has_available());
  }

 private:
  static constexpr std::uint64_t kTable = 0x4000;

  void store(std::uint64_t address, std::uint16_t value) {
    (void)memory().store(GuestAddress(address), value);
  }
  std::uint64_t area(Input& input) const {
    const std::array<GuestAddress, 3> areas = {config_.descriptor_area, config_.driver_area,
                                               config_.device_area};
    return areas.at(input.take<std::uint8_t>() % areas.size()).value;
  }
  void write_descriptor(Input& input, std::uint64_t table, std::uint16_t entries) {
    const std::uint16_t index = input.take<std::uint8_t>() % entries;
    const auto shape = input.take<std::uint8_t>();
    std::uint64_t addr = input.address();
    std::uint32_t len = input.take<std::uint8_t>();
    if ((shape & 1) != 0) len = input.take<std::uint32_t>();
    auto flags = static_cast<std::uint16_t>((shape >> 1) & 7);
    if ((flags & 4) != 0 && (shape & 0x10) != 0) {
      addr = kTable;
      len = len % 6 * 16;
    }
    std::uint16_t next = input.take<std::uint8_t>() % (entries + 1);
    if (config_.packed) {
      flags |= (shape & 0x20) != 0 ? 0x80 : 0x8000;  // available in one lap or the other
      std::swap(flags, next);
    }
    const std::uint64_t at = table + 16ULL * index;
    (void)memory().store(GuestAddress(at), addr);
    (void)memory().store(GuestAddress(at + 8), len);
    store(at + 12, flags);
    store(at + 14, next);
  }

  void pop() {
    DescriptorChain chain;
    const PopResult result = queue_.pop(chain);
    if (broken_) require(result == PopResult::broken);
    if (result != PopResult::chain) {
      broken_ = result == PopResult::broken;
      require(broken_ != queue_.fault().empty());
      require(chain.readable().empty() && chain.writable().empty());
      require(chain.readable_size() == 0 && chain.writable_size() == 0);
      return;
    }
    require(queue_.fault().empty());
    const std::size_t buffers = chain.readable().size() + chain.writable().size();
    require(buffers != 0 && buffers <= config_.size);
    require(sum(chain.readable()) == chain.readable_size());
    require(sum(chain.writable()) == chain.writable_size());
    if (!config_.packed) require(chain.id() < config_.size);
    use(chain);
    in_flight_.push_back(std::move(chain));
    ++undoable_;
  }
  static std::uint64_t sum(std::span<const iovec> buffers) {
    std::uint64_t bytes = 0;
    for (const iovec& buffer : buffers) {
      require(buffer.iov_len != 0 && in_ram(buffer));
      bytes += buffer.iov_len;
    }
    return bytes;
  }
  static void use(const DescriptorChain& chain) {
    std::array<std::byte, 24> bytes{};
    ChainReader reader(chain);
    const std::size_t readable = reader.remaining();
    require(reader.read(bytes) == (readable >= bytes.size()));
    require(reader.skip(reader.remaining()) && reader.remaining() == 0 && !reader.skip(1));
    std::vector<iovec> parts;
    ChainWriter writer(chain);
    require(!writer.take(writer.remaining() + 1, parts) && parts.empty());
    if (writer.skip(1)) {
      const std::size_t left = writer.remaining();
      require(writer.take(left, parts) && sum(parts) == left);
    }
  }

  void complete(Input& input) {
    if (in_flight_.empty()) return;
    const std::size_t which = input.take<std::uint8_t>() % in_flight_.size();
    const DescriptorChain& chain = in_flight_[which];
    queue_.complete(chain, chain.writable_size());
    // What was popped before it can no longer be the last that was popped and not completed.
    undoable_ = std::min(undoable_, in_flight_.size() - which - 1);
    in_flight_.erase(in_flight_.begin() + static_cast<std::ptrdiff_t>(which));
  }
  void undo() {
    if (undoable_ == 0) return;
    --undoable_;
    queue_.undo_pop(in_flight_.back());
    in_flight_.pop_back();
  }

  const QueueConfig config_;
  Virtqueue queue_;
  std::vector<DescriptorChain> in_flight_;
  std::size_t undoable_ = 0;  // chains at the end of in_flight_ that may go back
  std::uint16_t idx_ = 0;
  bool broken_ = false;
};

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  skiff::log_setup(skiff::LogLevel::off, "");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skiff;
  Input input(std::as_bytes(std::span(data, size)));
  const QueueConfig config = take_config(input);
  for (const GuestMemory::Region& region : memory().regions())
    std::memset(region.host, 0, region.range.size);
  auto queue = Virtqueue::create(config, memory());
  if (!queue) {
    require(!queue.error().empty());
    return 0;
  }
  Game game(config, std::move(*queue));
  while (!input.empty()) {
    game.step(input);
    game.check();
  }
  return 0;
}
