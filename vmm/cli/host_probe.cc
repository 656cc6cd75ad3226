#include "vmm/cli/host_probe.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>

#include "vmm/base/error.h"
#include "vmm/base/fd.h"
#include "vmm/kvm/host_facts.h"
#include "vmm/kvm/kvm_system.h"

namespace skiff {
namespace {

using Grade = HostFinding::Grade;

std::string group_name(gid_t id) {
  const struct group* entry = ::getgrgid(id);
  return entry == nullptr ? fmt::format("{}", id) : entry->gr_name;
}

// False where /dev/kvm cannot be opened, with the finding that says why and what mends it.
bool probe_device(HostReport& report) {
  constexpr const char* kDevice = KvmSystem::kDevice;
  struct stat status{};
  if (::stat(kDevice, &status) != 0) {
    report.add(
        "kvm", kDevice, Grade::blocking, "missing",
        "load KVM: `sudo modprobe kvm_intel` or `sudo modprobe kvm_amd`; if that fails, turn "
        "virtualization on in the firmware, or nesting on in the host of this machine");
    return false;
  }
  const std::string group = group_name(status.st_gid);
  const std::string owner = fmt::format("mode {:04o}, group {}", status.st_mode & 07777U, group);
  const Fd fd(::open(kDevice, O_RDWR | O_CLOEXEC));
  if (fd) {
    report.add("kvm", kDevice, Grade::good, owner);
    return true;
  }
  const int error = errno;
  std::string advice = std::generic_category().message(error);
  if (error == EACCES || error == EPERM) {
    advice = (status.st_mode & S_IRGRP) != 0 && (status.st_mode & S_IWGRP) != 0
                 ? fmt::format(
                       "only group \"{}\" may open it: `sudo usermod -aG {} $USER`, then "
                       "log in again",
                       group, group)
                 : fmt::format("give it to a group: `sudo chgrp kvm {0} && sudo chmod 660 {0}`",
                               kDevice);
  } else if (error == ENODEV || error == ENXIO) {
    advice = "the module is not loaded: `sudo modprobe kvm_intel` or `sudo modprobe kvm_amd`";
  }
  report.add("kvm", kDevice, Grade::blocking, fmt::format("cannot be opened ({})", owner), advice);
  return false;
}

void probe_capabilities(const KvmSystem& system, HostReport& report) {
  for (const KvmCapability& capability : used_capabilities()) {
    const int value = system.check_extension(capability.number);
    if (value > 0) {
      report.add("kvm", capability.name, Grade::good, "present", capability.use);
    } else {
      report.add("kvm", capability.name, capability.needed ? Grade::blocking : Grade::missing,
                 "absent", capability.use);
    }
  }
}

void probe_speed(const KvmSystem& system, HostReport& report) {
  // Hardware runs thousands of millions; KVM's instruction emulator one or two.
  constexpr double kInterpreted = 50;
  const auto speed = kernel_code_speed(system);
  if (!speed) {
    report.add("kvm", "kernel code", Grade::missing, "not measured", speed.error());
  } else if (*speed < kInterpreted) {
    report.add("kvm", "kernel code", Grade::missing, fmt::format("{:.1f} M instructions/s", *speed),
               "this KVM interprets guest kernels (a nested host without hardware "
               "virtualization): small programs run well, Linux takes minutes or stops at an "
               "instruction the interpreter lacks");
  } else {
    report.add("kvm", "kernel code", Grade::good, fmt::format("{:.0f} M instructions/s", *speed),
               "the processor runs it itself");
  }
}

}  // namespace

void HostReport::add(std::string_view group, std::string_view name, HostFinding::Grade grade,
                     std::string_view value, std::string_view advice) {
  findings.push_back(
      {std::string(group), std::string(name), grade, std::string(value), std::string(advice)});
}

bool HostReport::usable() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const HostFinding& finding) { return finding.grade == Grade::blocking; });
}

void probe_kvm(HostReport& report) {
  if (!probe_device(report)) return;
  try {
    const KvmSystem system;
    report.add("kvm", "API version", Grade::good, fmt::format("{}", KvmSystem::kApiVersion));
    report.add(
        "kvm", "vCPUs per VM", Grade::good,
        fmt::format("{} at most, {} recommended", system.max_vcpus(), system.recommended_vcpus()));
    probe_capabilities(system, report);
    probe_speed(system, report);
  } catch (const std::exception& error) {
    report.add("kvm", "a test machine", Grade::blocking, "failed", error.what());
  }
}

HostReport probe_host() {
  HostReport report;
  probe_kvm(report);
  probe_memory(report);
  probe_devices(report);
  probe_limits(report);
  return report;
}

}  // namespace skiff
