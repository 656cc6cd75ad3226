#include <fmt/format.h>

#include <boost/json.hpp>

#include "vmm/bench/monitors.h"

namespace skiff::bench {
namespace {

namespace json = boost::json;

// Why Firecracker has no such machine; nothing where it has.
std::string why_no_firecracker(const VmPlan& plan) {
  const std::string_view face = face_of(plan);
  if (plan.irqchip != "kernel") {
    return "firecracker has its interrupt controllers in the kernel only";
  }
  if (!face.empty() && !face.starts_with("virtio")) {
    return fmt::format("firecracker has no {}", face);
  }
  if (plan.console != nullptr && plan.console->name == "virtio-console") {
    return "firecracker has no virtio-console";
  }
  if (is_packed(plan)) return "firecracker has no packed rings";
  if (lacks_ioeventfd(plan)) return "firecracker cannot do without ioeventfds";
  if (plan.backend == "null") return "firecracker has no disk that moves nothing";
  if (plan.backend == "file") return "firecracker opens no file with O_DIRECT";
  return {};
}

json::object config_of(const VmPlan& plan, const VmPlaces& places, const std::string& cmdline) {
  json::object config = {
      {"boot-source",
       {{"kernel_image_path", places.guests + "/" + plan.program}, {"boot_args", cmdline}}},
      {"machine-config", {{"vcpu_count", plan.vcpus}, {"mem_size_mib", kGuestMemory >> 20}}},
      {"drives", json::array()}};
  if (plan.disk != nullptr) {
    config["drives"].as_array().push_back({{"drive_id", "disk"},
                                           {"path_on_host", places.image},
                                           {"is_root_device", false},
                                           {"is_read_only", false},
                                           {"io_engine", "Async"}});
  }
  if (plan.net != nullptr) {
    json::object card = {{"iface_id", "net"},
                         {"guest_mac", std::string(kRivalMac)},
                         {"host_dev_name", std::string(kTapName)}};
    config["network-interfaces"] = json::array{std::move(card)};
  }
  if (plan.group == "doorbell") config["entropy"] = json::object();
  return config;
}

}  // namespace

Launched firecracker_launch(const VmPlan& plan, const VmPlaces& places, const std::string& program,
                            const std::string& cmdline) {
  if (std::string why = why_no_firecracker(plan); !why.empty()) {
    return std::unexpected(std::move(why));
  }
  // Its log is on stdout, where the guest's words are: nothing but errors.
  Launch launch{.program = program,
                .arguments = {"--no-api", "--config-file", places.config, "--level", "Error"}};
  launch.config = json::serialize(config_of(plan, places, cmdline));
  if (face_of(plan) != "virtio-mmio") launch.arguments.emplace_back("--enable-pci");
  launch.opens_tap = plan.net != nullptr;
  return launch;
}

}  // namespace skiff::bench
