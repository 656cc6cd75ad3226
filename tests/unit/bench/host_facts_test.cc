#include "vmm/bench/host_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skiff::bench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(BenchHostFacts, TheProcessorIsNamed) {
  EXPECT_EQ(cpu_model("processor\t: 0\nmodel name\t: AMD EPYC 7B13\nflags: a\n"), "AMD EPYC 7B13");
  EXPECT_EQ(cpu_model("model name\t: "), "");
  EXPECT_EQ(cpu_model("model name"), "not told");
  EXPECT_EQ(cpu_model(""), "not told");
}

TEST(BenchHostFacts, MitigationsInOneLine) {
  EXPECT_EQ(mitigations_text({{"meltdown", "Not affected"},
                              {"spectre_v2", "Mitigation: Retpolines"},
                              {"mds", "Vulnerable: no microcode"}}),
            "spectre_v2, mds (vulnerable)");
  EXPECT_EQ(mitigations_text({}), "none");
}

TEST(BenchHostFacts, TheVcpuHasAProcessorOfItsOwnWhereThereAreTwo) {
  EXPECT_THAT(pinning_of({3}, 1).vcpus, IsEmpty());
  EXPECT_THAT(pinning_of({}, 1).vcpus, IsEmpty());
  EXPECT_THAT(pinning_of({0, 1}, 1).vcpus, ElementsAre(0));
  EXPECT_THAT(pinning_of({0, 1}, 1).others, ElementsAre(1));
  EXPECT_THAT(pinning_of({0, 1}, 2).vcpus, ElementsAre(0, 1));
  EXPECT_THAT(pinning_of({0, 1}, 2).others, ElementsAre(1));
  EXPECT_THAT(pinning_of({2, 4, 6, 8}, 2).vcpus, ElementsAre(2, 4));
  EXPECT_THAT(pinning_of({2, 4, 6, 8}, 2).others, ElementsAre(6, 8));
  EXPECT_THAT(pinning_of({0, 1}, 9).vcpus, ElementsAre(0, 1));
}

TEST(BenchHostFacts, EveryFactHasAText) {
  for (const auto& [name, text] : host_facts())
    EXPECT_FALSE(text.empty()) << name;
}

}  // namespace
}  // namespace skiff::bench
