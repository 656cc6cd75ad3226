#include "vmm/control/escape_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace skiff {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Typist {
 public:
  explicit Typist(char escape) : filter(escape) {}

  // What the guest gets of it; actions are collected.
  std::string type(std::string_view keys) {
    std::vector<std::byte> to_guest;
    filter.feed(std::as_bytes(std::span(keys)), to_guest,
                [this](ConsoleAction action) { actions.push_back(action); });
    return {reinterpret_cast<const char*>(to_guest.data()), to_guest.size()};
  }

  EscapeFilter filter;
  std::vector<ConsoleAction> actions;
};

TEST(EscapeFilter, OrdinaryBytesPass) {
  Typist typist('\x01');
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    if (byte != 1) all += static_cast<char>(byte);
  }
  EXPECT_EQ(typist.type(all), all);
  EXPECT_THAT(typist.actions, IsEmpty());
}

TEST(EscapeFilter, EveryKeyActsAndIsNotTheGuests) {
  Typist typist('\x01');
  EXPECT_EQ(typist.type("a\x01xb\x01qc\x01pd\x01re\x01"
                        "bf\x01ng\x01hh\x01?i"),
            "abcdefghi");
  EXPECT_THAT(typist.actions,
              ElementsAre(ConsoleAction::quit, ConsoleAction::quit, ConsoleAction::power_button,
                          ConsoleAction::reset, ConsoleAction::send_break, ConsoleAction::nmi,
                          ConsoleAction::help, ConsoleAction::help));
}

TEST(EscapeFilter, SplitAcrossReads) {
  Typist typist('\x01');
  EXPECT_EQ(typist.type("a\x01"), "a");
  EXPECT_THAT(typist.actions, IsEmpty());
  EXPECT_EQ(typist.type(""), "");
  EXPECT_EQ(typist.type("xb"), "b");
  EXPECT_THAT(typist.actions, ElementsAre(ConsoleAction::quit));
}

TEST(EscapeFilter, TypedTwiceSendsOne) {
  Typist typist('\x01');
  EXPECT_EQ(typist.type("\x01\x01"), "\x01");
  // The second does not begin a new command.
  EXPECT_EQ(typist.type("x"), "x");
  EXPECT_EQ(typist.type("\x01"), "");
  EXPECT_EQ(typist.type("\x01\x01x"), "\x01");
  EXPECT_THAT(typist.actions, ElementsAre(ConsoleAction::quit));
}

TEST(EscapeFilter, AnUnknownKeyKeepsBothBytes) {
  Typist typist('\x01');
  EXPECT_EQ(typist.type("\x01z\x01X"), "\x01z\x01X");
  EXPECT_EQ(typist.type(std::string_view("\x01\0", 2)), std::string_view("\x01\0", 2));
  EXPECT_THAT(typist.actions, IsEmpty());
}

TEST(EscapeFilter, SwitchedOffNothingIsSpecial) {
  Typist typist('\0');
  const std::string_view keys("\x01x\0\0x\0h", 7);
  EXPECT_EQ(typist.type(keys), keys);
  EXPECT_THAT(typist.actions, IsEmpty());
}

TEST(EscapeFilter, ActionsComeInTheOrderTyped) {
  std::string order;
  EscapeFilter filter('\x02');
  std::vector<std::byte> to_guest;
  const std::string_view keys = "a\x02hb\x02pc";
  filter.feed(std::as_bytes(std::span(keys)), to_guest, [&](ConsoleAction action) {
    order += std::to_string(to_guest.size()) + (action == ConsoleAction::help ? "h" : "p");
  });
  EXPECT_EQ(order, "1h2p");
}

TEST(EscapeFilter, KeysHaveNames) {
  EXPECT_EQ(EscapeFilter('\x01').escape_name(), "Ctrl-A");
  EXPECT_EQ(EscapeFilter('\x1a').escape_name(), "Ctrl-Z");
  EXPECT_EQ(EscapeFilter('\x1d').escape_name(), "Ctrl-]");
  EXPECT_EQ(EscapeFilter('~').escape_name(), "~");
  EXPECT_EQ(EscapeFilter('\0').escape_name(), "(none)");
}

TEST(EscapeFilter, HelpNamesEveryKeyForARawTerminal) {
  const std::string help = EscapeFilter('\x1d').help();
  for (const char* key : {"x", "p", "r", "b", "n", "h", "Ctrl-]"})
    EXPECT_THAT(help, HasSubstr(std::string("Ctrl-] ") + key));
  for (std::size_t at = help.find('\n'); at != std::string::npos; at = help.find('\n', at + 1))
    EXPECT_EQ(help[at - 1], '\r');
}

TEST(EscapeFilter, AConsoleCanBeLeftAndSkiffRunsCannot) {
  const auto typed = [](EscapeKeys keys, std::string_view text) {
    EscapeFilter filter(0x01, keys);
    std::vector<std::byte> to_guest;
    std::vector<ConsoleAction> actions;
    filter.feed(std::as_bytes(std::span(text)), to_guest,
                [&](ConsoleAction action) { actions.push_back(action); });
    return std::pair(actions, to_guest.size());
  };
  using enum ConsoleAction;
  EXPECT_EQ(typed(EscapeKeys::console,
                  "\x01x\x01"
                  "d\x01"
                  "f\x01s\x01t\x01v\x01w")
                .first,
            (std::vector{detach, detach, send_file, send_file, take_writer, leave_writer, why}));
  EXPECT_EQ(typed(EscapeKeys::run,
                  "\x01"
                  "d")
                .second,
            2U)
      << "the guest's";
  EXPECT_EQ(typed(EscapeKeys::run, "\x01x").first, std::vector{quit});
  EXPECT_NE(EscapeFilter(0x01, EscapeKeys::console).help().find("detach"), std::string::npos);
  EXPECT_EQ(EscapeFilter(0x01).help().find("detach"), std::string::npos);
}

}  // namespace
}  // namespace skiff
