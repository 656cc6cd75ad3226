// The frames of bench-net and its partner (docs/guest.md, "The partner of bench-net"). Pure; a
// frame is whatever a guest has sent.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace skiff::bench {

enum class NetKind : std::uint32_t { nobody = 1, flood = 2, flooding = 3, stop = 4, ping = 5 };

using FrameAddress = std::array<std::byte, 6>;

struct NetRequest {
  NetKind kind = NetKind::nobody;
  std::uint32_t second = 0;  // of a flood: the bytes of a frame
  FrameAddress sender{};
};

// The name 65536 stands for a TCP frame of this size: 54 bytes of headers, 44 segments of 1460.
inline constexpr std::size_t kLargeFrame = 54 + 44 * 1460;
inline constexpr std::size_t kSmallFrame = 1514;
inline constexpr std::size_t kLeastFrame = 22;

// Nothing where the frame is not one of bench-net's.
std::optional<NetRequest> parse_net_request(std::span<const std::byte> frame);
// Of a flood, without the virtio header. Nothing where `size` is no size of a cell.
std::optional<std::vector<std::byte>> flood_frame(const FrameAddress& to, std::uint32_t size);
// A ping becomes its answer.
void exchange_addresses(std::span<std::byte> frame);
bool is_large(std::size_t size);

}  // namespace skiff::bench
