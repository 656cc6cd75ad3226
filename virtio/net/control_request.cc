#include "virtio/net/control_request.h"

#include <cstring>
#include <optional>

#include "virtio/net/net_regs.h"
#include "vmm/base/bytes.h"

namespace skiff {

using namespace virtio_net;

namespace {

using Parsed = std::expected<ControlRequest, std::string_view>;
using Refusal = std::unexpected<std::string_view>;

// The front of what is left, taken away; nothing, and nothing taken, where it is too short.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t remaining() const { return bytes_.size(); }
  template <typename T>
  std::optional<T> take() {
    const auto value = load_le<T>(bytes_, 0);
    if (value) bytes_ = bytes_.subspan(sizeof(T));
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
};

Parsed parse_receive_mode(std::uint8_t command, Reader reader, std::uint64_t features) {
  if (command > kRxNoBcast) return Refusal("an unknown receive mode");
  const std::uint64_t needed = command <= kRxAllMulti ? kCtrlRx : kCtrlRxExtra;
  if ((features & needed) == 0) return Refusal("a receive mode that was not negotiated");
  const auto on = reader.take<std::uint8_t>();
  if (!on || reader.remaining() != 0) return Refusal("a receive mode of the wrong length");
  if (*on > 1) return Refusal("a receive mode that is neither on nor off");
  return SetReceiveMode{command, *on == 1};
}

bool parse_table(Reader& reader, MacTable& table) {
  const auto entries = reader.take<std::uint32_t>();
  if (!entries || *entries > reader.remaining() / sizeof(MacAddress)) return false;
  for (std::uint32_t i = 0; i < *entries; ++i)
    table.add(reader.take<MacAddress>().value_or(MacAddress{}));
  return true;
}

Parsed parse_mac_tables(Reader reader, std::uint64_t features) {
  if ((features & kCtrlRx) == 0) return Refusal("MAC tables, which were not negotiated");
  SetMacTables request;
  if (!parse_table(reader, request.unicast) || !parse_table(reader, request.multicast)) {
    return Refusal("a MAC table longer than its request");
  }
  if (reader.remaining() != 0) return Refusal("MAC tables of the wrong length");
  return request;
}

Parsed parse_mac(Reader reader, std::uint64_t features) {
  if ((features & kCtrlMacAddr) == 0) return Refusal("a MAC address, which was not negotiated");
  const auto mac = reader.take<MacAddress>();
  if (!mac || reader.remaining() != 0) return Refusal("a MAC address of the wrong length");
  if (!mac->is_unicast()) return Refusal("a MAC address that is zero or a group's");
  return SetMac{*mac};
}

Parsed parse_pairs(Reader reader, std::uint64_t features) {
  if ((features & kMq) == 0) return Refusal("queue pairs, which were not negotiated");
  const auto pairs = reader.take<std::uint16_t>();
  if (!pairs || reader.remaining() != 0)
    return Refusal("a number of queue pairs of the wrong length");
  if (*pairs == 0 || *pairs > kMostPairs) return Refusal("a number of queue pairs out of range");
  return SetPairs{*pairs};
}

Parsed parse_guest_offloads(Reader reader, std::uint64_t features) {
  if ((features & kCtrlGuestOffloads) == 0) return Refusal("offloads, which were not negotiated");
  const auto offloads = reader.take<std::uint64_t>();
  if (!offloads || reader.remaining() != 0) return Refusal("offloads of the wrong length");
  if ((*offloads & ~(features & kGuestOffloads)) != 0) {
    return Refusal("offloads beyond those negotiated");
  }
  return SetGuestOffloads{*offloads};
}

}  // namespace

std::expected<ControlRequest, std::string_view> parse_control_request(
    std::span<const std::byte> bytes, std::uint64_t features) {
  Reader reader(bytes);
  const auto command_class = reader.take<std::uint8_t>();
  const auto command = reader.take<std::uint8_t>();
  if (!command_class || !command) return Refusal("a request shorter than its header");
  if (*command_class == kClassRx) return parse_receive_mode(*command, reader, features);
  if (*command_class == kClassMac && *command == kMacTableSet)
    return parse_mac_tables(reader, features);
  if (*command_class == kClassMac && *command == kMacAddrSet) return parse_mac(reader, features);
  if (*command_class == kClassMq && *command == kMqPairsSet) return parse_pairs(reader, features);
  if (*command_class == kClassGuestOffloads && *command == kGuestOffloadsSet)
    return parse_guest_offloads(reader, features);
  return Refusal("an unknown command");
}

}  // namespace skiff
