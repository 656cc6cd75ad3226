#include "vmm/bench/monitors.h"

#include <fmt/format.h>

namespace skiff::bench {
namespace {

using Options = std::vector<std::string>;

void append(Options& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
}

// QEMU's options have commas between them; one that is part of a value is written twice.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    text += c;
    if (c == ',') text += c;
  }
  return text;
}

// What is memory for Skiff is a file in memory for QEMU, which has no such back-end.
std::string blockdev(const VmPlan& plan, const VmPlaces& places) {
  if (plan.backend == "null") {
    return fmt::format("driver=null-co,node-name=disk,size={},read-zeroes=on", kDiskSize);
  }
  return fmt::format(
      "driver=raw,node-name=disk,file.driver=file,file.filename={},file.locking=off,{}",
      escaped(places.image),
      places.is_direct ? "file.aio=io_uring,cache.direct=on,file.cache.direct=on"
                       : "file.aio=io_uring");
}

std::string disk_device(const DiskRow& row) {
  std::string device;
  if (row.face == "virtio") device = "virtio-blk-pci,disable-legacy=on,drive=disk,iothread=io";
  if (row.face == "virtio-mmio") device = "virtio-blk-device,drive=disk,iothread=io";
  if (row.face == "nvme") device = "nvme,drive=disk,serial=bench";
  if (row.face == "ide") device = "ide-hd,drive=disk";
  if (device.empty()) return device;
  if (!row.qemu.empty()) device += fmt::format(",{}", row.qemu);
  return device;
}

// Where the disk's face is: microvm has virtio-mmio, the old PC an IDE controller with ports.
std::string machine_of(const VmPlan& plan) {
  if (plan.disk != nullptr && plan.disk->face == "virtio-mmio") return "microvm,x-option-roms=off";
  if (plan.disk != nullptr && plan.disk->face == "ide") return "pc";
  return "q35";
}

}  // namespace

Launch skiff_launch(const std::string& skiff, const std::string& config, const std::string& name,
                    const std::string& run_base) {
  return {.program = skiff,
          .arguments = {"run", config, "--name", name, "--log-level", "error"},
          .environment = {{"XDG_RUNTIME_DIR", run_base}}};
}

std::optional<Launch> qemu_launch(const VmPlan& plan, const VmPlaces& places,
                                  const std::string& qemu, const std::string& cmdline) {
  if (plan.net != nullptr || plan.console != nullptr) return std::nullopt;
  if (plan.disk != nullptr && (plan.disk->qemu == "-" || disk_device(*plan.disk).empty())) {
    return std::nullopt;
  }
  Launch launch{.program = qemu, .arguments = {}};
  Options& words = launch.arguments;
  append(words,
         {"-name", "bench,debug-threads=on", "-nodefaults", "-no-user-config", "-no-reboot"});
  append(words, {"-M", machine_of(plan) + ",accel=kvm", "-cpu", "host,-arch-capabilities"});
  append(words, {"-smp", std::to_string(plan.vcpus), "-m", std::to_string(kGuestMemory >> 20)});
  append(words, {"-display", "none", "-monitor", "none", "-serial", "stdio"});
  append(words, {"-device", "isa-debug-exit,iobase=0xf4,iosize=0x4"});
  append(words, {"-kernel", places.guests + "/" + plan.program, "-append", cmdline});
  if (plan.irqchip != "kernel") {
    append(words,
           {"-machine", plan.irqchip == "split" ? "kernel-irqchip=split" : "kernel-irqchip=off"});
  }
  if (plan.group == "doorbell") append(words, {"-device", "virtio-rng-pci,disable-legacy=on"});
  if (plan.disk != nullptr) {
    append(words, {"-object", "iothread,id=io", "-blockdev", blockdev(plan, places)});
    append(words, {"-device", disk_device(*plan.disk)});
  }
  return launch;
}

bool is_rival(std::string_view name) {
  return name == "qemu";
}

std::string_view default_program(std::string_view rival) {
  return rival == "qemu" ? "qemu-system-x86_64" : "";
}

std::optional<Launch> rival_launch(const Rival& rival, const VmPlan& plan, const VmPlaces& places,
                                   const std::string& cmdline) {
  if (rival.name == "qemu") return qemu_launch(plan, places, rival.program, cmdline);
  return std::nullopt;
}

}  // namespace skiff::bench
