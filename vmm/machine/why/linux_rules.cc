// The rules about Linux guests: what their messages and command line say.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "vmm/machine/why/guest_rules.h"

namespace skiff::guest_rules {
namespace {

using Weight = Finding::Weight;

constexpr std::string_view kPanic = "Kernel panic - not syncing: ";

// The last message that has `text` in it; null if none has.
const PrintkLine* last_with(const GuestFacts& facts, std::string_view text) {
  for (auto line = facts.messages.rbegin(); line != facts.messages.rend(); ++line) {
    if (line->text.find(text) != std::string::npos) return &*line;
  }
  return nullptr;
}

// From `text` on.
std::string from(const PrintkLine& line, std::string_view text) {
  return line.text.substr(line.text.find(text));
}

// The value of the last `key=` on the command line; nothing if there is none.
std::optional<std::string_view> parameter(const GuestFacts& facts, std::string_view key) {
  std::optional<std::string_view> found;
  const std::string_view all = facts.command_line;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find(' ', at), all.size());
    const std::string_view word = all.substr(at, end - at);
    if (word == "--") break;
    if (word.starts_with(key) && word.substr(key.size()).starts_with('='))
      found = word.substr(key.size() + 1);
    at = end + 1;
  }
  return found;
}

// What a kernel without a root device lacks, as far as the configuration tells.
std::string root_advice(const GuestFacts& facts) {
  if (facts.disks.empty()) {
    return facts.has_initrd ? "no [[disk]] is configured, and nothing in the initramfs was an /init"
                            : "neither a [[disk]] nor boot.initrd is configured";
  }
  const bool is_mmio = std::ranges::all_of(facts.disks, &DiskFacts::is_mmio);
  const std::string modules = is_mmio ? "virtio_mmio and virtio_blk" : "virtio_pci and virtio_blk";
  return fmt::format(
      "the kernel has no driver for {} (virtio-blk on {}): where {} are modules, as "
      "in distribution kernels, they must come in boot.initrd{}",
      facts.disks.size() == 1 ? facts.disks.front().path : "the configured disks",
      is_mmio ? "virtio-mmio" : "PCI", modules,
      facts.has_initrd ? ", which is there but did not load them" : "");
}

}  // namespace

std::optional<Finding> no_root_device(const GuestFacts& facts) {
  const PrintkLine* const line = last_with(facts, "VFS: Unable to mount root fs");
  if (line == nullptr) return std::nullopt;
  const auto root = parameter(facts, "root");
  const std::string device = root ? fmt::format(" ({})", *root) : ": no root= was given";
  // (0,0) is a device that the kernel does not know; others are there and hold something else.
  if (line->text.find("unknown-block(0,0)") != std::string::npos ||
      line->text.find("\"\"") != std::string::npos) {
    return Finding{Weight::fatal,
                   fmt::format("the kernel has panicked for want of a root device{}: {}", device,
                               root_advice(facts))};
  }
  return Finding{Weight::fatal,
                 fmt::format("the kernel has panicked: it has the root device{} but can mount no "
                             "file system on it (a partition table where root= names the whole "
                             "disk, a file system whose driver is a module, or a damaged one)",
                             device)};
}

std::optional<Finding> no_init(const GuestFacts& facts) {
  if (last_with(facts, "No working init found") == nullptr &&
      last_with(facts, "Requested init") == nullptr)
    return std::nullopt;
  return Finding{Weight::fatal,
                 "the kernel has panicked because it found no program to start: the root file "
                 "system or the initramfs has no /init or /sbin/init that runs here (missing, not "
                 "executable, for another processor, or its interpreter or libraries are missing)"};
}

std::optional<Finding> init_died(const GuestFacts& facts) {
  const PrintkLine* const line = last_with(facts, "Attempted to kill init!");
  if (line == nullptr) return std::nullopt;
  return Finding{Weight::fatal,
                 fmt::format("the kernel has panicked because its first program ended: {}",
                             from(*line, "Attempted"))};
}

std::optional<Finding> kernel_panic(const GuestFacts& facts) {
  const PrintkLine* const line = last_with(facts, kPanic);
  if (line == nullptr || no_root_device(facts) || no_init(facts) || init_died(facts))
    return std::nullopt;
  return Finding{Weight::fatal, fmt::format("the guest's kernel has panicked: {}",
                                            from(*line, kPanic).substr(kPanic.size()))};
}

std::optional<Finding> waiting_for_root(const GuestFacts& facts) {
  const PrintkLine* const line = last_with(facts, "Waiting for root device");
  if (line == nullptr || last_with(facts, "VFS: Mounted root") != nullptr) return std::nullopt;
  return Finding{Weight::cause,
                 fmt::format("the kernel waits for its root device ({}): {}",
                             parameter(facts, "root").value_or("?"), root_advice(facts))};
}

std::optional<Finding> no_console(const GuestFacts& facts) {
  // A guest that was heard has one, whatever its command line says.
  if (facts.has_printed || !facts.is_linux) return std::nullopt;
  const auto console = parameter(facts, "console");
  if (!console) {
    return Finding{
        Weight::cause,
        "the guest prints nothing because its command line has no console=: Linux speaks "
        "to a screen that is not there; add console=ttyS0 to boot.cmdline"};
  }
  if (console->starts_with("hvc") && !facts.has_virtio_console) {
    return Finding{
        Weight::cause,
        fmt::format("the guest prints nothing because console={} is a virtio console and "
                    "no [[virtio_console]] is configured",
                    *console)};
  }
  if (console->starts_with("tty") && !console->starts_with("ttyS")) {
    return Finding{
        Weight::cause,
        fmt::format("the guest prints nothing because console={} is a screen, which this "
                    "machine does not have; the last console= should be ttyS0",
                    *console)};
  }
  return std::nullopt;
}

std::optional<Finding> kernel_oops(const GuestFacts& facts) {
  for (const std::string_view text :
       {"BUG: kernel NULL pointer", "BUG: unable to handle", "general protection fault",
        "kernel BUG at", "Oops:", "invalid opcode:"}) {
    if (const PrintkLine* const line = last_with(facts, text)) {
      return Finding{Weight::trouble, fmt::format("the guest's kernel has reported a fault of its "
                                                  "own: {}",
                                                  from(*line, text))};
    }
  }
  return std::nullopt;
}

std::optional<Finding> stalled_processor(const GuestFacts& facts) {
  for (const std::string_view text :
       {"soft lockup - CPU", "hard LOCKUP", "self-detected stall", "detected stalls on CPUs"}) {
    if (const PrintkLine* const line = last_with(facts, text)) {
      return Finding{Weight::trouble,
                     fmt::format("a processor of the guest stood still for seconds ({}): the guest "
                                 "loops with interrupts or preemption off, or the host did not run "
                                 "its vCPU",
                                 line->text)};
    }
  }
  return std::nullopt;
}

std::optional<Finding> hung_task(const GuestFacts& facts) {
  const PrintkLine* const line = last_with(facts, "blocked for more than");
  if (line == nullptr) return std::nullopt;
  return Finding{Weight::trouble,
                 fmt::format("a task of the guest waits for a device or a lock that "
                             "does not come: {}",
                             line->text)};
}

std::optional<Finding> out_of_memory(const GuestFacts& facts) {
  const PrintkLine* const line = last_with(facts, "Out of memory:");
  if (line == nullptr) return std::nullopt;
  return Finding{Weight::trouble,
                 fmt::format("the guest has run out of memory ({}); machine.memory can be larger",
                             from(*line, "Out of memory:"))};
}

}  // namespace skiff::guest_rules
