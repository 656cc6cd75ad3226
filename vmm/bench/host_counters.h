// What the host knows of a virtual machine's process, turned into a Snapshot.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "vmm/bench/cell_run.h"

namespace skiff::bench {

// The body of GET /v1/exits into `snapshot`; false where it is not what it should be. Pure.
bool parse_exits(std::string_view body, Snapshot& snapshot);

// One line of /proc/PID/task/TID/schedstat: the time on a processor [ns]. Pure.
// Source: Linux Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat".
std::optional<std::uint64_t> parse_schedstat(std::string_view line);

// Of a process, by thread id. Threads that end meanwhile are left out. At most kMostThreads.
inline constexpr std::size_t kMostThreads = 1024;
std::vector<ThreadTime> read_threads(int pid);

// Puts each thread of the process on its processor: the vCPUs on `vcpu_cpus`, one after the other,
// everything else on `other_cpus`. Threads that the host does not let us move stay.
void pin_threads(int pid, const std::vector<int>& vcpu_cpus, const std::vector<int>& other_cpus);

}  // namespace skiff::bench
