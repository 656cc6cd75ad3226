#include <fmt/format.h>

#include "vmm/bench/monitors.h"

namespace skiff::bench {
namespace {

using Options = std::vector<std::string>;

void append(Options& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
}

// QEMU's options have commas between them; one that is part of a value is written twice.
std::string with_double_commas(std::string_view value) {
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
      with_double_commas(places.image),
      places.is_direct ? "file.aio=io_uring,cache.direct=on,file.cache.direct=on"
                       : "file.aio=io_uring");
}

// An I/O thread hears by ioeventfds only.
std::string disk_model(std::string_view face, bool has_thread) {
  const std::string_view thread = has_thread ? ",iothread=io" : "";
  if (face == "virtio") {
    return fmt::format("virtio-blk-pci,disable-legacy=on,drive=disk{}", thread);
  }
  if (face == "virtio-mmio") return fmt::format("virtio-blk-device,drive=disk{}", thread);
  if (face == "nvme") return "nvme,drive=disk,serial=bench";
  return "ide-hd,drive=disk,bus=ide.0,unit=0";  // else it may be the second channel's
}

// Without the boot ROM, which its firmware would run.
std::string net_model(std::string_view face) {
  if (face == "virtio") return "virtio-net-pci,disable-legacy=on,romfile=,netdev=net";
  if (face == "virtio-mmio") return "virtio-net-device,netdev=net";
  return "e1000,romfile=,netdev=net";
}

std::string with_properties(std::string device, std::string_view properties) {
  if (!properties.empty()) device += fmt::format(",{}", properties);
  return device;
}

void add_disk(Options& words, const VmPlan& plan, const VmPlaces& places) {
  append(words, {"-object", "iothread,id=io", "-blockdev", blockdev(plan, places)});
  const std::string model = disk_model(plan.disk->face, !lacks_ioeventfd(plan));
  append(words, {"-device", with_properties(model, plan.disk->qemu)});
}

void add_net(Options& words, const VmPlan& plan, const VmPlaces& places) {
  append(words, {"-netdev", fmt::format("tap,id=net,fd={},vhost=off", places.tap)});
  append(words, {"-device", with_properties(net_model(plan.net->face), plan.net->qemu)});
}

void add_console(Options& words) {
  append(words, {"-chardev", "null,id=text", "-device", "virtio-serial-pci,disable-legacy=on"});
  append(words, {"-device", "virtconsole,chardev=text"});
}

}  // namespace

std::string qemu_machine(const BenchBoard& board, const VmPlan& plan) {
  std::string text(face_of(plan) == "virtio-mmio" ? board.qemu.mmio_machine
                   : face_of(plan) == "ide"       ? board.qemu.port_machine
                                                  : board.qemu.machine);
  const std::string_view irqchip = board.qemu_irqchip(plan.irqchip);
  if (!irqchip.empty()) text += fmt::format(",{}", irqchip);
  return text + ",accel=kvm";
}

Launched qemu_launch(const VmPlan& plan, const VmPlaces& places, const std::string& program,
                     const std::string& cmdline) {
  const QemuBoard& board = bench_board().qemu;
  Launch launch{.program = program, .arguments = {}};
  Options& words = launch.arguments;
  append(words,
         {"-name", "bench,debug-threads=on", "-nodefaults", "-no-user-config", "-no-reboot"});
  append(words, {"-M", qemu_machine(bench_board(), plan), "-cpu", std::string(board.cpu)});
  append(words, {"-smp", std::to_string(plan.vcpus), "-m", std::to_string(kGuestMemory >> 20)});
  append(words, {"-display", "none", "-monitor", "none", "-serial", "stdio"});
  words.insert(words.end(), board.options.begin(), board.options.end());
  append(words, {"-kernel", places.guests + "/" + plan.program, "-append", cmdline});
  if (face_of(plan) == "virtio-mmio") {
    // The guest's drivers know the registers of virtio 1.x only.
    append(words, {"-global", "virtio-mmio.force-legacy=false"});
    if (lacks_ioeventfd(plan)) append(words, {"-global", "virtio-mmio.ioeventfd=off"});
  }
  if (plan.group == "doorbell") append(words, {"-device", "virtio-rng-pci,disable-legacy=on"});
  if (plan.disk != nullptr) add_disk(words, plan, places);
  if (plan.net != nullptr) add_net(words, plan, places);
  if (plan.console != nullptr && plan.console->name == "virtio-console") add_console(words);
  return launch;
}

}  // namespace skiff::bench
