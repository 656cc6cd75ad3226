#include <fmt/format.h>

#include <filesystem>

#include "vmm/bench/host_facts.h"

namespace skiff::bench {

namespace fs = std::filesystem;

std::string kvm_kind() {
  for (const char* const kind : {"kvm_intel", "kvm_amd", "kvm_pvm"}) {
    if (fs::exists(fmt::format("/sys/module/{}", kind))) return kind;
  }
  const std::string info = read_text("/proc/cpuinfo");
  const bool has_flag =
      info.find(" vmx") != std::string::npos || info.find(" svm") != std::string::npos;
  return has_flag ? "by the processor's virtualization"
                  : "no virtualization flag in /proc/cpuinfo: a KVM by page tables";
}

}  // namespace skiff::bench
