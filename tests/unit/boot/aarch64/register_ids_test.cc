// The numbers of KVM's arm64 registers, against those that api.rst 4.68 prints.
#include <gtest/gtest.h>

#include "vmm/kvm/aarch64/register_ids.h"

namespace skiff::arm64 {
namespace {

TEST(RegisterIds, CoreRegistersAreCountedInWords) {
  EXPECT_EQ(general_register(0), 0x6030'0000'0010'0000);
  EXPECT_EQ(general_register(30), 0x6030'0000'0010'003c);
  EXPECT_EQ(kRegisterSp, 0x6030'0000'0010'003e);
  EXPECT_EQ(kRegisterPc, 0x6030'0000'0010'0040);
  EXPECT_EQ(kRegisterPstate, 0x6030'0000'0010'0042);
  EXPECT_EQ(kRegisterSpEl1, 0x6030'0000'0010'0044);
}

TEST(RegisterIds, SystemRegistersCarryTheirEncoding) {
  EXPECT_EQ(kRegisterMpidrEl1, 0x6030'0000'0013'c005);
  EXPECT_EQ(kRegisterSctlrEl1, 0x6030'0000'0013'c080);
  EXPECT_EQ(kRegisterVbarEl1, 0x6030'0000'0013'c600);
}

TEST(RegisterIds, InterruptLinesNameTypeAndIntid) {
  EXPECT_EQ(spi_line(0), 0x0100'0020U);
  EXPECT_EQ(spi_line(95), 0x0100'007fU);
}

TEST(RegisterIds, AffinityHoldsSixteenToACluster) {
  EXPECT_EQ(mpidr_affinity(0), 0U);
  EXPECT_EQ(mpidr_affinity(15), 0xfU);
  EXPECT_EQ(mpidr_affinity(16), 0x100U);
  EXPECT_EQ(mpidr_affinity(0x1'2345), 0x123405U);
}

TEST(RegisterIds, AddressBitsFollowHostAndRam) {
  constexpr std::uint64_t kGi = 1ULL << 30;
  EXPECT_EQ(choose_ipa_bits(0, 2 * kGi), 40U);   // cannot be asked
  EXPECT_EQ(choose_ipa_bits(36, 2 * kGi), 36U);  // has no more
  EXPECT_EQ(choose_ipa_bits(48, 2 * kGi), 40U);
  EXPECT_EQ(choose_ipa_bits(48, 1ULL << 40), 40U);
  EXPECT_EQ(choose_ipa_bits(48, (1ULL << 40) + 1), 41U);
  EXPECT_EQ(choose_ipa_bits(48, 1ULL << 52), 48U);  // does not fit: the board says so
}

}  // namespace
}  // namespace skiff::arm64
