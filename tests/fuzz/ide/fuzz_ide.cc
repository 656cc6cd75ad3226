// A guest that does anything to an IDE controller with two disks and a CD-ROM drive: registers of
// any width, strings, region tables anywhere in RAM, configuration space, resets, with the disks'
// answers at any time. Afterwards a reset brings every drive back, and what a disk was asked for
// lay inside it.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz_input.h"
#include "tests/unit/ide/ide_fixture.h"
#include "vmm/base/log.h"

namespace skiff::ide_test {
namespace {

constexpr std::size_t kFuzzSectors = 300;

class Input : public FuzzInput {
 public:
  using FuzzInput::FuzzInput;
  std::uint8_t width() { return static_cast<std::uint8_t>(1U << (byte() % 3)); }
};

void step(Pc& pc, Input& input) {
  const std::uint8_t what = input.byte();
  const bool second = (what & 0x80) != 0;
  const std::uint64_t base = second ? 0x170 : 0x1f0;
  const std::uint16_t bm = second ? kBm + 8 : kBm;
  switch (what & 0x0f) {
    case 0:
      pc.out(base + input.byte() % 8, input.take<std::uint32_t>(), input.width());
      return;
    case 1:
      pc.in(base + input.byte() % 8, input.width());
      return;
    case 2:
      pc.out(base + 0x206, input.byte());
      return;
    case 3:
      pc.out(bm + input.byte() % 8, input.take<std::uint32_t>(), input.width());
      return;
    case 4:
      pc.in(bm + input.byte() % 8, input.width());
      return;
    case 5:
      pc.ins(base, input.take<std::uint16_t>() % 4097 & ~3U, input.width());
      return;
    case 6:
      pc.outs(base, bytes_of_value(input.take<std::uint16_t>() % 4097 & ~3U, input.byte()),
              input.width());
      return;
    case 7: {  // a descriptor; mostly of RAM
      const std::uint64_t at = input.byte() * 8ULL;
      const auto address = input.take<std::uint32_t>();
      const auto size = input.take<std::uint16_t>();
      const std::uint32_t end = input.byte() % 4 == 0 ? ide::kPrdEnd : 0;
      pc.memory.store(
          GuestAddress(0x1000 + at),
          std::array<std::uint32_t, 2>{
              (what & 0x40) != 0 ? address : static_cast<std::uint32_t>(address % kRamSize),
              size | end});
      return;
    }
    case 8:  // a plausible command
      for (std::uint64_t offset = 1; offset < 8; ++offset)
        pc.out(base + offset, offset == ata::kDevice ? 0x40 | (input.byte() & 0x10) : input.byte());
      return;
    case 9:
      pc.out(bm + ide::kBmTable, 0x1000 + input.byte() * 8U, 4);
      pc.out(bm, what & 0x40 ? ide::kBmToMemory : 0);
      pc.out(bm, ide::kBmStart | (what & 0x40 ? ide::kBmToMemory : 0U));
      return;
    case 10:
      pc.controller->config_write(input.byte(), input.width(), input.take<std::uint32_t>());
      return;
    case 11:
      if (input.byte() == 0) pc.controller->reset();
      return;
    case 12:
      pc.disks[input.byte() % 3]->error = (what & 0x40) != 0 ? EIO : 0;
      return;
    case 13: {  // a packet, mostly of a known command
      constexpr std::array<std::uint8_t, 17> kOperations = {0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25,
                                                            0x28, 0x2b, 0x43, 0x46, 0x4a, 0x51,
                                                            0x5a, 0xa8, 0xbb, 0xbd, 0xbe};
      pc.out(base + ata::kFeatures, input.byte() % 4 == 0 ? 1 : 0);
      pc.out(base + ata::kLbaMid, input.byte());
      pc.out(base + ata::kLbaHigh, input.byte() % 16);
      pc.out(base + ata::kCommand, ata::kPacket);
      std::array<std::byte, 12> packet{};
      for (std::byte& each : packet)
        each = static_cast<std::byte>(input.byte() & ((what & 0x40) != 0 ? 0xff : 0x0f));
      if ((what & 0x20) != 0)
        packet[0] = static_cast<std::byte>(kOperations.at(input.byte() % kOperations.size()));
      pc.outs(base, packet);
      return;
    }
    default:
      pc.loop.run(1);
  }
}

void check(Pc& pc) {
  pc.loop.run();
  for (TestDisk* const disk : pc.disks) {
    disk->error = 0;
    for (const TestDisk::Asked& asked : disk->asked)
      require(fits(disk->bytes.size(), asked.offset, asked.length));
  }
  pc.controller->reset();
  pc.controller->config_write(pci::kCommand, 2, pci::kCommandIo | pci::kCommandBusMaster);
  for (const std::uint64_t base : {0x1f0ULL, 0x170ULL}) {
    const bool is_disk = base == 0x1f0;
    require(pc.in(base + ata::kStatus) == (is_disk ? kReady : 0));
    pc.out(base + ata::kDevice, 0xe0);
    pc.out(base + ata::kCommand, is_disk ? ata::kIdentifyDevice : ata::kIdentifyPacketDevice);
    require(pc.in(base + ata::kStatus) == (kReady | ata::kDrq));
    require(pc.ins(base, 512)[0] == std::byte(is_disk ? 0x40 : 0xc0));
    require(pc.in(base + ata::kStatus) == kReady);
  }
  require(!pc.irqs[0].level && !pc.irqs[1].level);
}

}  // namespace
}  // namespace skiff::ide_test

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  skiff::log_setup(skiff::LogLevel::off, "");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace test = skiff::ide_test;
  test::Input input(std::as_bytes(std::span(data, size)));
  test::Pc pc({test::kFuzzSectors, 64, 67}, {.name = "test", .can_discard = true}, 2);
  while (!input.empty())
    test::step(pc, input);
  test::check(pc);
  return 0;
}
