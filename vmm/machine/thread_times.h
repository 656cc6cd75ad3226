// How much processor time each thread of this process has had, as the kernel has counted it; asked
// when somebody wants to know, never by itself.
// Thread rule: any thread; no state is kept.
// Source: proc_pid_stat(5): comm (2), utime (14), stime (15), guest_time (43).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "vmm/machine/machine_stats.h"

namespace skiff {

// One line of /proc/PID/task/TID/stat; nothing if it is none. `tick`: the unit of its times. [ns]
std::optional<ThreadStats> parse_thread_stat(std::string_view line, std::uint64_t tick);

// By thread id, the main thread first. Threads that end meanwhile are left out; without /proc there
// are none. The kernel tells times in ticks of 10 ms.
std::vector<ThreadStats> thread_times();

}  // namespace skiff
