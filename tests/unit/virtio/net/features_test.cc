#include "tests/unit/virtio/net/net_fixture.h"
#include "virtio/core/virtio_ids.h"
#include "virtio/net/net_features.h"
#include "vmm/base/error.h"

namespace skiff::net_test {
namespace {

constexpr std::uint64_t kAlways =
    kMac | kStatus | kMrgRxbuf | kCtrlVq | kCtrlRx | kCtrlRxExtra | kCtrlMacAddr;

TEST(NetFeatures, OffersWhatTheBackEndCan) {
  NetCapabilities plain;
  EXPECT_EQ(offered_net_features(plain, 1, 0), kAlways);
  EXPECT_EQ(offered_net_features(plain, 1, 9000), kAlways | kMtu);
  EXPECT_EQ(offered_net_features(plain, 2, 0), kAlways | kMq);

  NetCapabilities checksums;
  checksums.send = {.checksum = true};
  checksums.receive = {.checksum = true};
  EXPECT_EQ(offered_net_features(checksums, 1, 0),
            kAlways | kCsum | kGuestCsum | kCtrlGuestOffloads);

  EXPECT_EQ(offered_net_features(FakeNetBackend::full_capabilities(), 1, 0),
            kAlways | kCsum | kHostTso4 | kHostTso6 | kHostEcn | kHostUfo | kHostUso |
                kCtrlGuestOffloads | kGuestOffloads);
}

TEST(NetFeatures, NoSegmentationWithoutChecksums) {
  NetCapabilities odd;
  odd.send = {.tso4 = true};
  odd.receive = {.tso4 = true};
  EXPECT_EQ(offered_net_features(odd, 1, 0), kAlways);
  EXPECT_EQ(transmit_offloads(kHostTso4), NetOffloads{});
  EXPECT_EQ(receive_offloads(kGuestTso4), NetOffloads{});
}

TEST(NetFeatures, NegotiatedOnesBecomeOffloads) {
  EXPECT_EQ(transmit_offloads(kCsum | kHostTso4 | kHostUso),
            (NetOffloads{.checksum = true, .tso4 = true, .uso = true}));
  EXPECT_EQ(receive_offloads(kGuestCsum | kGuestTso6 | kGuestEcn),
            (NetOffloads{.checksum = true, .tso6 = true, .ecn = true}));
  EXPECT_FALSE(receive_offloads(kGuestCsum | kGuestUso4).uso) << "both families or none";
  EXPECT_TRUE(receive_offloads(kGuestCsum | kGuestUso4 | kGuestUso6).uso);
}

TEST_F(NetTest, IsANetworkDeviceWithItsQueues) {
  make(kAll, {.name = "net7", .pairs = 3, .queue_size = 128});
  EXPECT_EQ(device->name(), "net7");
  EXPECT_EQ(device->device_id(), virtio::kNetwork);
  EXPECT_THAT(device->queue_sizes(), ::testing::ElementsAre(128, 128, 128, 128, 128, 128, 64));
}

TEST_F(NetTest, ConfigurationSpaceHasMacStatusPairsAndMtu) {
  make(kAll, {.mtu = 9000, .pairs = 2});
  EXPECT_EQ(config<MacAddress>(kConfigMac), kMacAddress);
  EXPECT_EQ(config<std::uint16_t>(kConfigStatus), kStatusLinkUp);
  EXPECT_EQ(config<std::uint16_t>(kConfigMaxVirtqueuePairs), 2);
  EXPECT_EQ(config<std::uint16_t>(kConfigMtu), 9000);
}

TEST_F(NetTest, MtuIsTheBackEndsUnlessConfigured) {
  make();
  EXPECT_EQ(config<std::uint16_t>(kConfigMtu), 1500);
}

TEST_F(NetTest, ConfigurationReadsOfEveryPlaceAndWidthAreBounded) {
  make();
  std::array<std::byte, kConfigSize> whole{};
  device->read_config(0, whole);
  for (std::uint64_t offset = 0; offset < 40; ++offset) {
    for (std::size_t width = 1; width <= 8; ++width) {
      std::array<std::byte, 8> out;
      out.fill(std::byte{0x55});
      device->read_config(offset, std::span(out).first(width));
      for (std::size_t i = 0; i < out.size(); ++i) {
        const std::byte inside = offset + i < whole.size() ? whole[offset + i] : std::byte{0};
        EXPECT_EQ(out[i], i < width ? inside : std::byte{0x55}) << offset << '+' << i;
      }
    }
  }
  std::uint64_t far = 1;
  device->read_config(kAll, std::as_writable_bytes(std::span(&far, 1)));
  EXPECT_EQ(far, 0U);
  device->write_config(0, std::as_bytes(std::span(&far, 1)));
  EXPECT_EQ(config<MacAddress>(kConfigMac), kMacAddress) << "read-only";
}

TEST_F(NetTest, BackEndGetsTheGuestsOffloads) {
  make(kGuestCsum | kGuestTso4);
  EXPECT_EQ(wire->offloads, (NetOffloads{.checksum = true, .tso4 = true}));
}

TEST_F(NetTest, OptionsThatMakeNoCardAreRefused) {
  const auto refused = [this](NetDeviceOptions options) -> std::string {
    try {
      create_net_device(options,
                        std::make_unique<FakeNetBackend>(FakeNetBackend::full_capabilities(2)),
                        clock, clock);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  using ::testing::HasSubstr;
  EXPECT_EQ(refused({.mac = kMacAddress}), "");
  EXPECT_THAT(refused({}), HasSubstr("zero"));
  EXPECT_THAT(refused({.mac = {{1, 0, 0, 0, 0, 1}}}), HasSubstr("group"));
  EXPECT_THAT(refused({.mac = kMacAddress, .mtu = 67}), HasSubstr("at least 68"));
  EXPECT_THAT(refused({.mac = kMacAddress, .pairs = 0}), HasSubstr("queues = 0"));
  EXPECT_THAT(refused({.mac = kMacAddress, .pairs = 3}), HasSubstr("fake has 2"));
  EXPECT_THAT(refused({.mac = kMacAddress, .queue_size = 100}), HasSubstr("power of two"));
  EXPECT_THAT(refused({.mac = kMacAddress, .queue_size = 0}), HasSubstr("power of two"));
}

}  // namespace
}  // namespace skiff::net_test
