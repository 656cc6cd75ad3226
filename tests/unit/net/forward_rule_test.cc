#include "vmm/net/forward_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skiff {
namespace {

using ::testing::HasSubstr;

TEST(ForwardRule, Parses) {
  struct Row {
    const char* text;
    ForwardRule rule;
    const char* normal;
  };
  constexpr auto kTcp = ForwardRule::Protocol::tcp;
  constexpr auto kUdp = ForwardRule::Protocol::udp;
  const Row rows[] = {
      {"tcp:127.0.0.1:2222->22", {kTcp, "127.0.0.1", false, 2222, 22, 1}, "tcp:127.0.0.1:2222->22"},
      {"tcp:2222->22", {kTcp, "127.0.0.1", false, 2222, 22, 1}, "tcp:127.0.0.1:2222->22"},
      {"udp:0.0.0.0:53->5353", {kUdp, "0.0.0.0", false, 53, 5353, 1}, "udp:0.0.0.0:53->5353"},
      {"tcp:[::1]:1->65535", {kTcp, "::1", true, 1, 65535, 1}, "tcp:[::1]:1->65535"},
      {"tcp:8000-8010->80-90",
       {kTcp, "127.0.0.1", false, 8000, 80, 11},
       "tcp:127.0.0.1:8000-8010->80-90"},
      {"udp:1-65535->1-65535",
       {kUdp, "127.0.0.1", false, 1, 1, 65535},
       "udp:127.0.0.1:1-65535->1-65535"},
  };
  for (const Row& row : rows) {
    const auto rule = ForwardRule::parse(row.text);
    ASSERT_TRUE(rule) << row.text << ": " << rule.error();
    EXPECT_EQ(*rule, row.rule) << row.text;
    EXPECT_EQ(rule->text(), row.normal);
    EXPECT_EQ(ForwardRule::parse(rule->text()), *rule);
  }
}

TEST(ForwardRule, ErrorsNameWhatIsWrong) {
  struct Row {
    const char* text;
    const char* says;
  };
  const Row rows[] = {
      {"", "starts with \"tcp:\""},
      {"tcp", "starts with \"tcp:\""},
      {"sctp:1->2", "starts with \"tcp:\""},
      {"TCP:1->2", "starts with \"tcp:\""},
      {"tcp:2222", "no \"->\""},
      {"tcp:2222>22", "no \"->\""},
      {"tcp:->22", "the host port is \"\""},
      {"tcp:22->", "the guest port is \"\""},
      {"tcp:0->22", "the host port is \"0\""},
      {"tcp:65536->22", "the host port is \"65536\""},
      {"tcp:22->99999999999", "the guest port is \"99999999999\""},
      {"tcp: 22->22", "the host port is \" 22\""},
      {"tcp:+22->22", "the host port is \"+22\""},
      {"tcp:22->22x", "the guest port is \"22x\""},
      {"tcp:22->22->22", "the guest port is \"22->22\""},
      {"tcp:10-9->10-9", "runs backwards"},
      {"tcp:1-3->1-2", "3 ports on the host lead to 2"},
      {"tcp:1-->1", "the host port is \"1-\""},
      {"tcp:localhost:22->22", "\"localhost\" is not an IPv4 address"},
      {"tcp:256.0.0.1:22->22", "\"256.0.0.1\" is not an IPv4 address"},
      {"tcp::22->22", "\"\" is not an IPv4 address"},
      {"tcp:::1:22->22", "stands in brackets"},
      {"tcp:[127.0.0.1]:22->22", "\"127.0.0.1\" is not an IPv6 address"},
      {"tcp:[::1]22->22", "stands in brackets"},
      {"tcp:[::1:22->22", "stands in brackets"},
  };
  for (const Row& row : rows) {
    const auto rule = ForwardRule::parse(row.text);
    ASSERT_FALSE(rule) << row.text;
    EXPECT_THAT(rule.error(), HasSubstr(row.says));
    EXPECT_THAT(rule.error(), HasSubstr(row.text));
  }
}

}  // namespace
}  // namespace skiff
