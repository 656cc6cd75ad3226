// The arithmetic of one run of a cell: counters and cycles to numbers per request. Pure.
//
// Left out by name is COM1, by which the guest and the runner talk between the two snapshots: its
// exits are neither the device's nor the guest's loop's. Its scratch register is no part of that
// talk: bench-doorbell writes to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/bench/cell_run.h"
#include "vmm/bench/metrics.h"

namespace skiff::bench {

bool is_talk(const ExitCount& row);

enum class ThreadRole : std::uint8_t { vcpu, io, other };
// By the name the host shows: "vcpu0", "skiff/io0"; QEMU's are "CPU 0/KVM", "IO io0"; Firecracker's
// "fc_vcpu 0", "firecracker" (which does all I/O); Cloud Hypervisor's "vcpu0", "_disk0_q0".
// The kernel's "iou-wrk-1234" do a process's io_uring requests that would have blocked it.
ThreadRole role_of(std::string_view thread_name);
// Without what differs from start to start.
std::string label_of(std::string_view thread_name);

struct ExitRate {
  std::string reason;
  std::string device;
  std::string reg;
  std::string direction;
  double per_request = 0;
  double ns = 0;  // of Skiff, each
};
struct KvmRate {
  std::string name;
  double per_request = 0;
};
struct ThreadRate {
  std::string name;
  double user_us = 0;  // per request
  double kernel_us = 0;
};

struct Figures {
  PerMetric<double> metrics;
  std::vector<ExitRate> exits;      // that happened, the most first
  std::vector<KvmRate> kvm;         // in KVM's order, without what stood still
  std::vector<ThreadRate> threads;  // those that ran, in the process's order, by label
};

// `run` has numbers. Counters that went backwards (a guest that lies, a machine that was reset)
// count as nothing.
// `measures_com1`: the cell is about COM1 itself, whose exits are counted then.
Figures figures_of(const CellRun& run, bool measures_com1 = false);

// Cycles of a counter of `tsc_khz`. 0 kHz gives 0.
double ns_of_cycles(std::uint64_t cycles, std::uint64_t tsc_khz);

}  // namespace skiff::bench
