// A session with shell scripts for monitors, which say what a guest would.
#include "vmm/bench/vm_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

namespace skiff::bench {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

// What bench-disk says of one cell; `head -c 1` is the wait for the runner's byte.
constexpr const char* kOneCell = R"(
echo "bench: begin program=bench-disk version=1 tsc_khz=1000"
echo "bench: ready cell=a face=ide requests=10"
head -c 1 >/dev/null; printf '!'; head -c 1 >/dev/null
echo "bench: done cell=a requests=10 bytes=5120 cycles=1000 kicks=10 interrupts=10 failed=0"
echo "bench: latency cell=a p50=100 p90=100 p99=100 p999=100 max=100"
echo "bench: histogram cell=a 96:10"
)";

Launch script(const std::string& text) {
  return {.program = "/bin/sh", .arguments = {"-c", text}};
}

class Session : public testing::Test {
 protected:
  std::vector<CellRun> run(const std::string& text) {
    return run_session(script(text), {"a", "b"}, options, stop);
  }
  StopSignals stop;
  SessionOptions options;
};

TEST_F(Session, CellsAreHeardOutAndTheThreadsCounted) {
  std::vector<std::string> begun;
  options.on_cell = [&begun](std::string_view cell) { begun.emplace_back(cell); };
  const auto runs = run(std::string(kOneCell) +
                        "echo 'bench: skip cell=b why=no_such_device'; echo 'bench: end status=0'");
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_TRUE(runs[0].has_numbers()) << runs[0].trouble;
  EXPECT_EQ(runs[0].done.bytes, 5120U);
  EXPECT_FALSE(runs[0].before.threads.empty());
  EXPECT_FALSE(runs[0].after.threads.empty());
  EXPECT_FALSE(runs[0].after.has_ledger);
  EXPECT_TRUE(runs[1].is_skipped);
  EXPECT_THAT(begun, testing::ElementsAre("a"));
}

TEST_F(Session, AMonitorThatEndsEarlyIsSaidWithItsComplaint) {
  auto runs = run("echo 'no kernel there' >&2; exit 7");
  EXPECT_THAT(runs[0].trouble, HasSubstr("ended with status 7"));
  EXPECT_THAT(runs[0].trouble, HasSubstr("no kernel there"));
  runs = run(std::string(kOneCell) + "kill -9 $$");
  EXPECT_TRUE(runs[0].has_numbers());
  EXPECT_THAT(runs[1].trouble, HasSubstr("signal 9"));
  runs = run("echo 'triple fault at 0x0'");
  EXPECT_THAT(runs[0].trouble, HasSubstr("triple fault at 0x0"));
  // A kernel that is switched off has the last word, but says nothing of why.
  runs = run("echo '[ 0.5] pci'; echo 'no fio'; echo '[ 1.25] reboot: Power down'");
  EXPECT_THAT(runs[0].trouble, testing::EndsWith("no fio"));
  runs = run("echo '[ 0.5] pci'; echo '[ 1.25] Kernel panic'");
  EXPECT_THAT(runs[0].trouble, testing::EndsWith("Kernel panic"));
}

TEST_F(Session, AProgramThatIsNotThereIsSaid) {
  const auto runs =
      run_session({.program = "/nonexistent/vmm", .arguments = {}}, {"a"}, options, stop);
  EXPECT_THAT(runs.at(0).trouble, HasSubstr("/nonexistent/vmm ended with status 127"));
}

TEST_F(Session, AGuestThatSaysNothingIsNotWaitedForForEver) {
  options.patience = 100ms;
  const auto began = std::chrono::steady_clock::now();
  const auto runs = run("echo starting; exec sleep 600");
  EXPECT_THAT(runs[0].trouble, HasSubstr("said nothing"));
  EXPECT_THAT(runs[0].trouble, HasSubstr("starting"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 30s);
}

TEST_F(Session, AGuestThatLiesOrFloodsIsEnded) {
  auto runs = run("echo 'bench: done cell=a requests=1'; exec sleep 600");
  EXPECT_THAT(runs[0].trouble, HasSubstr("is no line of a bench program"));
  runs = run("exec tr '\\0' x </dev/zero");
  EXPECT_THAT(runs[0].trouble, HasSubstr("a line of more than"));
}

TEST_F(Session, ASignalEndsItAndTheChildWithIt) {
  std::thread killer([] {
    std::this_thread::sleep_for(200ms);
    ::kill(::getpid(), SIGTERM);
  });
  const auto runs = run("trap '' TERM; sleep 600; sleep 600");
  killer.join();
  EXPECT_EQ(stop.received(), SIGTERM);
  EXPECT_EQ(runs[0].trouble, "stopped");
}

}  // namespace
}  // namespace skiff::bench
