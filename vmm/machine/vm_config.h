// What a person asked for, validated: the plain data a Machine is created from. Written by
// config_file (TOML) and the command line; knows neither of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/base/rate_limiter.h"
#include "vmm/disk/disk_options.h"
#include "vmm/io/guest_memory.h"
#include "vmm/net/mac_address.h"
#include "vmm/net/net_options.h"

namespace skiff {

// Where the interrupt controllers live: all in the kernel; local APICs there, IOAPIC, 8259s and
// 8254 in Skiff; 8259s and 8254 in Skiff and no others. Or which of them: the newest that the host
// has, a GICv3, a GICv2. A board has some of these (ConfigFacts::irqchips).
enum class IrqchipMode { kernel, split, user, newest, gicv3, gicv2 };
enum class OnReboot { restart, exit };
enum class BootProtocol {
  auto_detect,   // by the file's own magic; a bzImage is unpacked on the host and entered directly
  linux64,       // bzImage as it is, Linux's 64-bit boot protocol (the kernel unpacks itself)
  linux_direct,  // bzImage unpacked on the host, or an ELF vmlinux, entered by the 64-bit protocol
  pvh,           // ELF with a PVH note (or a bzImage unpacked on the host to one)
  multiboot,     // multiboot 1
  flat,          // a flat binary at boot.flat.address in boot.flat.mode
};
enum class FlatMode { real, protected_mode, long_mode };

struct MachineConfig {
  std::string name = "skiff";
  std::uint32_t vcpus = 1;
  std::uint64_t memory = 256 * MiB;  // [bytes], a multiple of 4 KiB, at least 1 MiB
  HugePages huge_pages = HugePages::transparent;
  bool shared_memory = false;
  IrqchipMode irqchip = IrqchipMode::kernel;
  // Where that was said, for what only the host can tell: "vm.toml:3:11", or an option; empty:
  // nowhere.
  std::string irqchip_place{};
  bool pit = true;
  OnReboot on_reboot = OnReboot::restart;
  // How long a guest has to follow the power button before it is stopped. [s], 0: for ever
  std::uint32_t stop_timeout = 30;
  // After how long a silence of a busy guest Skiff says by itself what it does. [s], 0: never
  std::uint32_t why_after = 60;
  std::uint32_t io_threads = 0;  // unnamed ones; all of them are in VmConfig::io_threads
};

// A thread on which devices do their work (io_threads.h).
struct IoThreadConfig {
  std::string name;
  std::vector<std::uint32_t> cpus;  // of the host, where it may run; none: anywhere
};

struct CpuTopology {
  std::uint32_t sockets = 1;
  std::uint32_t cores = 0;  // per socket; 0: as many as are needed
  std::uint32_t threads = 1;
};

struct CpuConfig {
  std::vector<std::string> hide;  // feature names as in /proc/cpuinfo, e.g. "avx2", "cx16"
  CpuTopology topology;
};

struct FlatBootConfig {
  std::uint64_t address = 0x10'0000;
  FlatMode mode = FlatMode::protected_mode;
  std::uint8_t privilege = 0;  // CPL the program starts at: 0, or 3 (long mode only)
};

struct BootConfig {
  std::string kernel;                  // absolute, or relative to the current directory once loaded
  std::string initrd;                  // empty: none
  std::optional<std::string> cmdline;  // nothing: the default of the protocol
  BootProtocol protocol = BootProtocol::auto_detect;
  FlatBootConfig flat;
  std::string symbols;  // vmlinux or System.map for reports; empty: the kernel file if it has them
  // Tells the kernel of virtio-mmio devices on its command line too (virtio_mmio.device=).
  bool virtio_mmio_cmdline = false;
};

struct ConsoleConfig {
  char escape = 0x01;  // Ctrl-A; 0: no escape key
  bool input = true;   // false: stdin is not read
};

// `socket`: a console of its own, which `skiff console NAME PORT` attaches to.
enum class SerialTarget { console, file, null_sink, socket };

// What a serial port is; a board has some of these (ConfigFacts::serial_models).
enum class SerialModel { uart_16550, pl011 };

// One serial port. COM1 is always there; unit 1 is COM1.
struct SerialConfig {
  std::uint32_t unit = 1;  // 1 to 4: COM1 to COM4
  SerialModel model = SerialModel::uart_16550;
  SerialTarget target = SerialTarget::console;
  std::string path;        // for file
  std::uint16_t port = 0;  // I/O base; 0 where ports are not the configuration's to choose
  std::uint8_t irq = 0;
};

// The debug ports (0xe9, 0x402: text; 0x80: POST codes; 0xf4: debug exit).
enum class DebugPortTarget { off, console, standard_error };

struct DebugConfig {
  DebugPortTarget text = DebugPortTarget::off;
  bool exit_port = true;
  // A register whose writes, like those of port 0x80, KVM may collect.
  bool coalesced = false;
  // Where the board writes the device tree that its guest gets; empty: nowhere.
  std::string device_tree_file;
};

enum class VirtioFace { pci, mmio };

// What every virtio device may be asked for.
struct VirtioConfig {
  VirtioFace face = VirtioFace::pci;
  bool packed = false;    // packed rings are offered too
  bool event_idx = true;  // VIRTIO_F_EVENT_IDX is offered
  bool ioeventfd = true;  // notifications reach the I/O thread without an exit to user space
  std::string thread;     // an I/O thread; empty: Skiff chooses
};

// What a guest takes it for. `virtio`: VirtioConfig::face says where; `ide`: an ATA disk; `nvme`: a
// controller with one namespace.
enum class DiskFace { virtio, ide, nvme };

struct DiskConfig {
  DiskOptions host;
  DiskFace face = DiskFace::virtio;
  bool is_cdrom = false;  // with DiskFace::ide; then host.read_only is true
  VirtioConfig virtio;
  std::string serial;  // at most BlockOptions::kSerialSize bytes
  std::uint16_t queues = 1;
  std::uint16_t queue_size = 256;
  bool is_inline = false;  // of virtio, without ioeventfds: the vCPU that notifies does the work
  RateLimit operations;
  RateLimit bandwidth;
};

// `virtio`: VirtioConfig::face says where; `e1000`: an Intel 82540EM.
enum class NetFace { virtio, e1000 };

struct NetConfig {
  NetOptions host;
  NetFace face = NetFace::virtio;
  VirtioConfig virtio;
  std::optional<MacAddress> mac;
  // Drawn when the configuration was loaded, for a card that gets its address from nobody else: the
  // guest keeps it through a reset.
  MacAddress drawn_mac;
  std::uint16_t queue_size = 256;
  bool link = true;
  RateLimit transmit_bytes;
  RateLimit transmit_packets;
  RateLimit receive_bytes;
  RateLimit receive_packets;
};

struct VirtioConsolePortConfig {
  std::string name;  // what the guest finds it by; may be empty
  SerialTarget target = SerialTarget::console;
  std::string path;      // for file
  bool console = false;  // the guest may make it an hvc console
};

// One device; several ports make it a multiport one.
struct VirtioConsoleConfig {
  VirtioConfig virtio;
  std::vector<VirtioConsolePortConfig> ports;  // none: there is no such device
};

struct RngConfig {
  VirtioConfig virtio;
  std::string source;  // a file that is read; empty: getrandom(2)
  RateLimit bandwidth;
};

struct VmConfig {
  MachineConfig machine;
  std::vector<IoThreadConfig> io_threads;  // none: one is made when a device needs it
  CpuConfig cpu;
  BootConfig boot;
  ConsoleConfig console;
  std::vector<SerialConfig> serial;  // at least COM1 after loading
  std::vector<DiskConfig> disks;
  std::vector<NetConfig> nets;
  VirtioConsoleConfig virtio_console;
  std::optional<RngConfig> rng;
  DebugConfig debug;
};

}  // namespace skiff
