// The page for Prometheus.
#include "vmm/control/api/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace skiff::test {
namespace {

using testing::HasSubstr;

std::string page() {
  LedgerReport exits;
  exits.reasons.push_back(
      {.reason = ExitReason::interrupted, .exits = {.count = 5, .total_ns = 2'500'000'000}});
  exits.vcpus.push_back({.count = 5});
  MachineStats stats;
  stats.devices.push_back({.name = "disk\"0\\",
                           .kind = "virtio-blk",
                           .guest_faults = 1,
                           .needs_reset = true,
                           .queues = {{.index = 0, .notifications = 7, .requests = 8}}});
  stats.threads = {{.name = "vcpu0", .guest_ns = 1'000'000'000},
                   {.name = "vcpu0", .guest_ns = 500'000'000}};
  return metrics_text({.name = "web", .state = VmState::paused, .vcpus = 2}, exits, stats);
}

TEST(Metrics, NumbersAndLabels) {
  const std::string text = page();
  EXPECT_THAT(text, HasSubstr("\nskiff_vcpus 2\n"));
  EXPECT_THAT(text, HasSubstr("\nskiff_vm_state{state=\"paused\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nskiff_vm_state{state=\"running\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("} 2.5\n"));
  EXPECT_THAT(text,
              HasSubstr("\nskiff_device_requests_total{device=\"disk\\\"0\\\\\",queue=\"0\"} 8\n"));
  EXPECT_THAT(text,
              HasSubstr("\nskiff_thread_cpu_seconds_total{thread=\"vcpu0\",mode=\"guest\"} 1.5\n"));
}

// A series may be there once, its family described before it.
TEST(Metrics, EachSeriesOnceAndDescribed) {
  std::istringstream lines(page());
  std::set<std::string> series;
  std::set<std::string> families;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      families.insert(line.substr(7, line.find(' ', 7) - 7));
    } else if (!line.starts_with("#")) {
      const std::string name = line.substr(0, line.rfind(' '));
      EXPECT_TRUE(series.insert(name).second) << name;
      EXPECT_TRUE(families.contains(name.substr(0, name.find('{')))) << name;
    }
  }
  EXPECT_GT(series.size(), 10U);
}

}  // namespace
}  // namespace skiff::test
