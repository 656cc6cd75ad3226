// Each rule on facts that call for it, and on facts that do not.
#include "vmm/machine/why/guest_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skiff {
namespace {

using Doing = VcpuFacts::Doing;
using Weight = Finding::Weight;
using testing::HasSubstr;

GuestFacts guest(std::vector<Doing> vcpus, std::vector<std::string> messages = {}) {
  GuestFacts facts;
  facts.has_printed = true;
  for (const Doing doing : vcpus) {
    facts.vcpus.push_back({.id = static_cast<std::uint32_t>(facts.vcpus.size()),
                           .doing = doing,
                           .address = 0x1234,
                           .looks = 8});
  }
  for (std::string& text : messages)
    facts.messages.push_back({.sequence = 0, .time_ns = 0, .level = 0, .text = std::move(text)});
  facts.is_linux = !facts.messages.empty();
  return facts;
}

std::string headline(const GuestFacts& facts) {
  return find_causes(facts).front().text;
}

constexpr const char* kNoRoot =
    "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)";

TEST(GuestRules, NoRootDevice) {
  GuestFacts facts = guest({Doing::spinning}, {"VFS: Cannot open root device \"vda\"", kNoRoot});
  facts.command_line = "console=ttyS0 root=/dev/vda";
  EXPECT_THAT(headline(facts), HasSubstr("for want of a root device (/dev/vda): neither a [[disk]] "
                                         "nor boot.initrd is configured"));
  facts.disks = {{.path = "root.img"}};
  EXPECT_THAT(headline(facts), HasSubstr("no driver for root.img (virtio-blk on PCI): where "
                                         "virtio_pci and virtio_blk are modules"));
  facts.disks[0].is_mmio = true;
  facts.has_initrd = true;
  EXPECT_THAT(headline(facts), HasSubstr("virtio_mmio and virtio_blk"));
  EXPECT_THAT(headline(facts), HasSubstr("which is there but did not load them"));
  facts.messages.back().text =
      "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(254,0)";
  EXPECT_THAT(headline(facts), HasSubstr("can mount no file system on it"));
  EXPECT_EQ(find_causes(facts).front().weight, Weight::fatal);
  EXPECT_FALSE(guest_rules::no_root_device(guest({}, {"VFS: Mounted root (ext4 filesystem)"})));
}

TEST(GuestRules, Panics) {
  EXPECT_THAT(
      headline(guest({Doing::spinning}, {"Kernel panic - not syncing: No working init found."})),
      HasSubstr("found no program to start"));
  EXPECT_THAT(
      headline(guest({Doing::spinning},
                     {"Kernel panic - not syncing: Attempted to kill init! exitcode=0x100"})),
      HasSubstr("its first program ended: Attempted to kill init! exitcode=0x100"));
  EXPECT_EQ(
      headline(guest({Doing::spinning}, {"Kernel panic - not syncing: sysrq triggered crash"})),
      "the guest's kernel has panicked: sysrq triggered crash");
  EXPECT_FALSE(guest_rules::kernel_panic(guest({}, {"all is well"})));
  EXPECT_FALSE(guest_rules::kernel_panic(guest({}, {kNoRoot})));  // another rule's
}

TEST(GuestRules, NoConsole) {
  GuestFacts facts = guest({Doing::idle}, {"Run /init as init process"});
  facts.has_printed = false;
  EXPECT_THAT(headline(facts), HasSubstr("has no console="));
  facts.command_line = "root=/dev/vda noconsole=1 -- console=ttyS0";
  EXPECT_THAT(headline(facts), HasSubstr("has no console="));
  facts.command_line = "console=ttyS0 console=tty0";
  EXPECT_THAT(headline(facts), HasSubstr("console=tty0 is a screen"));
  facts.command_line = "console=hvc0";
  EXPECT_THAT(headline(facts), HasSubstr("no [[virtio_console]] is configured"));
  facts.has_virtio_console = true;
  EXPECT_FALSE(guest_rules::no_console(facts));
  facts.command_line = "";
  facts.has_printed = true;
  EXPECT_FALSE(guest_rules::no_console(facts));
}

TEST(GuestRules, HaltedForGood) {
  EXPECT_EQ(
      headline(guest({Doing::halted_for_good})),
      "vCPU 0 waits in HLT with interrupts off, at 0x1234: no interrupt wakes it any more, only "
      "an NMI or a reset");
  EXPECT_EQ(find_causes(guest({Doing::halted_for_good, Doing::waiting_for_start})).front().weight,
            Weight::fatal);
  const GuestFacts parked =
      guest({Doing::idle, Doing::halted_for_good}, {"smpboot: CPU 1 is now offline"});
  EXPECT_THAT(guest_rules::halted_for_good(parked)->text, HasSubstr("parked"));
  EXPECT_FALSE(guest_rules::halted_for_good(guest({Doing::idle})));
}

TEST(GuestRules, Spins) {
  GuestFacts facts = guest({Doing::spinning, Doing::idle});
  facts.vcpus[0].symbol = "delay_tsc+0x33";
  EXPECT_EQ(
      headline(facts),
      "vCPU 0 spins at delay_tsc+0x33 (0x1234): met within a few instructions at each of 8 looks");
  facts.hottest = HotRegister{.name = "port 0x500",
                              .is_claimed = false,
                              .is_write = false,
                              .count = 900,
                              .per_second = 9000};
  EXPECT_THAT(headline(facts),
              HasSubstr("reads port 0x500 over and over (9000 times a second), where "
                        "no device is"));
  facts.hottest = HotRegister{.name = "com1.LSR", .count = 900, .per_second = 9000};
  EXPECT_THAT(headline(facts), HasSubstr("it waits for that device"));
  facts.hottest->count = 3;
  EXPECT_THAT(headline(facts), HasSubstr("spins at"));
  EXPECT_FALSE(guest_rules::spinning(guest({Doing::kernel})));
}

TEST(GuestRules, TroubleInTheMessages) {
  EXPECT_THAT(
      headline(guest({Doing::kernel}, {"watchdog: BUG: soft lockup - CPU#0 stuck for 26s!"})),
      HasSubstr("stood still"));
  EXPECT_THAT(
      headline(guest({Doing::kernel}, {"rcu: INFO: rcu_preempt self-detected stall on CPU"})),
      HasSubstr("stood still"));
  EXPECT_THAT(
      headline(guest({Doing::idle}, {"INFO: task mount:77 blocked for more than 120 seconds."})),
      HasSubstr("does not come: INFO: task mount:77"));
  EXPECT_THAT(headline(guest({Doing::idle}, {"BUG: kernel NULL pointer dereference, address: 08"})),
              HasSubstr("a fault of its own: BUG: kernel NULL"));
  EXPECT_THAT(headline(guest({Doing::idle}, {"Out of memory: Killed process 5 (sh)"})),
              HasSubstr("machine.memory"));
  EXPECT_THAT(headline(guest({Doing::idle}, {"Waiting for root device /dev/vda..."})),
              HasSubstr("waits for its root device"));
  EXPECT_FALSE(guest_rules::waiting_for_root(
      guest({}, {"Waiting for root device /dev/vda...", "VFS: Mounted root (ext4 filesystem)"})));
}

TEST(GuestRules, DevicesAndHost) {
  GuestFacts facts = guest({Doing::waiting_for_device});
  facts.vcpus[0].device = "com1.THR";
  EXPECT_THAT(headline(facts), HasSubstr("vCPU 0 waits for com1.THR, which is too busy"));
  EXPECT_THAT(headline(guest({Doing::not_answering})), HasSubstr("did not come out of the guest"));
  facts = guest({Doing::kernel}, {"booting"});
  facts.kernel_speed = 1.4;
  EXPECT_THAT(headline(facts), HasSubstr("interprets guest kernels (1.4 M instructions/s"));
  facts.kernel_speed = 2500;
  EXPECT_FALSE(guest_rules::slow_kernel(facts));
}

TEST(GuestRules, NothingIsWrong) {
  const Finding idle = find_causes(guest({Doing::idle, Doing::waiting_for_start})).front();
  EXPECT_THAT(idle.text, HasSubstr("nothing is wrong"));
  EXPECT_EQ(idle.weight, Weight::state);
  EXPECT_THAT(headline(guest({Doing::idle, Doing::user})), HasSubstr("vCPU 1 runs a program"));
  EXPECT_THAT(headline(guest({Doing::waiting_for_start})), HasSubstr("no vCPU has been started"));
  EXPECT_FALSE(find_causes(GuestFacts{}).empty());
  GuestFacts ended = guest({Doing::ended});
  ended.end = "it has powered off";
  EXPECT_EQ(headline(ended), "the guest runs no more: it has powered off");
}

}  // namespace
}  // namespace skiff
