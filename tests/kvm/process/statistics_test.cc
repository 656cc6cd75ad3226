// --stats and --log-file of the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

class Statistics : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }
};

std::int64_t sum_of_counts(const json::value& rows) {
  std::int64_t sum = 0;
  for (const json::value& row : rows.as_array())
    sum += row.at("count").to_number<std::int64_t>();
  return sum;
}

TEST_F(Statistics, JsonCountsEveryWriteOfALoop) {
  for (const char* ring : {"ring=0", "ring=3"}) {
    const Finished run = run_skiff(
        guest_arguments("port-loop", std::string("n=1000 port=0x9999 ") + ring, {"--stats=json"}));
    ASSERT_EQ(run.ending, 0) << run.err;
    EXPECT_THAT(run.out, Not(HasSubstr("skiff-stats")));
    boost::system::error_code error;
    const json::value document = json::parse(run.err, error);
    ASSERT_FALSE(error) << error.message() << ": " << run.err;
    EXPECT_EQ(document.at("schema").as_string(), "skiff-stats-1");
    int found = 0;
    for (const json::value& row : document.at("registers").as_array()) {
      if (!row.at("register").is_string() || row.at("register").as_string() != "0x9999") continue;
      ++found;
      EXPECT_EQ(row.at("count").to_number<std::int64_t>(), 1000) << ring;
      EXPECT_EQ(row.at("direction").as_string(), "write");
      EXPECT_TRUE(row.at("device").is_null());
    }
    EXPECT_EQ(found, 1) << ring;
    const std::int64_t total = document.at("total").at("count").to_number<std::int64_t>();
    EXPECT_EQ(sum_of_counts(document.at("reasons")), total);
    EXPECT_EQ(sum_of_counts(document.at("vcpus")), total);
    EXPECT_EQ(document.at("vcpus").as_array().size(), 1U);
  }
}

TEST_F(Statistics, TheTableIsOnStderrAndShowsTheSame) {
  const Finished run =
      run_skiff(guest_arguments("port-loop", "n=1234 port=0x9999 ring=0", {"--stats"}));
  EXPECT_EQ(run.ending, 0);
  EXPECT_THAT(run.out, MatchesRegex("port-loop: ring=0 writes=1234 [^\n]*\n"));
  EXPECT_THAT(run.err, testing::ContainsRegex("0x9999 +W +1,234 "));
}

TEST_F(Statistics, AFailedGuestHasStatisticsToo) {
  const Finished run = run_skiff(guest_arguments("fault", {}, {"--stats"}));
  EXPECT_EQ(run.ending, 123);
  EXPECT_THAT(run.err, HasSubstr("triple fault"));
  EXPECT_THAT(run.err, HasSubstr("exits in"));
}

TEST_F(Statistics, TheLogGoesToAFileAndIsAppended) {
  const TemporaryFolder folder;
  const std::string log = folder.write("log", "before\n");
  const Finished run = run_skiff(guest_arguments("fault", {}, {"--log-file", log}));
  EXPECT_EQ(run.ending, 123);
  EXPECT_THAT(run.err, IsEmpty());
  EXPECT_THAT(read_file(log), testing::StartsWith("before\n"));
  EXPECT_THAT(read_file(log), HasSubstr("triple fault"));
}

TEST_F(Statistics, TheLogLevelIsHeard) {
  const Finished loud = run_skiff(guest_arguments("hello", {}, {"--log-level", "debug"}));
  EXPECT_EQ(loud.ending, 0);
  EXPECT_EQ(loud.out, "hello from the guest\n");
  EXPECT_THAT(loud.err, HasSubstr("PVH"));
  const Finished silent = run_skiff(guest_arguments("fault", {}, {"--log-level", "off"}));
  EXPECT_EQ(silent.ending, 123);
  EXPECT_THAT(silent.err, IsEmpty());
}

TEST_F(Statistics, ALogFileThatCannotBeOpenedIsAClearError) {
  const Finished run = run_skiff(guest_arguments("hello", {}, {"--log-file", "/dev/null/log"}));
  EXPECT_EQ(run.ending, 121);
  EXPECT_THAT(run.err, HasSubstr("/dev/null/log"));
}

}  // namespace
}  // namespace skiff::test
