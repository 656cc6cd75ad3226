#include "tests/lab/console_session.h"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace skiff::lab {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{5000};
constexpr milliseconds kShort{100};

std::vector<std::string> shell(const std::string& line) {
  return {"/bin/sh", "-c", line};
}

TEST(ConsoleSession, FindsEachTextOnlyBehindTheOneBefore) {
  ConsoleSession session(shell("echo one; echo two; exec cat"), false, -1);
  EXPECT_TRUE(session.expect("two", kLong));
  EXPECT_FALSE(session.expect("one", kShort));
  EXPECT_TRUE(session.send("three\n", kLong));
  EXPECT_TRUE(session.expect("three", kLong));
}

TEST(ConsoleSession, WaitsNoLongerOnceWhatIsRejectedHasAppeared) {
  ConsoleSession session(shell("echo good; echo bad; exec sleep 3600"), false, -1);
  session.reject("bad");
  EXPECT_TRUE(session.expect("good", kLong));
  EXPECT_FALSE(session.expect("never", std::chrono::hours(1)));
  EXPECT_EQ(session.rejected(), "bad");
}

TEST(ConsoleSession, RejectsOnlyWhatAppearsLater) {
  ConsoleSession session(shell("echo bad; read line; echo good"), false, -1);
  EXPECT_TRUE(session.expect("bad", kLong));
  session.reject("bad");
  EXPECT_TRUE(session.send("\n", kLong));
  EXPECT_TRUE(session.expect("good", kLong));
  EXPECT_EQ(session.rejected(), std::nullopt);
}

TEST(ConsoleSession, TellsTheExitStatus) {
  ConsoleSession session(shell("exit 42"), false, -1);
  EXPECT_EQ(session.wait_exit(kLong), 42);
}

TEST(ConsoleSession, SaysThatItStillRuns) {
  ConsoleSession session(shell("exec sleep 100"), false, -1);
  EXPECT_EQ(session.wait_exit(kShort), std::nullopt);
  session.signal(SIGTERM);
  EXPECT_EQ(session.wait_exit(kLong), 128 + SIGTERM);
}

TEST(ConsoleSession, ClosingTheInputEndsItsReader) {
  ConsoleSession session({"/bin/cat"}, false, -1);
  session.close_input();
  EXPECT_EQ(session.wait_exit(kLong), 0);
}

TEST(ConsoleSession, KeepsTheOutputOfAProgramThatEndsAtOnce) {
  ConsoleSession session(shell("seq 1 20000; exit 3"), false, -1);
  EXPECT_EQ(session.wait_exit(kLong), 3);
  EXPECT_TRUE(session.output().ends_with("\n20000\n"));
}

TEST(ConsoleSession, SendsMoreThanAPipeHoldsWhileTheProgramAnswers) {
  ConsoleSession session({"/bin/cat"}, false, -1);
  const std::string much(1 << 20, 'x');
  EXPECT_TRUE(session.send(much + "end", kLong));
  EXPECT_TRUE(session.expect("end", kLong));
}

TEST(ConsoleSession, CanBeATerminal) {
  ConsoleSession session(shell("test -t 0 && test -t 1 && echo terminal; exec sleep 100"), true,
                         -1);
  EXPECT_TRUE(session.expect("terminal", kLong));
  EXPECT_TRUE(session.send("\x03", kLong));  // Ctrl-C, through the terminal's line discipline
  EXPECT_EQ(session.wait_exit(kLong), 128 + SIGINT);
}

}  // namespace
}  // namespace skiff::lab
