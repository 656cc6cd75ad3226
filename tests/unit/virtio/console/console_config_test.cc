#include "tests/unit/virtio/console/console_fixture.h"
#include "virtio/core/virtio_ids.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

using namespace virtio_console;

class ConsoleConfigTest : public ConsoleFixture {};

TEST_F(ConsoleConfigTest, OneConsoleWithoutANameIsThePlainDevice) {
  create();
  EXPECT_EQ(console->device_id(), virtio::kConsole);
  EXPECT_EQ(console->features(), kFeatureSize | kFeatureEmergWrite);
  EXPECT_EQ(console->queue_sizes().size(), 2U);
}

TEST_F(ConsoleConfigTest, ANameAPlainPortOrASecondPortMakeItMultiport) {
  create({{.name = "org.skiff.agent"}});
  EXPECT_EQ(console->features(), kFeatureSize | kFeatureEmergWrite | kFeatureMultiport);
  EXPECT_EQ(console->queue_sizes().size(), 4U);
  EXPECT_EQ(config<std::uint32_t>(4), 1U);
  create({{.is_console = false}});
  EXPECT_EQ(console->queue_sizes().size(), 4U);
  create({{}, {}, {}});
  EXPECT_EQ(console->queue_sizes().size(), 8U);
  EXPECT_EQ(config<std::uint32_t>(4), 3U);
}

TEST_F(ConsoleConfigTest, BadPortsAreAConfigurationError) {
  EXPECT_THROW(create({}), ConfigError);
  EXPECT_THROW(create(std::vector<PortWish>(ConsoleDevice::kMaxPorts + 1)), ConfigError);
  EXPECT_THROW(create({{.name = std::string(ConsoleDevice::kMaxNameSize + 1, 'n')}}), ConfigError);
  EXPECT_NO_THROW(create(std::vector<PortWish>(ConsoleDevice::kMaxPorts)));
}

TEST_F(ConsoleConfigTest, EveryOffsetAndLengthOfTheConfigurationReads) {
  create({{}, {}});
  console->port(0).on_window_size(0x1122, 0x3344);
  const std::array<std::uint8_t, 12> expected = {0x22, 0x11, 0x44, 0x33, 2, 0, 0, 0, 0, 0, 0, 0};
  for (std::uint64_t offset = 0; offset < 24; ++offset) {
    for (std::size_t length = 1; length <= 8; ++length) {
      std::array<std::byte, 8> out;
      out.fill(std::byte{0xee});
      console->read_config(offset, std::span(out).first(length));
      for (std::size_t i = 0; i < length; ++i) {
        const std::uint64_t at = offset + i;
        EXPECT_EQ(out[i], std::byte{at < 12 ? expected[at] : std::uint8_t{0}}) << at;
      }
    }
  }
  EXPECT_EQ(config<std::uint32_t>(~0ULL - 1), 0U);
}

TEST_F(ConsoleConfigTest, EmergencyWriteGoesToPortZeroAtAnyTime) {
  create({{}, {}});
  const std::array<std::byte, 4> letter = {std::byte{'!'}, std::byte{'x'}, std::byte{'y'},
                                           std::byte{'z'}};
  console->write_config(8, letter);
  console->write_config(8, std::span(letter).first(1));
  console->write_config(8, std::span(letter).first(2));
  EXPECT_EQ(sinks[0].text(), "!!!");
  start();
  console->write_config(8, letter);
  EXPECT_EQ(sinks[0].text(), "!!!!");
  EXPECT_EQ(sinks[1].text(), "");
  // A sink without room loses it.
  sinks[0].set_room(0);
  console->write_config(8, letter);
  EXPECT_EQ(sinks[0].text(), "!!!!");
}

TEST_F(ConsoleConfigTest, OtherConfigurationWritesDoNothing) {
  create();
  const std::array<std::byte, 8> data = {std::byte{'a'}, std::byte{'b'}, std::byte{'c'},
                                         std::byte{'d'}, std::byte{'e'}, std::byte{'f'},
                                         std::byte{'g'}, std::byte{'h'}};
  for (const std::uint64_t offset : {0ULL, 9ULL, 10ULL, 11ULL, 12ULL, 4096ULL, ~0ULL}) {
    console->write_config(offset, data);
  }
  console->write_config(8, {});
  console->write_config(4, std::span(data).first(4));
  EXPECT_EQ(sinks[0].text(), "");
  // One that reaches the register from before it does write it.
  console->write_config(4, data);
  EXPECT_EQ(sinks[0].text(), "e");
  EXPECT_EQ(config<std::uint32_t>(0), 0U);
}

TEST_F(ConsoleConfigTest, ResizeInterruptsADriverWithoutMultiport) {
  create();
  console->port(0).on_window_size(80, 25);  // nobody is there
  clock.run();
  EXPECT_EQ(driver->interrupts.of_config(), 0);
  EXPECT_EQ(config<std::uint16_t>(0), 80);
  EXPECT_EQ(config<std::uint16_t>(2), 25);

  start();
  const int before = driver->interrupts.of_config();
  console->port(0).on_window_size(132, 43);
  clock.run();
  EXPECT_EQ(driver->interrupts.of_config(), before + 1);
  EXPECT_EQ(config<std::uint16_t>(0), 132);
  console->port(0).on_window_size(132, 43);  // the same
  clock.run();
  EXPECT_EQ(driver->interrupts.of_config(), before + 1);

  reset();
  console->port(0).on_window_size(10, 10);
  clock.run();
  EXPECT_EQ(driver->interrupts.of_config(), before + 1);
}

TEST_F(ConsoleConfigTest, TheFirstOutputGetsTheSizeOnce) {
  create();
  console->port(0).on_window_size(80, 25);
  start();
  const int before = driver->interrupts.of_config();
  driver->send(1, "first");
  clock.run();
  EXPECT_EQ(driver->interrupts.of_config(), before + 1);
  driver->send(1, "second");
  clock.run();
  EXPECT_EQ(driver->interrupts.of_config(), before + 1);
}

TEST_F(ConsoleConfigTest, NoSizeIsToldToADriverThatDidNotAskOrIsNotKnown) {
  create();
  start();
  driver->send(1, "x");
  clock.run();
  EXPECT_EQ(driver->interrupts.of_config(), 0);
  reset();
  driver->lay_rings();
  start(0);
  console->port(0).on_window_size(80, 25);
  driver->send(1, "x");
  clock.run();
  EXPECT_EQ(driver->interrupts.of_config(), 0);
}

}  // namespace
}  // namespace skiff
