#include "vmm/boot/aarch64/device_tree_cpus.h"

#include <fmt/format.h>

#include <algorithm>

namespace skiff::arm64 {
namespace {

// Phandles of processors begin here: below are those of devices (device_tree.cc).
constexpr std::uint32_t kFirstCpu = 16;

void name_cpu(FdtWriter& fdt, std::size_t index) {
  fdt.cells("cpu", {kFirstCpu + static_cast<std::uint32_t>(index)});
}

// cpu-topology.txt: sockets have clusters, those cores, those threads if there is more than one.
// Every number counts from 0 in its parent.
void write_cpu_map(FdtWriter& fdt, std::size_t count, const DeviceTreeTopology& topology) {
  const std::size_t threads = std::max(topology.threads_per_core, 1U);
  const std::size_t per_socket = threads * std::max(topology.cores_per_socket, 1U);
  fdt.begin_node("cpu-map");
  for (std::size_t first = 0; first < count; first += per_socket) {
    fdt.begin_node(fmt::format("socket{}", first / per_socket));
    fdt.begin_node("cluster0");
    const std::size_t end = std::min(first + per_socket, count);
    for (std::size_t core = first; core < end; core += threads) {
      fdt.begin_node(fmt::format("core{}", (core - first) / threads));
      if (threads == 1) name_cpu(fdt, core);
      for (std::size_t cpu = core; threads > 1 && cpu < std::min(core + threads, end); ++cpu) {
        fdt.begin_node(fmt::format("thread{}", cpu - core));
        name_cpu(fdt, cpu);
        fdt.end_node();
      }
      fdt.end_node();
    }
    fdt.end_node();
    fdt.end_node();
  }
  fdt.end_node();
}

}  // namespace

void write_cpus(FdtWriter& fdt, std::span<const std::uint64_t> mpidrs,
                const DeviceTreeTopology& topology) {
  fdt.begin_node("cpus");
  fdt.cells("#address-cells", {2});
  fdt.cells("#size-cells", {0});
  write_cpu_map(fdt, mpidrs.size(), topology);
  for (std::size_t index = 0; index < mpidrs.size(); ++index) {
    fdt.begin_node(fmt::format("cpu@{:x}", mpidrs[index]));
    fdt.property("device_type", "cpu");
    fdt.property("compatible", "arm,armv8");
    fdt.wide("reg", {mpidrs[index]});
    fdt.property("enable-method", "psci");
    fdt.cells("phandle", {kFirstCpu + static_cast<std::uint32_t>(index)});
    fdt.end_node();
  }
  fdt.end_node();
  fdt.begin_node("psci");
  fdt.property("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
  fdt.property("method", "hvc");
  fdt.end_node();
}

}  // namespace skiff::arm64
