// What a person asked for, validated: the plain data a Machine is created from. Written by
// config_file (TOML) and the command line; knows neither of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/io/guest_memory.h"

namespace skiff {

enum class IrqchipMode { kernel };
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
  bool pit = true;
  OnReboot on_reboot = OnReboot::restart;
  // How long a guest has to follow the power button before it is stopped. [s], 0: for ever
  std::uint32_t stop_timeout = 30;
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
};

struct ConsoleConfig {
  char escape = 0x01;  // Ctrl-A; 0: no escape key
  bool input = true;   // false: stdin is not read
};

enum class SerialTarget { console, file, null_sink };

// One 16550A. COM1 is always there; unit 1 is COM1.
struct SerialConfig {
  std::uint32_t unit = 1;  // 1 to 4: COM1 to COM4
  SerialTarget target = SerialTarget::console;
  std::string path;                   // for file
  std::optional<std::uint16_t> port;  // I/O base; nothing: the unit's usual one
  std::optional<std::uint8_t> irq;    // nothing: the unit's usual one
};

// The debug ports (0xe9, 0x402: text; 0x80: POST codes; 0xf4: debug exit).
enum class DebugPortTarget { off, console, standard_error };

struct DebugConfig {
  DebugPortTarget text = DebugPortTarget::off;
  bool exit_port = true;
};

struct VmConfig {
  MachineConfig machine;
  CpuConfig cpu;
  BootConfig boot;
  ConsoleConfig console;
  std::vector<SerialConfig> serial;  // at least COM1 after loading
  DebugConfig debug;
};

}  // namespace skiff
