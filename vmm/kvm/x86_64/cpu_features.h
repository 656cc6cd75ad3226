// The names of x86 CPU features and where CPUID has them, so that a configuration can hide one by
// name. Names are those of /proc/cpuinfo in Linux (with a few synonyms: sse3, lzcnt); KVM's own
// paravirtual features are named as the kernel's documentation names them. Pure data; no KVM
// header. Sources: Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E; Linux
// Documentation/virt/kvm/x86/cpuid.rst.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace skiff {

enum class CpuidRegister : std::uint8_t { eax, ebx, ecx, edx };

struct CpuFeature {
  std::string_view name;
  std::uint32_t leaf;
  std::uint32_t subleaf;
  CpuidRegister reg;
  std::uint8_t bit;  // 0 to 31
};

// Every bit that bears the name: AMD repeats part of leaf 1 in leaf 0x80000001, and kvmclock has
// two generations. Empty where the name is unknown.
std::span<const CpuFeature> cpu_features_named(std::string_view name);
// The first of them, or null.
const CpuFeature* find_cpu_feature(std::string_view name);
// All names once, sorted.
std::span<const std::string_view> cpu_feature_names();

}  // namespace skiff
