// What of this host the numbers depend on.
#pragma once

#include <string>
#include <vector>

#include "vmm/bench/report.h"

namespace skiff::bench {

// CPU, how many, frequency governor, kernel, mitigations, kind of KVM, halt polling, load.
HostFacts host_facts();

// What is known of how this KVM runs guests. Each architecture has its own.
std::string kvm_kind();
// At most 64 KiB, without the last newlines; empty where there is no such file.
std::string read_text(const std::string& path);

// Of /proc/cpuinfo: the first "model name". Pure.
std::string cpu_model(std::string_view cpuinfo);
// Of the files of /sys/devices/system/cpu/vulnerabilities, as name and text: what is mitigated,
// in one line. Pure.
std::string mitigations_text(const std::vector<std::pair<std::string, std::string>>& files);

// Processors this process may run on.
std::vector<int> allowed_cpus();

// The first for the vCPU (for two vCPUs the first two), the rest for everything else; with two
// processors and two vCPUs the second is for both. Nothing is pinned where there is only one. Pure.
struct Pinning {
  std::vector<int> vcpus{};
  std::vector<int> others{};
};
Pinning pinning_of(const std::vector<int>& cpus, std::uint32_t vcpus);
std::string to_text(const Pinning& pinning);

}  // namespace skiff::bench
