#include "vmm/bench/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "vmm/base/error.h"
#include "vmm/bench/net_partner.h"

namespace skiff::bench {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

// All it says until it ends.
std::string all_of(ChildProcess& child) {
  std::string text;
  for (bool ended = false; !ended;) {
    pollfd wait{.fd = child.out(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, 20'000) <= 0) return text + "(silent)";
    text += child.read_out(ended);
  }
  return text;
}

std::string said_by(const std::string& script, const ChildSetup& setup = {}) {
  ChildProcess child("/bin/sh", {"-c", script}, setup);
  return all_of(child);
}

TEST(ChildProcess, ATerminalIsOneOnlyWhereItIsWanted) {
  const char* const script = "test -t 0 && test -t 1 && echo both || echo neither";
  EXPECT_EQ(said_by(script), "neither\n");
  EXPECT_EQ(said_by(script, {.has_terminal = true}), "both\n");
}

// No echo, no signal of Ctrl-C, no line end that becomes two.
TEST(ChildProcess, ATerminalPassesEveryByteAsItIs) {
  ChildProcess child("/bin/sh", {"-c", "echo; head -c 4 | od -An -tx1"}, {.has_terminal = true});
  EXPECT_EQ(child.send("\x03\r\n\x04"), 4U);
  EXPECT_EQ(all_of(child), "\n 03 0d 0a 04\n");
}

TEST(ChildProcess, ItLivesInThePartnersNetworkAndFindsTheTapByName) {
  std::unique_ptr<NetPartner> partner;
  try {
    partner = std::make_unique<NetPartner>(std::vector<int>{});
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  const char* const script = "cut -d: -f1 /proc/net/dev | grep -c bench";
  EXPECT_EQ(said_by(script), "0\n");
  EXPECT_EQ(said_by(script, {.network_of = partner->pid()}), "1\n");
  partner->leave_tap();
  EXPECT_EQ(partner->tap(), -1);
  EXPECT_EQ(said_by(script, {.network_of = partner->pid()}), "1\n") << "it stays for another";
}

TEST(ChildProcess, ANetworkThatIsNotThereIsSaid) {
  ChildProcess child("/bin/sh", {"-c", "echo here"}, {.network_of = -1});
  EXPECT_EQ(all_of(child), "");
  while (child.read_err()) {
  }
  EXPECT_THAT(child.complaints(), HasSubstr("cannot enter the network"));
}

}  // namespace
}  // namespace skiff::bench
