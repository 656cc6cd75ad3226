#include "virtio/net/control_request.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/virtio/net/net_fixture.h"

namespace skiff::net_test {
namespace {

auto parse(const std::string& bytes, std::uint64_t features = kAll) {
  return parse_control_request(std::as_bytes(std::span(bytes)), features);
}
std::string command(std::uint8_t command_class, std::uint8_t number, const std::string& data = {}) {
  return std::string{static_cast<char>(command_class), static_cast<char>(number)} + data;
}
std::string table(std::uint32_t entries, std::size_t present) {
  std::string bytes = bytes_of(entries);
  for (std::size_t i = 0; i < present; ++i)
    bytes += std::string("\x02\0\0\0\0", 5) + static_cast<char>(i);
  return bytes;
}

TEST(ControlRequest, ReceiveModes) {
  for (std::uint8_t mode = 0; mode <= kRxNoBcast; ++mode) {
    for (const bool on : {false, true}) {
      const auto request = parse(command(kClassRx, mode, {static_cast<char>(on)}));
      ASSERT_TRUE(request);
      EXPECT_EQ(std::get<SetReceiveMode>(*request).mode, mode);
      EXPECT_EQ(std::get<SetReceiveMode>(*request).on, on);
    }
  }
  EXPECT_TRUE(parse(command(0, kRxAllMulti, "\1"), kCtrlRx));
  EXPECT_FALSE(parse(command(0, kRxAllUni, "\1"), kCtrlRx)) << "CTRL_RX_EXTRA not negotiated";
  EXPECT_FALSE(parse(command(0, kRxPromisc, "\1"), kCtrlRxExtra));
}

TEST(ControlRequest, MacTables) {
  const auto request = parse(command(kClassMac, kMacTableSet, table(2, 2) + table(1, 1)));
  ASSERT_TRUE(request);
  const auto& tables = std::get<SetMacTables>(*request);
  EXPECT_EQ(tables.unicast.count, 2U);
  EXPECT_EQ(tables.multicast.count, 1U);
  EXPECT_TRUE(tables.unicast.has({{2, 0, 0, 0, 0, 1}}));
  EXPECT_FALSE(tables.multicast.has({{2, 0, 0, 0, 0, 1}}));
}

TEST(ControlRequest, ALongTableIsKeptAsAnOverflow) {
  const auto request = parse(command(kClassMac, kMacTableSet, table(65, 65) + table(64, 64)));
  ASSERT_TRUE(request);
  const auto& tables = std::get<SetMacTables>(*request);
  EXPECT_EQ(tables.unicast.count, MacTable::kCapacity);
  EXPECT_TRUE(tables.unicast.overflowed);
  EXPECT_TRUE(tables.unicast.has({{9, 9, 9, 9, 9, 9}}));
  EXPECT_FALSE(tables.multicast.overflowed);
}

TEST(ControlRequest, MacPairsAndOffloads) {
  EXPECT_EQ(std::get<SetMac>(*parse(command(1, 1, bytes_of(kMacAddress)))).mac, kMacAddress);
  EXPECT_EQ(std::get<SetPairs>(*parse(command(4, 0, bytes_of(std::uint16_t{8})))).pairs, 8);
  EXPECT_EQ(std::get<SetGuestOffloads>(*parse(command(5, 0, bytes_of(kGuestTso4)))).features,
            kGuestTso4);
}

TEST(ControlRequest, Refusals) {
  const std::string mac = bytes_of(kMacAddress);
  struct Row {
    const char* what;
    std::string bytes;
    std::uint64_t features = kAll;
  };
  const Row rows[] = {
      {"nothing", ""},
      {"a class alone", std::string("\0", 1)},
      {"mode without a value", command(0, 0)},
      {"mode with two values", command(0, 0, "\1\1")},
      {"mode neither on nor off", command(0, 0, "\2")},
      {"mode 6", command(0, 6, "\1")},
      {"mode not negotiated", command(0, 0, "\1"), 0},
      {"tables missing", command(1, 0)},
      {"tables cut inside a count", command(1, 0, std::string("\0\0\0", 3))},
      {"second table missing", command(1, 0, table(1, 1))},
      {"first table longer than the request", command(1, 0, table(3, 2))},
      {"second table longer than the request", command(1, 0, table(0, 0) + table(1, 0))},
      {"second table one address short", command(1, 0, table(0, 0) + table(2, 1))},
      {"table of 2^32-1", command(1, 0, table(0xffffffff, 4) + table(0, 0))},
      {"table whose size wraps 32 bits", command(1, 0, table(0x2aaaaaab, 1) + table(0, 0))},
      {"bytes behind the tables", command(1, 0, table(0, 0) + table(0, 0) + "x")},
      {"tables not negotiated", command(1, 0, table(0, 0) + table(0, 0)), kCtrlMacAddr},
      {"MAC of 5 bytes", command(1, 1, mac.substr(1))},
      {"MAC of 7 bytes", command(1, 1, mac + "x")},
      {"MAC of zeros", command(1, 1, std::string(6, '\0'))},
      {"broadcast MAC", command(1, 1, std::string(6, '\xff'))},
      {"MAC not negotiated", command(1, 1, mac), kCtrlRx},
      {"MAC command 2", command(1, 2, mac)},
      {"VLAN, which is not offered", command(2, 0, std::string("\0\1", 2))},
      {"announcement, which is not offered", command(3, 0)},
      {"no pairs", command(4, 0, std::string("\0\0", 2))},
      {"pairs above 0x8000", command(4, 0, bytes_of(std::uint16_t{0x8001}))},
      {"pairs of one byte", command(4, 0, "\1")},
      {"pairs of three bytes", command(4, 0, "\1\1\1")},
      {"pairs not negotiated", command(4, 0, bytes_of(std::uint16_t{1})), ~kMq},
      {"RSS", command(4, 1, std::string(40, '\1'))},
      {"offloads of 4 bytes", command(5, 0, bytes_of(std::uint32_t{0}))},
      {"offloads that are no offloads", command(5, 0, bytes_of(kMrgRxbuf))},
      {"offloads beyond the negotiated", command(5, 0, bytes_of(kGuestTso4 | kGuestUfo)),
       kCtrlGuestOffloads | kGuestTso4},
      {"offloads not negotiated", command(5, 0, bytes_of(kGuestTso4)), kGuestTso4},
      {"offloads command 1", command(5, 1, bytes_of(kGuestTso4))},
      {"class 255", command(255, 255, std::string(100, '\xff'))},
  };
  for (const Row& row : rows) {
    const auto request = parse(row.bytes, row.features);
    EXPECT_FALSE(request) << row.what;
    EXPECT_TRUE(request || !request.error().empty()) << row.what;
  }
}

}  // namespace
}  // namespace skiff::net_test
