#include "vmm/machine/exit_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/unit/reports/named_device.h"

namespace skiff {
namespace {

using Recent = ExitLedger::Recent;

Recent access(const IoDevice* device, std::uint64_t offset, bool is_write, std::uint64_t value,
              ExitReason reason = ExitReason::port_io) {
  return {.key = {.reason = reason, .is_write = is_write, .device = device, .offset = offset},
          .value = value,
          .width = 1,
          .count = 1};
}

TEST(ExitHistory, NothingIsSaid) {
  EXPECT_EQ(format_exit_history({}), "  (none)\n");
}

TEST(ExitHistory, EqualExitsBecomeOneLine) {
  const NamedDevice serial("serial0");
  const std::vector<Recent> recent(37, access(&serial, 5, false, 0x60));
  EXPECT_EQ(format_exit_history(recent), "  port I/O read  1 byte   serial0.LSR -> 0x60 ×37\n");
}

TEST(ExitHistory, OldestFirstAndOneLinePerRegister) {
  const NamedDevice serial("serial0");
  const std::vector<Recent> recent = {
      access(&serial, 0, true, 'H'),
      access(&serial, 0, true, 'i'),
      access(&serial, 0, true, 'i'),
      access(&serial, 3, false, 1),
      access(nullptr, 0xfee1000, true, 2, ExitReason::mmio),
      access(nullptr, 0x80, true, 3),
  };
  EXPECT_EQ(format_exit_history(recent),
            "  port I/O write 1 byte   serial0.THR <- 0x48, 0x69 ×2\n"
            "  port I/O read  1 byte   serial0+0x3 -> 0x1\n"
            "  MMIO     write 1 byte   address 0xfee1000 (nobody) <- 0x2\n"
            "  port I/O write 1 byte   port 0x80 (nobody) <- 0x3\n");
}

TEST(ExitHistory, LongSequencesKeepTheirEnd) {
  std::vector<Recent> recent;
  for (std::uint64_t value = 0; value < 20; ++value)
    recent.push_back(access(nullptr, 0xe9, true, value));
  EXPECT_EQ(format_exit_history(recent),
            "  port I/O write 1 byte   port 0xe9 (nobody) <- (12 more) "
            "0xc, 0xd, 0xe, 0xf, 0x10, 0x11, 0x12, 0x13\n");
}

TEST(ExitHistory, StringInstructionsSayHowMany) {
  Recent exit = access(nullptr, 0x1f0, false, 0x1234);
  exit.width = 2;
  exit.count = 256;
  EXPECT_EQ(format_exit_history(std::vector{exit}),
            "  port I/O read  2 bytes  port 0x1f0 (nobody) -> 0x1234 (last of 256 elements)\n");
}

}  // namespace
}  // namespace skiff
