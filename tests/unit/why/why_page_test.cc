// The page: the headline first, everything within its bound whatever the guest holds.
#include "vmm/machine/why/why_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skiff {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

GuestFacts linux_guest() {
  GuestFacts facts;
  facts.run_time = std::chrono::milliseconds(12'300);
  facts.is_linux = true;
  facts.release = "6.1.0-9-test";
  facts.symbols = 1234;
  facts.command_line = "quiet";
  facts.command_line_is_guests = true;
  facts.idle_words = "a chair";
  facts.vcpus.push_back({.id = 0,
                         .doing = VcpuFacts::Doing::idle,
                         .mode = "64-bit mode, ring 0",
                         .address = 0x1234,
                         .symbol = "default_idle+0xb"});
  facts.messages.push_back(
      {.sequence = 0, .time_ns = 3'052'535'000, .level = 6, .text = "Run /init"});
  return facts;
}

TEST(WhyPage, HeadlineFirstThenTheFacts) {
  const std::string page = why_page(linux_guest());
  EXPECT_THAT(page,
              StartsWith("the guest prints nothing because its command line has no console="));
  EXPECT_THAT(page, HasSubstr("  also: the guest is idle: every vCPU waits in a chair for"));
  EXPECT_THAT(page, HasSubstr("  0   idle: a chair\n"));
  EXPECT_THAT(page, HasSubstr("Linux 6.1.0-9-test, 1234 symbols read from its memory"));
  EXPECT_THAT(page, HasSubstr("runs for 12.3 s, and has printed nothing"));
  EXPECT_THAT(page, HasSubstr("Command line: quiet"));
  EXPECT_THAT(page, HasSubstr("at 0x1234 (default_idle+0xb), 64-bit mode, ring 0"));
  EXPECT_THAT(page, HasSubstr("  [    3.052535] Run /init\n"));
  EXPECT_EQ(page.substr(0, page.find('\n')), why_headline(linux_guest()));
}

TEST(WhyPage, SaysWhichInterruptsWaitWhereThatIsKnown) {
  GuestFacts facts = linux_guest();
  EXPECT_THAT(why_page(facts), testing::Not(HasSubstr("PIC")));
  facts.interrupts = "PIC: IRQ 4 waits, masked\n";
  EXPECT_THAT(why_page(facts), HasSubstr("\nPIC: IRQ 4 waits, masked\n"));
}

TEST(WhyPage, IsBounded) {
  GuestFacts facts = linux_guest();
  const std::string much(5000, 'x');
  facts.interrupts = much + '\n' + much;
  facts.command_line = facts.release = facts.end = much;
  facts.vcpus.assign(64, facts.vcpus[0]);
  for (VcpuFacts& vcpu : facts.vcpus) {
    vcpu.doing = VcpuFacts::Doing::kernel;
    vcpu.symbol = much;
    vcpu.places.assign(10, much);
    vcpu.stack.assign(50, much);
    for (int line = 0; line < 200; ++line)
      vcpu.exits += "  port I/O  read  1 byte   com1.LSR -> 0x60\n";
  }
  for (int line = 0; line < 500; ++line)
    facts.messages.push_back({.sequence = 0, .time_ns = 0, .level = 0, .text = much});
  facts.messages.back().text = "Kernel panic - not syncing: " + much;
  const std::string page = why_page(facts);
  EXPECT_LE(page.size(), kMaxWhyPage);
  EXPECT_GT(page.size(), kMaxWhyPage / 2);
  EXPECT_THAT(page, StartsWith("the guest's kernel has panicked: xxx"));
  EXPECT_THAT(page, EndsWith("\n"));
  EXPECT_THAT(page, HasSubstr("] Kernel panic - not syncing"));  // the last message, not the first
}

TEST(WhyPage, OfNothing) {
  EXPECT_THAT(why_page(GuestFacts{}), HasSubstr("no Linux kernel was found"));
}

}  // namespace
}  // namespace skiff
