// bench-net over a tap in a network namespace of the test's own, with a partner at its other end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "tests/kvm/bench/bench_machine.h"
#include "tests/kvm/bench/net_partner.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using testing::IsEmpty;

constexpr int kNotPossible = 77;
constexpr std::uint64_t kFrames = 30;
constexpr std::uint64_t kLargeFrame = 64'294;

struct NetWay {
  std::string face;
  std::string words;
  std::string name{};  // as the guest says it; empty: as the configuration
};
void PrintTo(const NetWay& way, std::ostream* stream) {
  *stream << way.face << ' ' << way.words;
}

// In a child process, because a thread may not enter a user namespace. What fails there is told by
// its status.
void in_a_network_of_its_own(const std::function<void()>& body) {
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
      ::_exit(kNotPossible);
    body();
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotPossible) {
    GTEST_SKIP() << "network namespaces, taps or packet sockets are not to be had here";
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "see above; status " << status;
}

class BenchNet : public testing::TestWithParam<NetWay> {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }

  static std::string card() {
    return "[[net]]\ntap = \"bench0\"\nface = \"" + GetParam().face + "\"\n" +
           (GetParam().face.starts_with("virtio") ? "ring = \"packed\"\n" : "");
  }
  static void expect_cell(const BenchLines& lines, const std::string& name, std::uint64_t bytes) {
    ASSERT_TRUE(lines.cells.contains(name)) << name;
    const BenchCellLines& cell = lines.cells.at(name);
    EXPECT_EQ(cell.face, GetParam().name.empty() ? GetParam().face : GetParam().name);
    EXPECT_EQ(cell.requests, kFrames);
    EXPECT_EQ(cell.bytes, kFrames * bytes) << name;
    // None where the device never comes to the end of the ring.
    EXPECT_LE(cell.kicks, 2 * kFrames) << name;
  }

  const TemporaryFolder folder_;
};

TEST_P(BenchNet, EachCellOverATap) {
  in_a_network_of_its_own([this] {
    const NetPartner partner("bench0");
    if (!partner.why().empty()) ::_exit(kNotPossible);
    const BenchRun done =
        run_bench(folder_, "bench-net", "requests=30 " + GetParam().words, card());
    EXPECT_THAT(done.lines.failed, IsEmpty()) << done.said;
    for (const std::string way : {"transmit", "receive", "pingpong"}) {
      expect_cell(done.lines, way + "-64", 64);
      expect_cell(done.lines, way + "-1500", 1500);
    }
    expect_cell(done.lines, "transmit-65536", kLargeFrame);
    if (GetParam().face == "e1000") {
      EXPECT_EQ(done.lines.skipped.at("receive-65536"), "no_large_receive");
      EXPECT_EQ(done.lines.skipped.at("pingpong-65536"), "no_large_receive");
    } else {
      expect_cell(done.lines, "receive-65536", kLargeFrame);
      expect_cell(done.lines, "pingpong-65536", kLargeFrame);
    }
    if (GetParam().words.find("irq=poll") == std::string::npos) {
      EXPECT_GE(done.lines.cells.at("pingpong-64").interrupts, kFrames / 2) << done.said;
    }
    // Warm-up too: 3 of each of 3 sizes. A large one may arrive in pieces of its own.
    EXPECT_GE(partner.transmitted(), 2 * (kFrames + 3));
  });
}

INSTANTIATE_TEST_SUITE_P(
    Ways, BenchNet,
    testing::Values(NetWay{"virtio", "irq=poll", "virtio-pci"},
                    NetWay{"virtio", "irq=msix ring=packed", "virtio-pci"},
                    NetWay{"virtio", "irq=line no-event-idx no-indirect", "virtio-pci"},
                    NetWay{"virtio-mmio", "irq=line"}, NetWay{"e1000", "irq=line"},
                    NetWay{"e1000", "irq=poll"}),
    [](const auto& way) { return test_name(way.param.face + "_" + way.param.words); });

class BenchNetAlone : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }
  const TemporaryFolder folder_;
};

TEST_F(BenchNetAlone, WithoutAPartnerOnlyTransmitIsMeasured) {
  in_a_network_of_its_own([this] {
    {
      const NetPartner makes_the_tap("bench0");
      if (!makes_the_tap.why().empty()) ::_exit(kNotPossible);
    }
    const BenchRun done =
        run_bench(folder_, "bench-net", "requests=5 cells=transmit-64,receive-64,pingpong-64",
                  "[[net]]\ntap = \"bench0\"\n");
    EXPECT_TRUE(done.lines.cells.contains("transmit-64")) << done.said;
    EXPECT_EQ(done.lines.failed.at("receive-64"), "no_partner_sends");
    EXPECT_EQ(done.lines.failed.at("pingpong-64"), "no_partner_answers");
  });
}

TEST_F(BenchNetAlone, SaysThatThereIsNoCard) {
  const BenchRun done = run_bench(folder_, "bench-net", "cells=transmit-64", "");
  EXPECT_EQ(done.lines.skipped.at("transmit-64"), "no_such_device") << done.said;
}

}  // namespace
}  // namespace skiff::test
