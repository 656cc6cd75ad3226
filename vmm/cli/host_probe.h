// `skiff check` without a configuration: what this host offers to virtual machines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skiff {

struct HostFinding {
  enum class Grade {
    good,
    missing,   // something is slower or not possible without it
    blocking,  // no machine can run
    note,      // a fact without a judgement
  };

  std::string group;  // "kvm", "memory", "devices", "limits"
  std::string name;   // "/dev/kvm", "KVM_CAP_IRQFD"
  Grade grade = Grade::note;
  std::string value;   // what was found: "version 12", "present"
  std::string advice;  // what to do or what it means; empty where there is nothing to say
};

struct HostReport {
  std::vector<HostFinding> findings;

  void add(std::string_view group, std::string_view name, HostFinding::Grade grade,
           std::string_view value, std::string_view advice = {});
  // No finding is blocking.
  bool usable() const;
};

// Looks at everything; takes about 0.1 s, most of it the measurement of ring-0 code. Throws
// nothing: what fails is a finding.
HostReport probe_host();
// Parts of it, each adding its findings.
void probe_kvm(HostReport& report);
void probe_memory(HostReport& report);
void probe_devices(HostReport& report);
void probe_limits(HostReport& report);

// For people, with marks in UTF-8 or ASCII; and for programs.
std::string host_report_table(const HostReport& report, bool utf8);
std::string host_report_json(const HostReport& report);

// The command: prints the report; 0 if machines can run, else exit_status::kHost.
int check_host(bool json);

}  // namespace skiff
