#include "vmm/bench/monitors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>

namespace skiff::bench {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

const VmPlaces kPlaces = {.guests = "/guests",
                          .image = "/dev/shm/a,\"b\".img",
                          .is_direct = true,
                          .tap = 7,
                          .config = "/scratch/vm.json"};

Launched launch(const char* monitor, const std::string& cell, const VmPlaces& places = kPlaces) {
  const auto plans = plan_of(full_matrix(), bench_board(), {.filters = {cell}});
  EXPECT_EQ(plans.size(), 1U) << cell;
  return rival_launch({.name = monitor, .program = "/bin/vmm"}, plans.at(0), places,
                      guest_cmdline(plans.at(0)));
}

std::vector<std::string> words_of(const char* monitor, const std::string& cell) {
  const Launched launched = launch(monitor, cell);
  EXPECT_TRUE(launched) << monitor << " " << cell << ": " << launched.error();
  return launched ? launched->arguments : std::vector<std::string>();
}

std::string why_not(const char* monitor, const std::string& cell) {
  const Launched launched = launch(monitor, cell);
  EXPECT_FALSE(launched) << monitor << " " << cell;
  return launched ? std::string() : launched.error();
}

json::object config_of(const std::string& cell) {
  const Launched launched = launch("firecracker", cell);
  EXPECT_TRUE(launched) << cell << ": " << launched.error();
  return launched ? json::parse(launched->config).as_object() : json::object();
}

TEST(Monitors, EachIsKnownByNameAndProgram) {
  EXPECT_EQ(default_program("qemu"), "qemu-system-x86_64");
  EXPECT_EQ(default_program("firecracker"), "firecracker");
  EXPECT_EQ(default_program("cloud-hypervisor"), "cloud-hypervisor");
  EXPECT_EQ(default_program("vmware"), "");
  EXPECT_FALSE(rival_launch({.name = "vmware", .program = ""}, VmPlan{}, kPlaces, ""));
}

// Whatever cell there is, each monitor has it or says in words why not; its program and guest are
// what they should be.
TEST(Monitors, EveryMachineIsThereOrRefusedWithAReason) {
  for (const VmPlan& plan : plan_of(full_matrix(), bench_board(), {.level = Level::full})) {
    for (const char* const monitor : {"qemu", "firecracker", "cloud-hypervisor"}) {
      const Launched launched =
          rival_launch({.name = monitor, .program = "/bin/vmm"}, plan, kPlaces, "hold");
      if (!launched) {
        EXPECT_THAT(launched.error(), HasSubstr(monitor)) << plan.setup;
        continue;
      }
      EXPECT_EQ(launched->program, "/bin/vmm");
      const std::string all =
          launched->config + json::serialize(json::value_from(launched->arguments));
      EXPECT_THAT(all, HasSubstr("/guests/" + plan.program)) << monitor << plan.setup;
      EXPECT_EQ(launched->opens_tap, plan.net != nullptr && std::string_view(monitor) != "qemu");
    }
  }
}

TEST(Monitors, QemuHasAllOfIt) {
  const auto virtio = words_of("qemu", "disk/virtio-pci,packed,no-event-idx/file/read-4096-d1");
  EXPECT_THAT(virtio, Contains("virtio-blk-pci,disable-legacy=on,drive=disk,iothread=io,packed=on,"
                               "event_idx=off"));
  EXPECT_THAT(virtio, Contains("q35,accel=kvm"));
  EXPECT_THAT(virtio, Contains(AllOf(HasSubstr("file.aio=io_uring"), HasSubstr("/a,,\"b\".img"))));
  EXPECT_THAT(words_of("qemu", "disk/ide,pio/memory/read-4096-d1"),
              IsSupersetOf({"pc,accel=kvm", "ide-hd,drive=disk,bus=ide.0,unit=0"}));
  EXPECT_THAT(words_of("qemu", "disk/virtio-mmio/null/read-4096-d1"),
              Contains(HasSubstr("null-co")));
  EXPECT_THAT(words_of("qemu", "net/virtio-pci,no-ioeventfd/transmit-64"),
              IsSupersetOf({"tap,id=net,fd=7,vhost=off",
                            "virtio-net-pci,disable-legacy=on,romfile=,netdev=net,ioeventfd=off"}));
  EXPECT_THAT(words_of("qemu", "net/e1000/transmit-64"), Contains("e1000,romfile=,netdev=net"));
  EXPECT_THAT(words_of("qemu", "net/virtio-mmio/transmit-64"),
              IsSupersetOf({"microvm,x-option-roms=off,acpi=off,accel=kvm",
                            "virtio-mmio.force-legacy=false", "virtio-net-device,netdev=net"}));
  EXPECT_THAT(words_of("qemu", "console/virtio-console/out"),
              IsSupersetOf({"null,id=text", "virtconsole,chardev=text"}));
}

TEST(Monitors, QemusMachineIsTheBoards) {
  EXPECT_THAT(words_of("qemu", "doorbell/split/ipi"),
              Contains("q35,kernel-irqchip=split,accel=kvm"));
  EXPECT_THAT(words_of("qemu", "doorbell/user/mmio-write"),
              IsSupersetOf({"q35,kernel-irqchip=off,accel=kvm", "host,-arch-capabilities",
                            "isa-debug-exit,iobase=0xf4,iosize=0x4"}));
  constexpr auto kRows =
      std::to_array<DoorbellRow>({{"gic", 2, Level::quick, false, "gic-version=2"}});
  const BenchBoard board = {.doorbells = kRows,
                            .irqchip = "auto",
                            .offers = {},
                            .names_mmio_devices = false,
                            .linux_console = {},
                            .qemu = {.machine = "virt",
                                     .mmio_machine = "flat",
                                     .port_machine = {},
                                     .cpu = {},
                                     .options = {},
                                     .irqchip = "gic-version=host"}};
  VmPlan plan;
  plan.irqchip = "gic";
  EXPECT_EQ(qemu_machine(board, plan), "virt,gic-version=2,accel=kvm");
  DiskRow mmio{};
  mmio.face = "virtio-mmio";
  plan.irqchip = "auto";
  plan.disk = &mmio;
  EXPECT_EQ(qemu_machine(board, plan), "flat,gic-version=host,accel=kvm");
}

TEST(Monitors, QemusIoThreadHearsOnlyByIoeventfds) {
  EXPECT_THAT(words_of("qemu", "disk/virtio-mmio,no-ioeventfd/null/read-4096-d1"),
              IsSupersetOf({"virtio-blk-device,drive=disk", "virtio-mmio.ioeventfd=off"}));
  EXPECT_THAT(words_of("qemu", "disk/virtio-pci,no-ioeventfd/null/read-4096-d1"),
              Contains("virtio-blk-pci,disable-legacy=on,drive=disk,ioeventfd=off"));
}

TEST(Monitors, FirecrackerReadsAFile) {
  EXPECT_THAT(words_of("firecracker", "disk/virtio-mmio/memory/read-4096-d1"),
              ElementsAre("--no-api", "--config-file", "/scratch/vm.json", "--level", "Error"));
  const json::object disk = config_of("disk/virtio-mmio/memory/read-4096-d1");
  EXPECT_EQ(disk.at("boot-source").at("kernel_image_path").as_string(), "/guests/bench-disk");
  EXPECT_THAT(std::string(disk.at("boot-source").at("boot_args").as_string()),
              EndsWith("cells=read-4096-d1"));
  EXPECT_EQ(disk.at("machine-config").at("mem_size_mib").to_number<int>(), 128);
  EXPECT_EQ(disk.at("drives").at(0).at("path_on_host").as_string(), kPlaces.image);
  EXPECT_EQ(disk.at("drives").at(0).at("io_engine").as_string(), "Async");
  EXPECT_FALSE(disk.contains("network-interfaces"));
  const json::object net = config_of("net/virtio-pci/transmit-64");
  EXPECT_EQ(net.at("network-interfaces").at(0).at("host_dev_name").as_string(), "bench");
  EXPECT_TRUE(net.at("drives").as_array().empty());
  EXPECT_THAT(words_of("firecracker", "net/virtio-pci/transmit-64"), Contains("--enable-pci"));
  const json::object bells = config_of("doorbell/kernel/ipi");
  EXPECT_EQ(bells.at("machine-config").at("vcpu_count").to_number<int>(), 2);
  EXPECT_TRUE(bells.contains("entropy"));
}

TEST(Monitors, WhatFirecrackerHasNot) {
  EXPECT_THAT(why_not("firecracker", "disk/nvme/memory/read-4096-d1"), HasSubstr("no nvme"));
  EXPECT_THAT(why_not("firecracker", "net/e1000/transmit-64"), HasSubstr("no e1000"));
  EXPECT_THAT(why_not("firecracker", "disk/virtio-pci,packed/memory/read-4096-d1"),
              HasSubstr("packed"));
  EXPECT_THAT(why_not("firecracker", "disk/virtio-mmio,no-ioeventfd/memory/read-4096-d1"),
              HasSubstr("ioeventfds"));
  EXPECT_THAT(why_not("firecracker", "disk/virtio-mmio/file/read-4096-d1"), HasSubstr("O_DIRECT"));
  EXPECT_THAT(why_not("firecracker", "disk/virtio-mmio/null/read-4096-d1"), HasSubstr("nothing"));
  EXPECT_THAT(why_not("firecracker", "console/virtio-console/out"), HasSubstr("virtio-console"));
  EXPECT_THAT(why_not("firecracker", "doorbell/split/ipi"), HasSubstr("in the kernel only"));
}

TEST(Monitors, CloudHypervisorHasPciAndATerminal) {
  const Launched disk = launch("cloud-hypervisor", "disk/virtio-pci/file/read-4096-d1");
  ASSERT_TRUE(disk) << disk.error();
  EXPECT_TRUE(disk->wants_terminal);
  EXPECT_THAT(disk->config, IsEmpty());
  EXPECT_THAT(disk->arguments,
              IsSupersetOf({"--kernel", "/guests/bench-disk", "size=134217728", "boot=1", "tty",
                            "path=\"/dev/shm/a,\"\"b\"\".img\",image_type=raw,direct=on"}));
  EXPECT_THAT(words_of("cloud-hypervisor", "net/virtio-pci/transmit-64"),
              Contains("tap=bench,mac=02:53:4b:46:00:02"));
  EXPECT_THAT(words_of("cloud-hypervisor", "console/virtio-console/out"), Contains("null"));
  EXPECT_THAT(words_of("cloud-hypervisor", "console/16550,fifo/out"), Not(Contains("null")));
  EXPECT_THAT(words_of("cloud-hypervisor", "doorbell/split/ipi"), Contains("boot=2"));
  EXPECT_THAT(why_not("cloud-hypervisor", "doorbell/kernel/ipi"), HasSubstr("split"));
  EXPECT_THAT(why_not("cloud-hypervisor", "disk/virtio-mmio/memory/read-4096-d1"),
              HasSubstr("no virtio-mmio"));
  EXPECT_THAT(why_not("cloud-hypervisor", "disk/virtio-pci/null/read-4096-d1"),
              HasSubstr("nothing"));
  EXPECT_THAT(why_not("cloud-hypervisor", "disk/virtio-pci,packed/memory/read-4096-d1"),
              HasSubstr("packed"));
  EXPECT_THAT(why_not("cloud-hypervisor", "disk/virtio-pci,no-ioeventfd/memory/read-4096-d1"),
              HasSubstr("ioeventfds"));
}

}  // namespace
}  // namespace skiff::bench
