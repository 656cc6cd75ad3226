// What the program says about itself and its guest: --stats, --log-file, skiff why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json.hpp>
#include <cstdlib>

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
    // KVM counts every exit; those beyond the ledger's never came to Skiff.
    if (document.at("kvm").is_object()) {
      const auto kvms = document.at("kvm").at("exits").to_number<std::int64_t>();
      EXPECT_GE(kvms, total);
      EXPECT_LT(kvms, total + 500);
    }
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

class Why : public Statistics {
 protected:
  void SetUp() override {
    Statistics::SetUp();
    ::setenv("XDG_RUNTIME_DIR", folder_.file("").c_str(), 1);
  }
  void TearDown() override {
    const int pid = std::atoi(read_file(folder_.file("skiff/vm/pid")).c_str());
    if (pid > 0) ::kill(pid, SIGKILL);
  }
  // The page, once the guest has come to where `wanted` is said of it.
  static std::string page_of(const std::string& program, const std::string& command_line,
                             std::string_view wanted) {
    const Finished started = run_skiff(
        guest_arguments(program, command_line, {"-d", "--name", "vm"}), {.in = Plug::closed()});
    EXPECT_EQ(started.ending, 0) << started.err;
    std::string page;
    for (int looks = 0; looks < 100 && page.find(wanted) == std::string::npos; ++looks)
      page = run_skiff({"why", "vm"}, {.in = Plug::closed()}).out;
    return page;
  }

  TemporaryFolder folder_;
};

// KVM may interpret such a guest: what it says of a vCPU's state is no less true then.
constexpr const char* kInMain =
    "at 0x[0-9a-f]+ \\(program_main\\+0x[0-9a-f]+\\), 64-bit mode, ring 0";

TEST_F(Why, AGuestThatSpins) {
  EXPECT_THAT(page_of("spin", "", "vCPU 0 spins at program_main+"),
              testing::AllOf(testing::StartsWith("vCPU 0 spins at program_main+"),
                             testing::ContainsRegex("  0   spins\n +" + std::string(kInMain)),
                             HasSubstr("com1.THR <- 0xa")));
}

TEST_F(Why, AGuestThatHaltsWithInterruptsOff) {
  EXPECT_THAT(page_of("spin", "halt", "HLT with interrupts off"),
              testing::AllOf(
                  testing::StartsWith("vCPU 0 waits in HLT with interrupts off, at program_main+"),
                  HasSubstr("only an NMI or a reset"),
                  testing::ContainsRegex("  0   HLT with interrupts off\n +" +
                                         std::string(kInMain) + ", .*interrupts off\n")));
}

TEST_F(Why, AGuestThatWaits) {
  EXPECT_THAT(page_of("idle", "", "the guest is idle"),
              testing::AllOf(testing::StartsWith("the guest is idle"),
                             testing::ContainsRegex("  0   idle: HLT with interrupts on\n +" +
                                                    std::string(kInMain))));
}

}  // namespace
}  // namespace skiff::test
