// What a series of looks at a vCPU says, and which register was hottest.
#include "vmm/machine/why/vcpu_looks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skiff {
namespace {

using Doing = VcpuFacts::Doing;
using testing::ElementsAre;

const AddressName kName = [](std::uint64_t address) -> std::optional<std::string> {
  return address < 0x2000 ? "low+0x1" : "high+0x2";
};

VcpuLook look(std::uint64_t address, VcpuRunState state = VcpuRunState::runnable,
              bool is_user = false, bool takes_interrupts = true) {
  VcpuLook result{.is_parked = true};
  result.sample.run_state = state;
  result.sample.has_registers = true;
  result.sample.address = address;
  result.sample.is_user = is_user;
  result.sample.takes_interrupts = takes_interrupts;
  result.sample.mode = "mode";
  return result;
}

Doing judge(const std::vector<VcpuLook>& looks, bool has_ended = false, bool is_linux = false) {
  return judge_vcpu(0, looks, has_ended, is_linux, kName).doing;
}

TEST(VcpuLooks, RunningAndSpinning) {
  EXPECT_EQ(judge({look(0x1000), look(0x1008), look(0x1004), look(0x1010)}), Doing::spinning);
  EXPECT_EQ(judge({look(0x1000), look(0x1008), look(0x1004)}), Doing::kernel);  // too few
  EXPECT_EQ(judge({look(0x1000), look(0x1008), look(0x1004), look(0x9010)}), Doing::kernel);
  const VcpuLook user = look(0x1000, VcpuRunState::runnable, true);
  EXPECT_EQ(judge({user, user, user, user}), Doing::spinning);
  EXPECT_EQ(judge({user, user, user, user}, false, true), Doing::user);
  VcpuLook other = look(0x1000);
  other.sample.tables = 7;
  EXPECT_EQ(judge({look(0x1000), other, look(0x1000), other}), Doing::kernel);
  const auto facts = judge_vcpu(
      3, std::vector{look(0x1000), look(0x3000), look(0x4000), look(0x9010)}, false, true, kName);
  EXPECT_EQ(facts.id, 3U);
  EXPECT_EQ(facts.symbol, "high+0x2");
  EXPECT_THAT(facts.places, ElementsAre("high ×3", "low ×1"));
}

TEST(VcpuLooks, Waiting) {
  const VcpuLook idle = look(0x1000, VcpuRunState::halted);
  const VcpuLook dead = look(0x1000, VcpuRunState::halted, false, false);
  EXPECT_EQ(judge({idle, look(0x5000), idle, idle}), Doing::idle);
  EXPECT_EQ(judge({idle, idle, idle, look(0x5000)}), Doing::idle);
  EXPECT_EQ(judge({dead}), Doing::halted_for_good);
  EXPECT_EQ(judge({look(0, VcpuRunState::waiting_for_start)}), Doing::waiting_for_start);
  VcpuLook busy = look(0x1000);
  busy.busy = "com1.THR";
  EXPECT_EQ(judge({busy, look(0x1000)}), Doing::waiting_for_device);
  EXPECT_EQ(judge({look(0x1000), busy}), Doing::kernel);  // made busy by being watched
  EXPECT_EQ(judge({VcpuLook{}}), Doing::not_answering);
  EXPECT_EQ(judge({VcpuLook{.is_parked = true}}), Doing::unknown);
  EXPECT_EQ(judge({look(0x1000)}, true), Doing::ended);
}

LedgerReport::Register row(std::string device, std::uint64_t count, bool is_claimed = true) {
  LedgerReport::Register result;
  result.reason = ExitReason::port_io;
  result.is_claimed = is_claimed;
  result.offset = is_claimed ? 0 : 0x500;
  result.device = std::move(device);
  result.reg = "LSR";
  result.exits.count = count;
  return result;
}

TEST(HottestRegister, IsTheOneThatGrewMost) {
  LedgerReport before, after;
  before.registers = {row("com1", 1000), row("com2", 10)};
  after.registers = {row("com1", 1010), row("com2", 110), row("-", 50, false)};
  after.elapsed = std::chrono::milliseconds(100);
  const auto hot = hottest_register(before, after);
  ASSERT_TRUE(hot);
  EXPECT_EQ(hot->name, "com2.LSR");
  EXPECT_EQ(hot->count, 100U);
  EXPECT_EQ(hot->per_second, 1000U);
  before.registers[1].exits.count = 110;
  EXPECT_EQ(hottest_register(before, after)->name, "port 0x500");
  EXPECT_FALSE(hottest_register(after, after));
}

}  // namespace
}  // namespace skiff
