#include "tests/lab/console_script.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace skiff::lab {
namespace {

TEST(ConsoleScript, ReadsOneStepALineAndKeepsItsNumber) {
  const auto steps =
      parse_console_script("# a comment\n\nexpect skiff:~#\n  send ls -l | wc\\n\nclose\n");
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].kind, StepKind::expect);
  EXPECT_EQ(steps[0].text, "skiff:~#");
  EXPECT_EQ(steps[0].line, 3);
  EXPECT_EQ(steps[1].text, "ls -l | wc\n");
  EXPECT_EQ(steps[2].kind, StepKind::close);
  EXPECT_EQ(steps[2].line, 5);
}

TEST(ConsoleScript, ResolvesEscapes) {
  const auto steps = parse_console_script("send a\\x03\\\\\\r\\tb");
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].text, "a\x03\\\r\tb");
}

TEST(ConsoleScript, NamesTheLineOfAMistake) {
  for (const char* script : {"expect a\nexpcet b", "expect a\nsend", "expect a\nsend \\q",
                             "expect a\nsend \\x1", "expect a\nsend \\xzz", "expect a\nsend \\"}) {
    try {
      parse_console_script(script);
      FAIL() << script;
    } catch (const std::runtime_error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("line 2: ")) << error.what();
    }
  }
}

}  // namespace
}  // namespace skiff::lab
