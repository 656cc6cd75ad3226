// What was seen of a guest in a tenth of a second: plain data, from which the rules (guest_rules.h)
// draw conclusions and the page (why_page.h) is written. Strings are printable: what a guest wrote
// was cleaned when it was read.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmm/linux_guest/printk_ring.h"

namespace skiff {

struct VcpuFacts {
  enum class Doing {
    user,                // runs a program
    kernel,              // runs in the kernel, in several places
    spinning,            // runs, and was met within a few instructions every time
    idle,                // waits for an interrupt: GuestFacts::idle_words
    halted_for_good,     // HLT with interrupts off: only an NMI or a reset wakes it
    waiting_for_start,   // not started by the guest
    waiting_for_device,  // an access that a device is too busy for
    not_answering,       // Skiff's own thread did not come out of an access or of KVM in time
    ended,               // its thread has left the guest for good
    unknown,             // no registers
  };

  std::uint32_t id = 0;
  Doing doing = Doing::unknown;
  std::string mode{};                 // "64-bit mode, ring 0, 4-level paging, interrupts on"
  std::uint64_t address = 0;          // of the next instruction, at the last look
  std::string symbol{};               // its name; empty: not known
  std::string device{};               // waiting_for_device: the register, "com1.THR"
  std::size_t looks = 0;              // how often it was looked at
  std::vector<std::string> places{};  // where it was, with counts; running ones only
  std::vector<std::string> stack{};   // names of kernel addresses on its stack, the newest first
  std::string exits{};                // the last ones, a line each (exit_history.h)
};

// The register with the most exits while the guest was watched.
struct HotRegister {
  std::string name{};      // "com1.THR", "port 0x1234"
  bool is_claimed = true;  // false: no device is there
  bool is_write = false;
  std::uint64_t count = 0;  // exits
  std::uint64_t per_second = 0;
};

struct DiskFacts {
  std::string path{};
  bool is_mmio = false;  // virtio-mmio rather than PCI
};

struct GuestFacts {
  std::chrono::nanoseconds run_time{0};
  bool has_printed = false;  // anything, on any console
  std::string end{};         // how it ended, in words; empty: it runs
  std::vector<VcpuFacts> vcpus{};
  std::string idle_words{};  // how one waits for an interrupt: "HLT with interrupts on"
  std::optional<HotRegister> hottest{};
  // What waits in interrupt controllers that live in Skiff: lines; empty: none do.
  std::string interrupts{};
  // Millions of instructions a second that KVM does for kernel code; nothing: not measured.
  std::optional<double> kernel_speed{};
  // Of the configuration.
  bool has_initrd = false;
  std::vector<DiskFacts> disks{};
  bool has_virtio_console = false;
  // Of a Linux guest.
  bool is_linux = false;    // a kernel was found in memory
  std::size_t symbols = 0;  // that the guest's own table has
  std::string release{};
  std::string command_line{};  // what the guest got; of the configuration where that is not known
  bool command_line_is_guests = false;
  std::vector<PrintkLine> messages{};  // oldest first
};

}  // namespace skiff
