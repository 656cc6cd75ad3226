#include "vmm/boot/cmdline.h"

#include "tests/unit/boot/boot_images.h"

namespace skiff {
namespace {

using test::error_of;
using ::testing::HasSubstr;

TEST(Cmdline, LengthLimitIsExact) {
  check_cmdline(std::string(2047, 'a'), 2047);
  EXPECT_THAT(error_of<ConfigError>([] { check_cmdline(std::string(2050, 'a'), 2047); }),
              HasSubstr("2050 bytes long, this kernel takes 2047; shorten it by 3"));
}

TEST(Cmdline, RefusesNulAndLineBreaks) {
  using namespace std::string_view_literals;
  EXPECT_THAT(error_of<ConfigError>([] { check_cmdline("ab\0c"sv, 100); }),
              HasSubstr("NUL at character 3"));
  EXPECT_THAT(error_of<ConfigError>([] { check_cmdline("a\nb"sv, 100); }),
              HasSubstr("line break at character 2"));
  EXPECT_THAT(error_of<ConfigError>([] { check_cmdline("a\r"sv, 100); }), HasSubstr("line break"));
  check_cmdline("", 0);
}

}  // namespace
}  // namespace skiff
