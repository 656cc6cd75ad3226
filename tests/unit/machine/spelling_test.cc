#include "vmm/machine/spelling.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace skiff {
namespace {

using namespace std::string_view_literals;

TEST(Spelling, DistanceCountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("vcpu", "vcpus"), 1U);
  EXPECT_EQ(edit_distance("memroy", "memory"), 1U) << "a swap is one edit";
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("PVH", "pvh"), 0U);
  EXPECT_EQ(edit_distance("on-reboot", "on_reboot"), 0U);
}

TEST(Spelling, LongWordsAreCut) {
  const std::string a(100'000, 'a');
  EXPECT_EQ(edit_distance(a, std::string(100'000, 'b')), kSpellingLimit);
  EXPECT_EQ(edit_distance(a, a), 0U);
}

TEST(Spelling, NearestIsNearOrNothing) {
  constexpr std::array words = {"name"sv, "vcpus"sv, "memory"sv, "on_reboot"sv, "pit"sv};
  EXPECT_EQ(nearest_word("vcpu", words), "vcpus");
  EXPECT_EQ(nearest_word("memroy", words), "memory");
  EXPECT_EQ(nearest_word("mem", words), "memory") << "a beginning is near";
  EXPECT_EQ(nearest_word("onreboot", words), "on_reboot");
  EXPECT_EQ(nearest_word("disk", words), "");
  EXPECT_EQ(nearest_word("", words), "");
  EXPECT_EQ(nearest_word("x", std::array{"pit"sv}), "");
}

}  // namespace
}  // namespace skiff
