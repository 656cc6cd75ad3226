// Devices of a configuration get their places: PCI slots in their order, virtio-mmio registers and
// interrupts as the board gives them, and what firmware and the command line say of them.
#include "vmm/board/virtio_devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <utility>
#include <vector>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_doorbells.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/fake_msi_sink.h"
#include "tests/fakes/fake_receive_room_listener.h"
#include "tests/fakes/fake_virtio_device.h"
#include "tests/unit/virtio/net/fake_net_backend.h"
#include "vmm/base/error.h"
#include "vmm/board/devices/e1000_device.h"
#include "vmm/board/devices/net_controls.h"

namespace skiff {
namespace {

using testing::IsEmpty;

constexpr std::uint64_t kMmioStart = 0xe010'0000;
constexpr std::uint32_t kFirstIrq = 10;

class FakePlaces final : public DevicePlaces {
 public:
  const GuestMemory& memory() override { return memory_; }
  DoorbellRegistry& doorbells() override { return doorbells_; }
  MsiSink& msi() override { return msi_; }
  PciBus& pci() override { return bus_; }
  IoBus& mmio() override { return mmio_; }
  IoBus& ports() override { return ports_; }
  IrqSink& fixed_irq(std::uint32_t) override { return irq_; }
  MmioPlace next_mmio_place() override {
    if (next_ == room) throw ConfigError("no room");
    const std::uint64_t index = next_++;
    return {.registers = {kMmioStart + index * step, 0x1000},
            .interrupt = {.number = kFirstIrq + static_cast<std::uint32_t>(index),
                          .trigger = IrqTrigger::level},
            .wire = &irq_};
  }
  void on_needs_reset(std::string_view device) noexcept override { broken = device; }
  PciFunction* slot(std::uint8_t number) { return bus_.function({0, number, 0}); }

  std::uint64_t room = 32;
  std::uint64_t step = 0x1000;
  std::string broken;

 private:
  static constexpr std::array<Range, 1> kRam{{{0, 1 << 20}}};
  GuestMemory memory_{kRam, {.huge_pages = HugePages::off}};
  IoBus ports_{"port", {0, 0x1'0000}};
  IoBus mmio_{"MMIO", {0, ~0ULL}};
  FakeIrqSink irq_;
  FakeMsiSink msi_;
  FakeDoorbells doorbells_;
  std::array<PciIntxRoute, 1> routes_{{{16, &irq_}}};
  PciBus bus_{ports_, mmio_, {{0x1000, 0xf000}, {0xc000'0000, 0x2000'0000}, {}}, routes_};
  std::uint64_t next_ = 0;
};

ConfiguredDevice device(std::uint32_t id, VirtioFace face = VirtioFace::pci) {
  return {
      .device = std::make_unique<FakeVirtioDevice>(std::vector<std::uint16_t>{16}, id),
      .virtio = {.face = face, .packed = false, .event_idx = true, .ioeventfd = true, .thread = {}},
      .terminal = nullptr,
      .controls = nullptr};
}

class FakeEmulated final : public EmulatedDevice {
 public:
  std::string_view name() const override { return "disk7"; }
  std::string_view kind() const override { return "disk"; }
  std::string_view face() const override { return "nvme"; }
  void place(DevicePlaces& places) override {
    function_ = std::make_unique<PciFunction>(
        name(), PciIdentity{.vendor = 0x1b36, .device = 0x0010, .class_code = 0x01'08'02});
    places.pci().add(*function_);
  }
  DeviceStats stats() const override { return {.name = "disk7", .kind = "nvme"}; }

 private:
  std::unique_ptr<PciFunction> function_;
};

template <typename... Devices>
std::vector<ConfiguredDevice> list(Devices... devices) {
  std::vector<ConfiguredDevice> out;
  (out.push_back(std::move(devices)), ...);
  return out;
}

TEST(VirtioDevices, TakeTheFreeSlotsInTheirOrder) {
  FakePlaces places;
  const VirtioDevices devices(list(device(2), device(2), device(4)), places);
  constexpr std::array<std::uint64_t, 3> kIds = {0x1042, 0x1042, 0x1044};
  std::uint8_t slot = 0;
  for (const std::uint64_t id : kIds) {
    ASSERT_NE(places.slot(slot), nullptr);
    EXPECT_EQ(places.slot(slot)->config_read(0, 2), 0x1af4U);
    EXPECT_EQ(places.slot(slot)->config_read(2, 2), id);
    ++slot;
  }
  EXPECT_THAT(devices.descriptions(), IsEmpty());
  EXPECT_EQ(devices.mmio_cmdline(), "");
  EXPECT_EQ(devices.terminal(), nullptr);
}

TEST(VirtioDevices, EmulatedOnesPlaceThemselvesInTheSameOrder) {
  FakePlaces places;
  VirtioDevices devices(
      list(device(2), ConfiguredDevice{.emulated = std::make_unique<FakeEmulated>()}, device(4)),
      places);
  EXPECT_EQ(places.slot(1)->config_read(0, 4), 0x0010'1b36U);
  EXPECT_EQ(places.slot(2)->config_read(2, 2), 0x1044U);
  const std::vector<DeviceInfo> infos = devices.infos();
  ASSERT_EQ(infos.size(), 3U);
  EXPECT_EQ(infos[1].name, "disk7");
  EXPECT_EQ(infos[1].kind, "disk");
  EXPECT_EQ(infos[1].face, "nvme");
  EXPECT_EQ(devices.stats().at(1).kind, "nvme");
  EXPECT_FALSE(devices.change("disk7", {.link = true}));
}

TEST(VirtioDevices, AnE1000TakesItsSlotAndObeysItsControls) {
  FakePlaces places;
  FakeClock clock;
  NetCapabilities capabilities;
  capabilities.description = "fake";
  auto card =
      std::make_unique<E1000Card>(E1000Options{.name = "net3", .mac = {{2, 0, 0, 0, 0, 1}}},
                                  std::make_unique<FakeNetBackend>(capabilities), clock, clock);
  auto controls = std::make_unique<NetControls<E1000Card>>(*card, NetLimits{}, "tap", "tap0");
  VirtioDevices devices(
      list(ConfiguredDevice{.emulated = std::move(card), .controls = std::move(controls)}), places);
  EXPECT_EQ(places.slot(0)->config_read(0, 4), 0x100e'8086U);
  const DeviceInfo before = devices.infos().at(0);
  EXPECT_EQ(before.name, "net3");
  EXPECT_EQ(before.kind, "net");
  EXPECT_EQ(before.face, "e1000");
  EXPECT_EQ(before.source, "tap0");
  EXPECT_EQ(before.link, true);
  const auto changed = devices.change(
      "net3", {.link = false, .transmit_packets = RateChange{.per_second = 5, .burst = {}}});
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(changed->link, false);
  EXPECT_FALSE(devices.change("net3", {.resize = true}));
  EXPECT_EQ(devices.stats().at(0).kind, "e1000");
}

TEST(VirtioDevices, LeaveTheirSlotsWhenTheyGo) {
  FakePlaces places;
  {
    const VirtioDevices devices(list(device(2)), places);
  }
  EXPECT_EQ(places.slot(0), nullptr);
}

TEST(VirtioDevices, AreDescribedToFirmwareAndCommandLineWhereTheyAre) {
  FakePlaces places;
  const VirtioDevices devices(
      list(device(2, VirtioFace::mmio), device(1), device(4, VirtioFace::mmio)), places);
  EXPECT_NE(places.slot(0), nullptr);
  EXPECT_EQ(places.slot(1), nullptr);
  const auto& described = devices.descriptions();
  ASSERT_EQ(described.size(), 2U);
  for (std::uint32_t i = 0; i < 2; ++i) {
    EXPECT_EQ(described[i].name, "VR0" + std::to_string(i));
    EXPECT_EQ(described[i].acpi_hid, "LNRO0005");
    EXPECT_EQ(described[i].fdt_compatible, "virtio,mmio");
    EXPECT_EQ(described[i].unit, i);
    ASSERT_EQ(described[i].ranges.size(), 1U);
    EXPECT_EQ(described[i].ranges[0].space, IoSpace::mmio);
    EXPECT_EQ(described[i].ranges[0].range.start, kMmioStart + 0x1000ULL * i);
    EXPECT_EQ(described[i].interrupt.value().number, kFirstIrq + i);
    EXPECT_EQ(described[i].interrupt.value().trigger, IrqTrigger::level);
  }
  EXPECT_EQ(devices.mmio_cmdline(),
            "virtio_mmio.device=4K@0xe0100000:10 virtio_mmio.device=4K@0xe0101000:11");
  IoBus::Reader reader(places.mmio());
  IoBus::Target target;
  std::uint64_t value = 0;
  EXPECT_EQ(places.mmio().read(reader, kMmioStart + 0x1008, 4, value, target), IoStatus::ok);
  EXPECT_EQ(value, 4U);  // DeviceID of the second
}

TEST(VirtioDevices, OneIsThePersonsTerminal) {
  struct Terminal final : CharacterDevice {
    std::size_t receive(std::span<const std::byte>) noexcept override { return 0; }
    void receive_break() noexcept override {}
    void set_room_listener(ReceiveRoomListener*) override {}
    void on_transmit_room() noexcept override {}
  } terminal;
  FakePlaces places;
  auto with = device(3);
  with.terminal = &terminal;
  const VirtioDevices devices(list(device(2), std::move(with), device(4)), places);
  EXPECT_EQ(devices.terminal(), &terminal);
}

// Whoever finds no room has taken nothing that stays behind.
TEST(VirtioDevices, AFullBoardIsAnErrorThatNamesTheDevice) {
  FakePlaces places;
  places.room = 1;
  EXPECT_THROW(
      VirtioDevices(list(device(2, VirtioFace::mmio), device(2, VirtioFace::mmio)), places),
      ConfigError);
  FakePlaces overlapping;
  overlapping.step = 0x800;
  try {
    const VirtioDevices devices(list(device(2, VirtioFace::mmio), device(2, VirtioFace::mmio)),
                                overlapping);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("fake0: "));
  }
}

TEST(VirtioDevices, ThirtyTwoSlotsAreAllThereAre) {
  FakePlaces places;
  std::vector<ConfiguredDevice> many;
  for (int i = 0; i < 33; ++i)
    many.push_back(device(2));
  EXPECT_THROW(VirtioDevices(std::move(many), places), ConfigError);
}

TEST(VirtioDevices, AreListedAndChangedByName) {
  class Controls final : public DeviceControls {
   public:
    void describe(DeviceInfo& info) const override { info.link = link; }
    ControlResult<> change(const DeviceChange& change) override {
      link = change.link.value_or(link);
      return {};
    }
    bool link = true;
  };
  FakePlaces places;
  auto card = device(1);
  card.controls = std::make_unique<Controls>();
  VirtioDevices devices(list(std::move(card)), places);
  ASSERT_EQ(devices.infos().size(), 1U);
  EXPECT_EQ(devices.infos()[0].name, "fake0");
  EXPECT_EQ(devices.infos()[0].kind, "virtio-net");
  EXPECT_EQ(devices.infos()[0].face, "virtio");
  EXPECT_EQ(devices.infos()[0].link, true);
  const auto changed = devices.change("fake0", {.link = false});
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(changed->link, false);
  const auto missing = devices.change("disk9\n", {.link = false});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().kind, ControlError::Kind::not_found);
  EXPECT_EQ(missing.error().field, "name");
  EXPECT_EQ(missing.error().message.find('\n'), std::string::npos);
  EXPECT_EQ(devices.stats().at(0).queues.size(), 1U);
}

TEST(VirtioDevices, WithoutControlsNothingChanges) {
  FakePlaces places;
  VirtioDevices devices(list(device(3, VirtioFace::mmio)), places);
  EXPECT_EQ(devices.infos()[0].face, "virtio-mmio");
  const auto changed = devices.change("fake0", {.resize = true});
  ASSERT_FALSE(changed.has_value());
  EXPECT_EQ(changed.error().kind, ControlError::Kind::unsupported);
  EXPECT_EQ(changed.error().field, "resize");
}

}  // namespace
}  // namespace skiff
