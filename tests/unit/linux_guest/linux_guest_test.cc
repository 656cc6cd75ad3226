// The readers of a Linux guest's memory, on memory made for them: each layout, and what a hostile
// guest could put in its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>

#include "tests/unit/linux_guest/linux_memory.h"
#include "vmm/linux_guest/kallsyms.h"
#include "vmm/linux_guest/linux_view.h"
#include "vmm/linux_guest/printk_ring.h"
#include "vmm/linux_guest/vmcoreinfo.h"

namespace skiff {
namespace {

using test::LinuxMemory;
using test::PrintkRing;
using test::SymbolOrder;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kBase = LinuxMemory::kBase;

struct Layout {
  SymbolOrder order;
  bool absolute_percpu;
};
class KallsymsLayout : public testing::TestWithParam<Layout> {};

TEST_P(KallsymsLayout, NamesAndAddressesAreFound) {
  LinuxMemory memory;
  auto symbols = test::filler_symbols(1000);
  symbols.push_back({kBase + 0x8000, "start_kernel"});
  symbols.push_back({kBase + 0x8000, "alias"});
  symbols.push_back({kBase + 0x9000, std::string(200, 'x')});
  if (GetParam().absolute_percpu) symbols.insert(symbols.begin(), {0x40, "per_cpu"});
  put_kallsyms(memory, symbols, GetParam().order, GetParam().absolute_percpu);
  const auto found = Kallsyms::find(memory.reader(), memory.image());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), symbols.size());
  EXPECT_EQ(found->name(kBase + 0x1000 + 999 * 16 + 3), "filler_999+0x3");
  EXPECT_EQ(found->name(kBase + 0x8012), "start_kernel+0x12");
  EXPECT_EQ(found->name(kBase + 0x9000), std::string(200, 'x') + "+0x0");
  EXPECT_FALSE(found->name(kBase + 0x9000 + (1 << 20) + 1));
  EXPECT_FALSE(found->name(0));
  const std::string_view names[] = {"start_kernel", "nobody", "filler_300"};
  EXPECT_THAT(found->addresses(names),
              ElementsAre(kBase + 0x8000, std::nullopt, kBase + 0x1000 + 300 * 16));
}

INSTANTIATE_TEST_SUITE_P(All, KallsymsLayout,
                         testing::Values(Layout{SymbolOrder::offsets_first, true},
                                         Layout{SymbolOrder::offsets_first, false},
                                         Layout{SymbolOrder::sequences_between, true},
                                         Layout{SymbolOrder::offsets_last, true},
                                         Layout{SymbolOrder::offsets_last, false}));

TEST(Kallsyms, AnythingElseIsNone) {
  LinuxMemory memory;
  EXPECT_FALSE(Kallsyms::find(memory.reader(), memory.image()));
  EXPECT_FALSE(Kallsyms::find(memory.reader(), {kBase, 0}));
  EXPECT_FALSE(Kallsyms::find(memory.reader(), {0, kBase}));
}

// Each table damaged in its own way: the find is refused, not believed.
TEST(Kallsyms, DamagedTablesAreRefused) {
  const auto symbols = test::filler_symbols(600);
  using Places = test::TokenPlaces;
  const auto damaged = [&symbols](const std::function<void(LinuxMemory&, Places)>& damage) {
    LinuxMemory memory;
    const Places places = put_kallsyms(memory, symbols, SymbolOrder::offsets_last, false);
    damage(memory, places);
    return Kallsyms::find(memory.reader(), memory.image()).has_value();
  };
  EXPECT_TRUE(damaged([](LinuxMemory&, Places) {}));
  // A token cut in two, an offset off by one, a marker that does not ascend.
  EXPECT_FALSE(damaged([](LinuxMemory& memory, Places at) { memory.put(at.table + 1, '\0'); }));
  EXPECT_FALSE(damaged(
      [](LinuxMemory& memory, Places at) { memory.put(at.index + 200, std::uint16_t{1}); }));
  EXPECT_FALSE(
      damaged([](LinuxMemory& memory, Places at) { memory.put(at.table - 8, std::uint32_t{3}); }));
  // The count, and a name's length.
  const std::uint64_t count = kBase + 0x20'0000;
  for (const std::uint32_t wrong : {0U, 599U, 601U, 0xffff'ffffU}) {
    EXPECT_FALSE(damaged([&](LinuxMemory& memory, Places) { memory.put(count, wrong); })) << wrong;
  }
  EXPECT_FALSE(
      damaged([&](LinuxMemory& memory, Places) { memory.put(count + 8, std::uint8_t{0x7f}); }));
}

std::vector<std::string> texts(const std::vector<PrintkLine>& lines) {
  std::vector<std::string> result;
  for (const PrintkLine& line : lines)
    result.push_back(line.text);
  return result;
}

std::vector<PrintkLine> read_ring(LinuxMemory& memory, std::size_t most = 100) {
  return read_printk_ring(memory.reader(), PrintkRing::kRing, PrintkLayout{}, most);
}

TEST(PrintkRingReader, LinesInOrder) {
  LinuxMemory memory;
  PrintkRing ring(memory);
  ring.add("Linux version 6.1");
  ring.add("two\nlines \x1b[31m\xff");
  const auto lines = read_ring(memory);
  EXPECT_THAT(texts(lines), ElementsAre("Linux version 6.1", "two", "lines ?[31m?"));
  EXPECT_EQ(lines[0].time_ns, 1'500'000'000U);
  EXPECT_EQ(lines[0].level, 6U);
  EXPECT_EQ(lines[2].sequence, 1U);
  EXPECT_THAT(texts(read_ring(memory, 1)), ElementsAre("lines ?[31m?"));
}

// Many more records than places, so that ids, descriptors and text all wrap, and ids pass their
// 62 bits.
TEST(PrintkRingReader, Wraps) {
  LinuxMemory memory;
  PrintkRing ring(memory, (1ULL << 62) - 40);
  std::vector<std::string> last;
  for (int at = 0; at < 200; ++at) {
    const std::string text(static_cast<std::size_t>(1 + at * 7 % 40),
                           static_cast<char>('a' + at % 26));
    ring.add(text);
    last.push_back(text);
  }
  last.erase(last.begin(), last.end() - 16);
  EXPECT_EQ(texts(read_ring(memory)), last);
}

TEST(PrintkRingReader, RecordsInTheMakingAreLeftOut) {
  LinuxMemory memory;
  PrintkRing ring(memory);
  ring.add("committed", 1);
  ring.add("reserved", 0);
  ring.add("reusable", 3);
  ring.add("finalized", 2);
  EXPECT_THAT(texts(read_ring(memory)), ElementsAre("committed", "finalized"));
}

TEST(PrintkRingReader, HostileRings) {
  for (std::uint64_t word = 0; word < 10; ++word) {
    for (const std::uint64_t value :
         std::initializer_list<std::uint64_t>{0, 63, ~0ULL, kBase, 1ULL << 61}) {
      LinuxMemory memory;
      PrintkRing ring(memory);
      ring.add("text");
      memory.put(PrintkRing::kRing + word * 8, value);
      EXPECT_LE(read_ring(memory, 1000).size(), 1000U);
    }
  }
  LinuxMemory memory;
  PrintkRing ring(memory);
  ring.add("text");
  memory.put(PrintkRing::kInfos + (100 % 16) * 88 + 16, std::uint16_t{0xffff});
  EXPECT_LE(read_ring(memory)[0].text.size(), 8U);
  EXPECT_THAT(read_printk_ring(memory.reader(), 0, {}, 10), IsEmpty());
}

TEST(VmcoreinfoText, Lines) {
  const Vmcoreinfo info(
      "OSRELEASE=6.1.0-1\nSYMBOL(prb)=ffffffff82c4b0a0\nOFFSET(printk_info.seq)=16\n"
      "SIZE(printk_info)=88\nKERNELOFFSET=20e00000\nSIZE(bad)=12x\n");
  EXPECT_EQ(info.release(), "6.1.0-1");
  EXPECT_EQ(info.symbol("prb"), 0xffff'ffff'82c4'b0a0U);
  EXPECT_EQ(info.size("printk_info"), 88U);
  EXPECT_EQ(info.kernel_offset(), 0x20e0'0000U);
  EXPECT_FALSE(info.size("bad"));
  EXPECT_FALSE(info.offset("nothing"));
  EXPECT_EQ(PrintkLayout::of(info).seq, 16U);
  EXPECT_TRUE(Vmcoreinfo("something else").empty());
}

TEST(LinuxViewOf, SymbolsLeadToTheRest) {
  LinuxMemory memory;
  auto symbols = test::filler_symbols(600);
  const std::uint64_t data = kBase + 0x10'0000;
  for (const auto& [at, name] : {std::pair(0x0, "linux_banner"),
                                 {0x200, "prb"},
                                 {0x208, "saved_command_line"},
                                 {0x210, "vmcoreinfo_data"}})
    symbols.push_back({data + static_cast<std::uint64_t>(at), name});
  put_kallsyms(memory, symbols, SymbolOrder::sequences_between, true);
  memory.text(data, "Linux version 6.1.0-9-test (builder)");
  memory.put(data + 0x200, PrintkRing::kRing);
  memory.put(data + 0x208, data + 0x1000);
  memory.text(data + 0x1000, "console=ttyS0 quiet\x07");
  PrintkRing(memory).add("hello");
  const LinuxView view = look_at_linux(memory.reader(), memory.image(), {}, 10);
  ASSERT_TRUE(view.found());
  EXPECT_EQ(view.release, "6.1.0-9-test");
  EXPECT_EQ(view.command_line, "console=ttyS0 quiet?");
  EXPECT_THAT(texts(view.messages), ElementsAre("hello"));
}

// Without kallsyms a file of symbols does, once it is known how far KASLR moved the kernel.
TEST(LinuxViewOf, AFileOfSymbolsIsMoved) {
  LinuxMemory memory;
  const std::uint64_t linked = 0xffff'ffff'8100'0000ULL;
  memory.text(kBase + 0x20'1000, "Linux version 6.1.0-9-test (builder)");
  memory.put(kBase + 0x20'2000, PrintkRing::kRing);
  PrintkRing(memory).add("hello");
  const FileSymbols file = [&](std::string_view name) -> std::optional<std::uint64_t> {
    if (name == "linux_banner") return linked + 0x20'1000;
    if (name == "prb") return linked + 0x20'2000;
    return std::nullopt;
  };
  const LinuxView view = look_at_linux(memory.reader(), memory.image(), file, 10);
  EXPECT_EQ(view.file_move, kBase - linked);
  EXPECT_EQ(view.release, "6.1.0-9-test");
  EXPECT_THAT(texts(view.messages), ElementsAre("hello"));
}

}  // namespace
}  // namespace skiff
