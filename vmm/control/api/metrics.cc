#include "vmm/control/api/metrics.h"

#include <fmt/core.h>

#include <iterator>
#include <map>
#include <string_view>

#include "vmm/control/api/vm_json.h"

namespace skiff {
namespace {

// What a label's value may not have as it is.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

double seconds(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

class Page {
 public:
  // Begins a family; its samples follow.
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(out_), "# HELP skiff_{0} {1}\n# TYPE skiff_{0} {2}\n", name,
                   help, type);
  }
  template <typename Number>
  void sample(std::string_view labels, Number value) {
    fmt::format_to(std::back_inserter(out_), "skiff_{}{}{}{} {}\n", name_,
                   labels.empty() ? "" : "{", labels, labels.empty() ? "" : "}", value);
  }
  template <typename Number>
  void one(std::string_view name, std::string_view type, std::string_view help, Number value) {
    family(name, type, help);
    sample("", value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::string_view name_;
};

void add_vm(Page& page, const VmInfo& info) {
  page.family("vm_info", "gauge", "Always 1; the labels say which VM this is.");
  page.sample(fmt::format("name=\"{}\",kernel=\"{}\"", escaped(info.name), escaped(info.kernel)),
              1);
  page.family("vm_state", "gauge", "1 for the state the VM is in.");
  for (const VmState state : {VmState::running, VmState::paused, VmState::ended}) {
    page.sample(fmt::format("state=\"{}\"", to_text(state)), state == info.state ? 1 : 0);
  }
  page.one("vcpus", "gauge", "vCPUs of the guest.", info.vcpus);
  page.one("memory_bytes", "gauge", "Memory of the guest.", info.memory);
  page.one("uptime_seconds", "gauge", "Time since the machine that runs now was started.",
           seconds(static_cast<std::uint64_t>(info.uptime.count())));
  page.one("resets_total", "counter", "Machines before the one that runs now.", info.resets);
  page.one("cpu_seconds_total", "counter", "Processor time of the whole process.",
           seconds(info.cpu_ns));
}

void add_exits(Page& page, const LedgerReport& exits) {
  const auto label = [](const LedgerReport::Reason& reason) {
    return fmt::format("reason=\"{}\"", escaped(reason_name(reason.reason, reason.is_catch_all)));
  };
  page.family("exits_total", "counter",
              "Exits to user space by reason; they begin again with a reset.");
  for (const auto& reason : exits.reasons)
    page.sample(label(reason), reason.exits.count);
  page.family("exit_seconds_total", "counter", "Skiff's own time in exits by reason.");
  for (const auto& reason : exits.reasons)
    page.sample(label(reason), seconds(reason.exits.total_ns));
  page.family("vcpu_exits_total", "counter", "Exits to user space by vCPU.");
  for (std::size_t id = 0; id < exits.vcpus.size(); ++id)
    page.sample(fmt::format("vcpu=\"{}\"", id), exits.vcpus[id].count);
}

void add_queues(Page& page, const MachineStats& stats, std::string_view name, std::string_view help,
                std::uint64_t QueueStats::* number) {
  page.family(name, "counter", help);
  for (const DeviceStats& device : stats.devices) {
    for (const QueueStats& queue : device.queues) {
      page.sample(fmt::format("device=\"{}\",queue=\"{}\"", escaped(device.name), queue.index),
                  queue.*number);
    }
  }
}

void add_devices(Page& page, const MachineStats& stats) {
  add_queues(page, stats, "device_notifications_total", "Doorbells that reached the device.",
             &QueueStats::notifications);
  add_queues(page, stats, "device_requests_total", "Requests taken from the queue.",
             &QueueStats::requests);
  add_queues(page, stats, "device_interrupts_total", "Interrupts sent for the queue.",
             &QueueStats::interrupts);
  page.family("device_guest_faults_total", "counter", "Mistakes of the device's driver.");
  for (const DeviceStats& device : stats.devices)
    page.sample(fmt::format("device=\"{}\"", escaped(device.name)), device.guest_faults);
  page.family("device_needs_reset", "gauge", "1: broken by its driver, and not reset since.");
  for (const DeviceStats& device : stats.devices)
    page.sample(fmt::format("device=\"{}\"", escaped(device.name)), device.needs_reset ? 1 : 0);
}

void add_threads(Page& page, const MachineStats& stats) {
  // Threads may share a name; a series may be there only once.
  std::map<std::string, ThreadStats> by_name;
  for (const ThreadStats& thread : stats.threads) {
    ThreadStats& sum = by_name[thread.name];
    sum.user_ns += thread.user_ns;
    sum.system_ns += thread.system_ns;
    sum.guest_ns += thread.guest_ns;
  }
  page.family("thread_cpu_seconds_total", "counter", "Processor time of a thread by mode.");
  for (const auto& [name, thread] : by_name) {
    const std::string label = fmt::format("thread=\"{}\"", escaped(name));
    page.sample(label + ",mode=\"user\"", seconds(thread.user_ns));
    page.sample(label + ",mode=\"system\"", seconds(thread.system_ns));
    page.sample(label + ",mode=\"guest\"", seconds(thread.guest_ns));
  }
}

}  // namespace

std::string metrics_text(const VmInfo& info, const LedgerReport& exits, const MachineStats& stats) {
  Page page;
  add_vm(page, info);
  add_exits(page, exits);
  add_devices(page, stats);
  add_threads(page, stats);
  return page.take();
}

}  // namespace skiff
