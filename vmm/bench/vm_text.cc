#include "vmm/bench/vm_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace skiff::bench {
namespace {

// TOML's basic string: what could end it or is no text is escaped.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c < ' ' || c == 0x7f) {
      result += fmt::format("\\u{:04X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string disk_section(const VmPlan& plan, const VmPlaces& places) {
  std::string text =
      fmt::format("[[disk]]\nface = \"{}\"\nthread = \"io\"\n{}", plan.disk->face, plan.disk->keys);
  if (plan.backend != "file") {
    // Else a first write would measure how the host finds a page, and a first read the page of
    // zeros that all share.
    const std::string_view prefault = plan.backend == "memory" ? "prefault = true\n" : "";
    return text + fmt::format("backend = \"{}\"\nsize = {}\n{}", plan.backend, kDiskSize, prefault);
  }
  return text + fmt::format("path = {}\ndirect = {}\n", quoted(places.image), places.is_direct);
}

std::string net_section(const VmPlan& plan, const VmPlaces& places) {
  return fmt::format("[[net]]\nface = \"{}\"\nthread = \"io\"\nfd = {}\n{}", plan.net->face,
                     places.tap, plan.net->keys);
}

bool has_coalesced(const VmPlan& plan, const VmPlaces& places) {
  return places.coalesces && std::ranges::find(plan.cells, "coalesced-mmio") != plan.cells.end();
}

bool is_virtio_mmio(const VmPlan& plan) {
  return (plan.disk != nullptr && plan.disk->face == "virtio-mmio") ||
         (plan.net != nullptr && plan.net->face == "virtio-mmio");
}

// Its messages stay off the console, by which the guest talks; a panic ends the machine.
constexpr std::string_view kLinuxWords = "quiet panic=-1 skiff.do=bench ";

std::string boot_section(const VmPlan& plan, const VmPlaces& places, const std::string& cmdline) {
  std::string text =
      fmt::format("[boot]\nkernel = {}\ncmdline = {}\n",
                  quoted(plan.runs_linux ? places.kernel : places.guests + "/" + plan.program),
                  quoted(cmdline));
  if (plan.runs_linux) return text + fmt::format("initrd = {}\n", quoted(places.initramfs));
  // Linux reads ACPI, and would find each device twice.
  return bench_board().names_mmio_devices && is_virtio_mmio(plan)
             ? text + "virtio_mmio_cmdline = true\n"
             : text;
}

}  // namespace

std::string config_text(const VmPlan& plan, const VmPlaces& places, const std::string& cmdline) {
  std::string text = fmt::format(
      "[machine]\nname = \"bench\"\nvcpus = {}\nmemory = {}\nirqchip = \"{}\"\n"
      "on_reboot = \"exit\"\nwhy_after = 0\n",
      plan.vcpus, plan.runs_linux ? kLinuxMemory : kGuestMemory, plan.irqchip);
  text += boot_section(plan, places, cmdline);
  if (plan.disk != nullptr || plan.net != nullptr) text += "[[io_thread]]\nname = \"io\"\n";
  if (plan.disk != nullptr) text += disk_section(plan, places);
  if (plan.net != nullptr) text += net_section(plan, places);
  if (plan.console != nullptr) text += plan.console->sections;
  // Something with a bell that KVM answers by an eventfd.
  if (plan.group == "doorbell") text += "[rng]\n";
  if (has_coalesced(plan, places)) text += "[debug]\ncoalesced = true\n";
  return text;
}

std::string guest_cmdline(const VmPlan& plan) {
  std::string text;
  if (plan.runs_linux)
    text = fmt::format("console={} {}", bench_board().linux_console, kLinuxWords);
  text += "hold";
  if (!plan.words.empty()) text += " " + plan.words;
  text += " cells=";
  for (std::size_t i = 0; i < plan.cells.size(); ++i)
    text += (i == 0 ? "" : ",") + plan.cells[i];
  return text;
}

std::string skiff_guest_cmdline(const VmPlan& plan, const VmPlaces& places) {
  const std::string text = guest_cmdline(plan);
  return has_coalesced(plan, places) ? text + fmt::format(" coalesced={:#x}", kCoalescedAddress)
                                     : text;
}

}  // namespace skiff::bench
