#include "vmm/kvm/x86_64/cpu_features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

namespace skiff {
namespace {

void expect_at(std::string_view name, std::uint32_t leaf, std::uint32_t subleaf, CpuidRegister reg,
               int bit) {
  const CpuFeature* feature = find_cpu_feature(name);
  ASSERT_NE(feature, nullptr) << name;
  EXPECT_EQ(feature->leaf, leaf) << name;
  EXPECT_EQ(feature->subleaf, subleaf) << name;
  EXPECT_EQ(feature->reg, reg) << name;
  EXPECT_EQ(feature->bit, bit) << name;
}

// From the tables of the SDM and the APM.
TEST(CpuFeatures, KnownOnesAreWhereTheManualsSay) {
  expect_at("cx16", 1, 0, CpuidRegister::ecx, 13);
  expect_at("popcnt", 1, 0, CpuidRegister::ecx, 23);
  expect_at("xsave", 1, 0, CpuidRegister::ecx, 26);
  expect_at("hypervisor", 1, 0, CpuidRegister::ecx, 31);
  expect_at("sse2", 1, 0, CpuidRegister::edx, 26);
  expect_at("smap", 7, 0, CpuidRegister::ebx, 20);
  expect_at("avx512f", 7, 0, CpuidRegister::ebx, 16);
  expect_at("la57", 7, 0, CpuidRegister::ecx, 16);
  expect_at("arch_capabilities", 7, 0, CpuidRegister::edx, 29);
  expect_at("avx512_bf16", 7, 1, CpuidRegister::eax, 5);
  expect_at("xsaves", 0xd, 1, CpuidRegister::eax, 3);
  expect_at("nx", 0x80000001, 0, CpuidRegister::edx, 20);
  expect_at("svm", 0x80000001, 0, CpuidRegister::ecx, 2);
  expect_at("steal_time", 0x40000001, 0, CpuidRegister::eax, 5);
  expect_at("arat", 6, 0, CpuidRegister::eax, 2);
}

TEST(CpuFeatures, NamesAreSortedUniqueAndFound) {
  const auto names = cpu_feature_names();
  EXPECT_GT(names.size(), 200U);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  for (const auto name : names)
    EXPECT_FALSE(cpu_features_named(name).empty()) << name;
  EXPECT_EQ(find_cpu_feature("no_such"), nullptr);
  EXPECT_EQ(find_cpu_feature(""), nullptr);
}

TEST(CpuFeatures, NoBitIsListedTwiceUnderOneName) {
  std::set<std::tuple<std::string, std::uint32_t, std::uint32_t, CpuidRegister, int>> seen;
  for (const auto name : cpu_feature_names()) {
    for (const CpuFeature& feature : cpu_features_named(name)) {
      EXPECT_EQ(feature.name, name);
      EXPECT_LT(feature.bit, 32);
      EXPECT_TRUE(
          seen.emplace(std::string(name), feature.leaf, feature.subleaf, feature.reg, feature.bit)
              .second)
          << name;
    }
  }
}

TEST(CpuFeatures, AmdRepeatsAndKvmclockGenerationsGoTogether) {
  EXPECT_EQ(cpu_features_named("mmx").size(), 2U);
  EXPECT_EQ(cpu_features_named("kvmclock").size(), 2U);
  EXPECT_EQ(cpu_features_named("smap").size(), 1U);
}

// Flags this machine's kernel prints but CPUID does not hold as one bit (Linux makes them up).
TEST(CpuFeatures, EveryFlagOfThisHostWithABitIsKnown) {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line) && !line.starts_with("flags")) {
  }
  if (line.empty()) GTEST_SKIP() << "/proc/cpuinfo has no flags here";
  const std::set<std::string> synthetic = {
      "cpuid",          "rep_good",     "nopl",         "xtopology",  "extd_apicid",
      "tsc_known_freq", "amd_dcm",      "art",          "aperfmperf", "pti",
      "ibrs",           "ibpb",         "stibp",        "ssbd",       "mba",
      "cat_l3",         "cdp_l3",       "hw_pstate",    "cpb",        "vmmcall",
      "rapl",           "tsc_reliable", "arch_perfmon", "pebs",       "bts"};
  std::istringstream flags(line.substr(line.find(':') + 1));
  for (std::string flag; flags >> flag;) {
    if (synthetic.contains(flag)) continue;
    EXPECT_NE(find_cpu_feature(flag), nullptr) << flag;
  }
}

}  // namespace
}  // namespace skiff
