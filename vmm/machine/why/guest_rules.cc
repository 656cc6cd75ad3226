#include "vmm/machine/why/guest_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace skiff {
namespace {

using Doing = VcpuFacts::Doing;
using Weight = Finding::Weight;
using Rule = std::optional<Finding> (*)(const GuestFacts&);

// Fewer exits than these in a tenth of a second are no loop.
constexpr std::uint64_t kHotExits = 20;

constexpr Rule kRules[] = {
    guest_rules::no_root_device,
    guest_rules::no_init,
    guest_rules::init_died,
    guest_rules::kernel_panic,
    guest_rules::halted_for_good,
    guest_rules::no_console,
    guest_rules::waiting_for_root,
    guest_rules::not_answering,
    guest_rules::busy_device,
    guest_rules::device_spin,
    guest_rules::stalled_processor,
    guest_rules::kernel_oops,
    guest_rules::hung_task,
    guest_rules::out_of_memory,
    guest_rules::spinning,
    guest_rules::slow_kernel,
    guest_rules::running,
    guest_rules::idle,
    guest_rules::ended,
};

// "vCPU 1", "vCPUs 0, 2"; at most eight of them by number.
std::string names(const std::vector<const VcpuFacts*>& vcpus) {
  constexpr std::size_t kMost = 8;
  std::string text = vcpus.size() == 1 ? "vCPU " : "vCPUs ";
  for (std::size_t at = 0; at < std::min(vcpus.size(), kMost); ++at)
    text += fmt::format("{}{}", at == 0 ? "" : ", ", vcpus[at]->id);
  if (vcpus.size() > kMost) text += fmt::format(" and {} more", vcpus.size() - kMost);
  return text;
}

std::vector<const VcpuFacts*> those(const GuestFacts& facts, Doing doing) {
  std::vector<const VcpuFacts*> found;
  for (const VcpuFacts& vcpu : facts.vcpus) {
    if (vcpu.doing == doing) found.push_back(&vcpu);
  }
  return found;
}

std::string place(const VcpuFacts& vcpu) {
  if (vcpu.symbol.empty()) return fmt::format("{:#x}", vcpu.address);
  return fmt::format("{} ({:#x})", vcpu.symbol, vcpu.address);
}

// Waiting for something to do, or not in use.
bool rests(const VcpuFacts& vcpu) {
  return vcpu.doing == Doing::idle || vcpu.doing == Doing::waiting_for_start;
}

}  // namespace

std::vector<Finding> find_causes(const GuestFacts& facts) {
  std::vector<Finding> found;
  for (const Rule rule : kRules) {
    if (auto finding = rule(facts)) found.push_back(std::move(*finding));
  }
  std::vector<Finding> findings;
  for (const Weight weight : {Weight::fatal, Weight::cause, Weight::trouble, Weight::state}) {
    for (Finding& finding : found) {
      if (finding.weight == weight) findings.push_back(std::move(finding));
    }
  }
  if (findings.empty())
    findings.push_back({Weight::state, "nothing Skiff has a rule for: the facts are below"});
  return findings;
}

namespace guest_rules {

std::optional<Finding> halted_for_good(const GuestFacts& facts) {
  if (!facts.end.empty()) return std::nullopt;
  const auto halted = those(facts, Doing::halted_for_good);
  if (halted.empty()) return std::nullopt;
  const bool all = std::ranges::all_of(facts.vcpus, [](const VcpuFacts& vcpu) {
    return vcpu.doing == Doing::halted_for_good || vcpu.doing == Doing::waiting_for_start;
  });
  // A Linux guest parks processors so that it has taken off, or stopped for a panic.
  if (!all && facts.is_linux) {
    return Finding{
        Weight::trouble,
        fmt::format("{} wait{} in HLT with interrupts off: the guest has parked {} (taken "
                    "offline, or stopped by a panic)",
                    names(halted), halted.size() == 1 ? "s" : "",
                    halted.size() == 1 ? "it" : "them")};
  }
  return Finding{
      all ? Weight::fatal : Weight::trouble,
      fmt::format("{} wait{} in HLT with interrupts off, at {}: no interrupt wakes {} any "
                  "more, only an NMI or a reset",
                  names(halted), halted.size() == 1 ? "s" : "", place(*halted.front()),
                  halted.size() == 1 ? "it" : "them")};
}

std::optional<Finding> device_spin(const GuestFacts& facts) {
  if (!facts.hottest || facts.hottest->count < kHotExits) return std::nullopt;
  const HotRegister& hot = *facts.hottest;
  const char* const how = hot.is_write ? "writes to" : "reads";
  if (!hot.is_claimed) {
    return Finding{Weight::cause,
                   fmt::format("the guest {} {} over and over ({} times a second), where no device "
                               "is: it {}",
                               how, hot.name, hot.per_second,
                               hot.is_write ? "speaks to a device this machine does not have"
                                            : "waits for a device this machine does not have")};
  }
  const auto spins = those(facts, Doing::spinning);
  if (spins.empty() || hot.is_write) return std::nullopt;
  return Finding{Weight::cause,
                 fmt::format("the guest {} {} over and over ({} times a second): it waits for that "
                             "device",
                             how, hot.name, hot.per_second)};
}

std::optional<Finding> spinning(const GuestFacts& facts) {
  const auto spins = those(facts, Doing::spinning);
  if (spins.empty()) return std::nullopt;
  return Finding{Weight::trouble,
                 fmt::format("{} spin{} at {}: met within a few instructions at each of {} looks{}",
                             names(spins), spins.size() == 1 ? "s" : "", place(*spins.front()),
                             spins.front()->looks,
                             spins.front()->mode.find("interrupts off") != std::string::npos
                                 ? ", with interrupts off"
                                 : "")};
}

std::optional<Finding> busy_device(const GuestFacts& facts) {
  const auto busy = those(facts, Doing::waiting_for_device);
  if (busy.empty()) return std::nullopt;
  return Finding{
      Weight::cause,
      fmt::format("{} wait{} for {}, which is too busy to take the access (for a console: "
                  "nobody reads its output)",
                  names(busy), busy.size() == 1 ? "s" : "", busy.front()->device)};
}

std::optional<Finding> not_answering(const GuestFacts& facts) {
  const auto stuck = those(facts, Doing::not_answering);
  if (stuck.empty()) return std::nullopt;
  return Finding{
      Weight::cause,
      fmt::format("{} did not come out of the guest within a second: the host's kernel or "
                  "a device of Skiff keeps the thread, or the host is overloaded",
                  names(stuck))};
}

std::optional<Finding> slow_kernel(const GuestFacts& facts) {
  // Processors do thousands; KVM's instruction emulator one or two.
  constexpr double kInterpreted = 50;
  // Small programs run well all the same.
  if (!facts.is_linux && !facts.has_initrd) return std::nullopt;
  if (!facts.kernel_speed || *facts.kernel_speed >= kInterpreted) return std::nullopt;
  return Finding{
      Weight::trouble,
      fmt::format("this host's KVM interprets guest kernels ({:.1f} M instructions/s, see "
                  "`skiff check`): a Linux kernel takes minutes here, if it gets there",
                  *facts.kernel_speed)};
}

std::optional<Finding> running(const GuestFacts& facts) {
  const auto user = those(facts, Doing::user);
  const auto kernel = those(facts, Doing::kernel);
  if (user.empty() && kernel.empty()) return std::nullopt;
  std::string text = "the guest works:";
  if (!user.empty()) {
    text += fmt::format(" {} run{} a program", names(user), user.size() == 1 ? "s" : "");
  }
  if (!kernel.empty()) {
    text += fmt::format("{} {} run{} in the kernel, last at {}", user.empty() ? "" : ",",
                        names(kernel), kernel.size() == 1 ? "s" : "", place(*kernel.front()));
  }
  return Finding{Weight::state, std::move(text)};
}

std::optional<Finding> ended(const GuestFacts& facts) {
  if (facts.end.empty()) return std::nullopt;
  return Finding{Weight::state, fmt::format("the guest runs no more: {}", facts.end)};
}

std::optional<Finding> idle(const GuestFacts& facts) {
  if (!facts.end.empty() || facts.vcpus.empty()) return std::nullopt;
  if (!std::ranges::all_of(facts.vcpus, rests)) return std::nullopt;
  const bool one_runs = std::ranges::any_of(
      facts.vcpus, [](const VcpuFacts& vcpu) { return vcpu.doing == Doing::idle; });
  if (!one_runs) {
    return Finding{Weight::trouble, "no vCPU has been started"};
  }
  return Finding{
      Weight::state,
      fmt::format("the guest is idle: every vCPU waits in {} for something to do (as at a prompt); "
                  "nothing is wrong with that",
                  facts.idle_words)};
}

}  // namespace guest_rules

}  // namespace skiff
