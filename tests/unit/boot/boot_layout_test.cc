#include "vmm/boot/boot_layout.h"

#include <array>

#include "tests/unit/boot/boot_images.h"
#include "vmm/base/bits.h"

namespace skiff {
namespace {

using test::error_of;
using ::testing::HasSubstr;

class BootLayoutTest : public ::testing::Test {
 protected:
  static constexpr std::array kRanges = {Range{0, 4 * MiB}, Range{16 * MiB, 4 * MiB}};
  static constexpr std::array kMap = {
      MemoryMapEntry{{0, 0x9'f000}, MemoryType::usable},
      MemoryMapEntry{{0xf'0000, 0x1'0000}, MemoryType::reserved},
      MemoryMapEntry{{MiB, 3 * MiB}, MemoryType::usable},
      MemoryMapEntry{{16 * MiB, 4 * MiB}, MemoryType::usable},
  };

  GuestMemory memory_{kRanges, {.huge_pages = HugePages::off}};
  std::vector<NamedRange> reserved_ = {{"ACPI tables", {0x20'0000, 0x1000}}};
  BootLayout layout_{memory_, kMap, reserved_};
};

TEST_F(BootLayoutTest, ClaimsOnlyUsableRamAndOnlyOnce) {
  EXPECT_EQ(layout_.claim("a", {MiB, 0x1000}).size(), 0x1000U);
  EXPECT_THAT(error_of<ConfigError>([&] { layout_.claim("b", {MiB + 0xfff, 1}); }),
              HasSubstr("b at 0x100fff-0x100fff overlaps a at 0x100000-0x100fff"));
  EXPECT_THAT(error_of<ConfigError>([&] { layout_.claim("c", {0x1f'ffff, 2}); }),
              HasSubstr("overlaps ACPI tables"));
  EXPECT_THAT(error_of<ConfigError>([&] { layout_.claim("d", {0xfff, 2}); }),
              HasSubstr("overlaps page 0"));
  EXPECT_EQ(layout_.taken().size(), 1U);
}

TEST_F(BootLayoutTest, RefusesWhatIsNotRam) {
  const std::array<Range, 7> bad = {{{0x9'efff, 2},            // runs into the hole
                                     {0xf'0000, 1},            // reserved by the map
                                     {4 * MiB - 1, 2},         // past the end of the first RAM
                                     {4 * MiB, 12 * MiB + 1},  // between the two
                                     {20 * MiB, 1},            // past the end
                                     {~0ULL, 2},               // wraps
                                     {MiB, ~0ULL}}};
  for (const Range& range : bad) {
    EXPECT_THAT(error_of<ConfigError>([&] { layout_.claim("x", range); }),
                HasSubstr("not (all) RAM"))
        << range.start;
  }
}

TEST_F(BootLayoutTest, AllocatesLowAroundWhatIsTaken) {
  EXPECT_EQ(layout_.allocate_low("a", 10, 16, ~0ULL), (Range{0x1000, 10}));
  EXPECT_EQ(layout_.allocate_low("b", 10, 16, ~0ULL), (Range{0x1010, 10}));
  EXPECT_EQ(layout_.allocate_low("c", 10, 0x1000, ~0ULL), (Range{0x2000, 10}));
  // Too large for low memory and for what lies in front of the ACPI tables.
  EXPECT_EQ(layout_.allocate_low("d", MiB + 1, 0x1000, ~0ULL).start, 0x20'1000U);
  EXPECT_EQ(layout_.allocate_low("e", 3 * MiB, 2 * MiB, ~0ULL).start, 16 * MiB);
  EXPECT_THAT(error_of<ConfigError>([&] { layout_.allocate_low("f", 3 * MiB, 1, ~0ULL); }),
              HasSubstr("no room for f (3 MiB)"));
  EXPECT_THAT(error_of<ConfigError>([&] { layout_.allocate_low("g", 0x1000, 1, 0xfff); }),
              HasSubstr("no room for g (4 KiB) below 0xfff"));
}

TEST_F(BootLayoutTest, AllocatesHighBelowTheLimit) {
  EXPECT_EQ(layout_.allocate_high("a", 10, 0x1000, ~0ULL).start, 20 * MiB - 0x1000);
  EXPECT_EQ(layout_.allocate_high("b", 0x1001, 0x1000, ~0ULL).start, 20 * MiB - 0x3000);
  EXPECT_EQ(layout_.allocate_high("c", 0x1000, 0x1000, 16 * MiB + 0xffe).start, 4 * MiB - 0x1000);
  EXPECT_EQ(layout_.allocate_high("d", 0x1000, 0x1000, 16 * MiB + 0xfff).start, 16 * MiB);
  // Just below the ACPI tables, since above them 2 MiB are not free.
  EXPECT_EQ(layout_.allocate_high("e", 2 * MiB - 0x2000, 0x1000, 4 * MiB - 1).start, 0x20'1000U);
  EXPECT_EQ(layout_.allocate_high("f", MiB, 0x1000, 4 * MiB - 1).start, MiB);
  for (const std::uint64_t size : {std::uint64_t{0}, 5 * MiB, ~std::uint64_t{0}}) {
    EXPECT_THAT(error_of<ConfigError>([&] { layout_.allocate_high("g", size, 0x1000, ~0ULL); }),
                HasSubstr("no room for g"));
  }
}

}  // namespace
}  // namespace skiff
