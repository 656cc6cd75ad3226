#include <fmt/format.h>

#include "vmm/bench/monitors.h"

namespace skiff::bench {
namespace {

// Why Cloud Hypervisor has no such machine; nothing where it has.
std::string why_no_cloud_hypervisor(const VmPlan& plan) {
  const std::string_view face = face_of(plan);
  if (plan.group == "doorbell" && plan.irqchip != "split") {
    return "cloud-hypervisor has its IOAPIC in user space, its local APICs in the kernel: split";
  }
  if (!face.empty() && face != "virtio") return fmt::format("cloud-hypervisor has no {}", face);
  if (is_packed(plan)) return "cloud-hypervisor has no packed rings";
  if (lacks_ioeventfd(plan)) return "cloud-hypervisor cannot do without ioeventfds";
  if (plan.backend == "null") return "cloud-hypervisor has no disk that moves nothing";
  return {};
}

// Its options have commas between them; a value with one stands between quotation marks, in which
// such a mark is written twice (option_parser/src/lib.rs of its tree).
std::string with_marks(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    text += c;
    if (c == '"') text += c;
  }
  return text + "\"";
}

}  // namespace

Launched cloud_hypervisor_launch(const VmPlan& plan, const VmPlaces& places,
                                 const std::string& program, const std::string& cmdline) {
  if (std::string why = why_no_cloud_hypervisor(plan); !why.empty()) {
    return std::unexpected(std::move(why));
  }
  const bool has_console = plan.console != nullptr && plan.console->name == "virtio-console";
  Launch launch{.program = program,
                .arguments = {"--kernel", places.guests + "/" + plan.program, "--cmdline", cmdline,
                              "--cpus", fmt::format("boot={}", plan.vcpus), "--memory",
                              fmt::format("size={}", kGuestMemory), "--serial", "tty", "--console",
                              has_console ? "null" : "off"}};
  auto& words = launch.arguments;
  // An entropy device is there without being asked for.
  if (plan.disk != nullptr) {
    words.insert(words.end(), {"--disk", fmt::format("path={},image_type=raw,direct={}",
                                                     with_marks(places.image),
                                                     places.is_direct ? "on" : "off")});
  }
  if (plan.net != nullptr) {
    words.insert(words.end(), {"--net", fmt::format("tap={},mac={}", kTapName, kRivalMac)});
  }
  launch.wants_terminal = true;
  launch.opens_tap = plan.net != nullptr;
  return launch;
}

}  // namespace skiff::bench
