#include "vmm/machine/why/why_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "vmm/machine/why/guest_rules.h"

namespace skiff {
namespace {

using Doing = VcpuFacts::Doing;

constexpr std::size_t kMostVcpus = 16;      // told one by one
constexpr std::size_t kMostOfVcpus = 3072;  // of all of them [bytes], the last one told aside
constexpr std::size_t kMostStacks = 4;      // vCPUs
constexpr std::size_t kMostExits = 2048;    // of one vCPU [bytes]
constexpr std::size_t kMostHistories = 3;   // vCPUs
constexpr std::size_t kMostText = 1500;     // of a command line, a finding [bytes]

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  return fmt::format("{} ...", text.substr(0, most));
}

std::string_view words(Doing doing) {
  switch (doing) {
    case Doing::user:
      return "runs a program in user mode";
    case Doing::kernel:
      return "runs in the kernel";
    case Doing::spinning:
      return "spins";
    case Doing::idle:
      return "idle";
    case Doing::halted_for_good:
      return "HLT with interrupts off";
    case Doing::waiting_for_start:
      return "waits to be started by the guest";
    case Doing::waiting_for_device:
      return "waits for a busy device";
    case Doing::not_answering:
      return "does not come out of the guest";
    case Doing::ended:
      return "has ended";
    case Doing::unknown:
      return "state not known";
  }
  return "state not known";
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts)
    text += fmt::format("{}{}", text.empty() ? "" : between, part);
  return text;
}

// A part of the page that is cut at its beginning, by whole lines, where it is longer than `most`.
std::string last_lines(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  constexpr std::string_view kCut = "  ...\n";
  if (most <= kCut.size()) return {};
  const std::size_t line = text.find('\n', text.size() - (most - kCut.size()));
  return line == std::string::npos ? std::string()
                                   : fmt::format("{}{}", kCut, text.substr(line + 1));
}

class Page {
 public:
  explicit Page(const GuestFacts& facts) : facts_(facts) {}

  std::string write() {
    findings();
    guest();
    vcpus();
    if (!facts_.interrupts.empty()) text_ += "\n" + last_lines(facts_.interrupts, kMostText);
    hottest();
    const std::string exits = histories();
    const std::size_t used = text_.size() + exits.size();
    messages(used < kMaxWhyPage ? kMaxWhyPage - used : 0);
    text_ += exits;
    if (text_.size() > kMaxWhyPage) text_.resize(text_.rfind('\n', kMaxWhyPage - 1) + 1);
    return std::move(text_);
  }

 private:
  template <typename... Args>
  void print(fmt::format_string<Args...> text, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), text, std::forward<Args>(args)...);
  }

  void findings() {
    bool is_first = true;
    for (const Finding& finding : find_causes(facts_)) {
      print("{}{}\n", is_first ? "" : "  also: ", shortened(finding.text, kMostText / 3));
      is_first = false;
    }
  }

  void guest() {
    print("\nGuest: ");
    if (!facts_.is_linux) {
      print("no Linux kernel was found in its memory");
    } else {
      print("Linux {}",
            facts_.release.empty() ? "(release not known)" : shortened(facts_.release, 100));
      if (facts_.symbols != 0) print(", {} symbols read from its memory", facts_.symbols);
    }
    print("\n       {} {:.1f} s{}\n", facts_.end.empty() ? "runs for" : "ran for",
          std::chrono::duration<double>(facts_.run_time).count(),
          facts_.has_printed ? "" : ", and has printed nothing on any console");
    if (!facts_.end.empty()) print("       {}\n", shortened(facts_.end, kMostText));
    if (!facts_.command_line.empty()) {
      print("Command line{}: {}\n", facts_.command_line_is_guests ? "" : " (as configured)",
            shortened(facts_.command_line, kMostText));
    }
  }

  void vcpus() {
    print("\nvCPUs:\n");
    std::size_t stacks = 0, at = 0;
    const std::size_t end = text_.size() + kMostOfVcpus;
    for (; at < std::min(facts_.vcpus.size(), kMostVcpus) && text_.size() < end; ++at) {
      const VcpuFacts& vcpu = facts_.vcpus[at];
      print("  {:<3} {}", vcpu.id, words(vcpu.doing));
      if (!vcpu.device.empty()) print(": {}", vcpu.device);
      if (vcpu.doing == Doing::idle) print(": {}", facts_.idle_words);
      print("\n");
      if (vcpu.mode.empty() || vcpu.doing == Doing::waiting_for_start) continue;
      print("      at {:#x}{}, {}\n", vcpu.address,
            vcpu.symbol.empty() ? "" : fmt::format(" ({})", shortened(vcpu.symbol, 120)),
            vcpu.mode);
      if (!vcpu.places.empty()) {
        print("      in {} looks: {}\n", vcpu.looks, shortened(joined(vcpu.places, ", "), 300));
      }
      if (!vcpu.stack.empty() && stacks < kMostStacks) {
        ++stacks;
        print("      on its stack: {}\n", shortened(joined(vcpu.stack, " "), 600));
      }
    }
    if (at < facts_.vcpus.size()) print("  ... and {} more\n", facts_.vcpus.size() - at);
  }

  void hottest() {
    if (!facts_.hottest) return;
    print("\nMost exits while it was watched: {} {}, {} a second\n",
          facts_.hottest->is_write ? "writes to" : "reads of", facts_.hottest->name,
          facts_.hottest->per_second);
  }

  std::string histories() const {
    std::string text;
    std::size_t told = 0;
    for (const VcpuFacts& vcpu : facts_.vcpus) {
      if (vcpu.exits.empty() || told++ >= kMostHistories) continue;
      fmt::format_to(std::back_inserter(text), "\nLast exits of vCPU {}, oldest first:\n{}",
                     vcpu.id, last_lines(vcpu.exits, kMostExits));
    }
    return text;
  }

  void messages(std::size_t room) {
    if (facts_.messages.empty()) {
      if (facts_.is_linux) print("\nIts kernel's messages could not be found.\n");
      return;
    }
    const std::string title = "\nLast messages of its kernel, read from its memory:\n";
    if (room <= title.size()) return;
    std::string lines;
    for (const PrintkLine& line : facts_.messages) {
      fmt::format_to(std::back_inserter(lines), "  [{:5}.{:06}] {}\n", line.time_ns / 1'000'000'000,
                     line.time_ns / 1000 % 1'000'000, shortened(line.text, 300));
    }
    text_ += title;
    text_ += last_lines(lines, room - title.size());
  }

  const GuestFacts& facts_;
  std::string text_;
};

}  // namespace

std::string why_page(const GuestFacts& facts) {
  return Page(facts).write();
}

std::string why_headline(const GuestFacts& facts) {
  return shortened(find_causes(facts).front().text, kMostText / 3);
}

}  // namespace skiff
