#include "vmm/machine/config_sections.h"
#include "vmm/machine/escape_key.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/machine/config_console.h"
#include "vmm/machine/config_disk.h"
#include "vmm/machine/config_net.h"
#include "vmm/machine/config_reader.h"
#include "vmm/machine/config_serial.h"
#include "vmm/machine/config_virtio.h"
#include "vmm/machine/size_text.h"
#include "vmm/machine/spelling.h"

namespace skiff {
namespace {

using Kind = ConfigNode::Kind;

// A kernel's own limit of its command line's text may be smaller; its loader knows it.
constexpr std::size_t kMaxCmdline = 65536;

// A top-level table, or null; reports one that is something else.
const ConfigNode* section_of(const ConfigNode& root, std::string_view name,
                             ConfigDiagnostics& diagnostics) {
  const ConfigEntry* entry = root.find(name);
  if (entry == nullptr) return nullptr;
  if (entry->value.kind == Kind::table) return &entry->value;
  const bool twice = entry->value.kind == Kind::array;
  diagnostics.error(entry->place,
                    twice ? fmt::format("[{0}] may be there only once; write [{0}]", name)
                          : fmt::format("{0} is a section; write [{0}] and its keys below", name));
  return nullptr;
}

// The key's choices are in the order of IrqchipMode; each board has some of them.
void read_irqchip(ConfigReader& reader, std::span<const IrqchipMode> allowed,
                  MachineConfig& machine) {
  machine.irqchip = allowed.front();
  std::vector<std::size_t> indices;
  for (const IrqchipMode mode : allowed)
    indices.push_back(static_cast<std::size_t>(mode));
  const auto irqchip = reader.choice("irqchip", indices);
  if (!irqchip) return;
  machine.irqchip = static_cast<IrqchipMode>(*irqchip);
  if (machine.irqchip == IrqchipMode::user && machine.vcpus > 1) {
    reader.error("irqchip",
                 fmt::format("machine.irqchip = \"user\" has no local APICs, so no second "
                             "processor can be started, but machine.vcpus = {}; use \"split\" or "
                             "\"kernel\"",
                             machine.vcpus));
  }
}

void read_machine(const ConfigNode* table, const ConfigFacts& facts, MachineConfig& machine,
                  ConfigDiagnostics& diagnostics) {
  ConfigReader reader("machine", table, diagnostics);
  if (const auto name = reader.string("name")) {
    const bool sound = !name->empty() && name->size() <= 64 && (*name)[0] != '.' &&
                       std::all_of(name->begin(), name->end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                       });
    if (sound) {
      machine.name = *name;
    } else {
      reader.error("name", fmt::format("machine.name {} must be 1 to 64 letters, digits, '-', '_' "
                                       "or '.', not beginning with '.'",
                                       quoted(*name)));
    }
  }
  if (const auto vcpus = reader.integer("vcpus"))
    machine.vcpus = static_cast<std::uint32_t>(*vcpus);
  if (const auto memory = reader.size("memory")) {
    if (!is_aligned(*memory, kPageSize)) {
      reader.error("memory",
                   fmt::format("machine.memory is {} bytes, which is no multiple of 4K", *memory));
    } else {
      machine.memory = *memory;
    }
  }
  if (const auto pages = reader.choice("hugepages")) {
    constexpr std::array kPages = {HugePages::off, HugePages::transparent, HugePages::hugetlb_2m};
    machine.huge_pages = kPages.at(*pages);
    if (machine.huge_pages == HugePages::hugetlb_2m && !is_aligned(machine.memory, 2 * MiB)) {
      reader.error("memory", fmt::format("machine.memory is {}, which is no multiple of 2M as "
                                         "hugepages = \"2M\" needs",
                                         format_size(machine.memory)));
    }
  }
  if (const auto shared = reader.boolean("shared_memory")) machine.shared_memory = *shared;
  read_irqchip(reader, facts.irqchips, machine);
  if (const auto pit = reader.boolean("pit")) machine.pit = *pit;
  if (const auto reboot = reader.choice("on_reboot")) {
    machine.on_reboot = std::array{OnReboot::restart, OnReboot::exit}.at(*reboot);
  }
  if (const auto timeout = reader.integer("stop_timeout")) {
    machine.stop_timeout = static_cast<std::uint32_t>(*timeout);
  }
  if (const auto silence = reader.integer("why_after")) {
    machine.why_after = static_cast<std::uint32_t>(*silence);
  }
  if (const auto threads = reader.integer("io_threads")) {
    machine.io_threads = static_cast<std::uint32_t>(*threads);
  }
}

void read_topology(const ConfigNode* table, std::uint32_t vcpus, CpuTopology& topology,
                   ConfigDiagnostics& diagnostics) {
  ConfigReader reader("cpu.topology", table, diagnostics);
  const auto sockets = reader.integer("sockets");
  const auto cores = reader.integer("cores");
  const auto threads = reader.integer("threads");
  if (sockets) topology.sockets = static_cast<std::uint32_t>(*sockets);
  if (cores) topology.cores = static_cast<std::uint32_t>(*cores);
  if (threads) topology.threads = static_cast<std::uint32_t>(*threads);
  if (table == nullptr) return;
  // A key that was wrong has been reported; its default would only make a second, false error.
  if ((reader.has("sockets") && !sockets) || (reader.has("cores") && !cores) ||
      (reader.has("threads") && !threads)) {
    return;
  }
  const std::uint64_t groups = std::uint64_t{topology.sockets} * topology.threads;
  if (topology.cores == 0 && vcpus % groups != 0) {
    diagnostics.error(table->place,
                      fmt::format("machine.vcpus = {} cannot be shared out evenly among {} sockets "
                                  "with {} threads per core",
                                  vcpus, topology.sockets, topology.threads));
  } else if (topology.cores != 0 && groups * topology.cores != vcpus) {
    diagnostics.error(table->place,
                      fmt::format("sockets × cores × threads = {} × {} × {} = {} processors, but "
                                  "machine.vcpus = {}",
                                  topology.sockets, topology.cores, topology.threads,
                                  groups * topology.cores, vcpus));
  }
}

void read_cpu(const ConfigNode* table, std::uint32_t vcpus, const ConfigFacts& facts,
              CpuConfig& cpu, ConfigDiagnostics& diagnostics) {
  ConfigReader reader("cpu", table, diagnostics);
  for (const ConfigNode& item : reader.strings("hide")) {
    const auto& features = facts.cpu_features;
    if (std::find(features.begin(), features.end(), item.string) == features.end()) {
      const std::string_view near = nearest_word(item.string, features);
      diagnostics.error(item.place,
                        fmt::format("cpu.hide: unknown CPU feature {}; {}", quoted(item.string),
                                    near.empty() ? "names are as in /proc/cpuinfo"
                                                 : fmt::format("did you mean \"{}\"?", near)));
    } else if (std::find(cpu.hide.begin(), cpu.hide.end(), item.string) == cpu.hide.end()) {
      cpu.hide.push_back(item.string);
    }
  }
  read_topology(reader.sub_section("topology"), vcpus, cpu.topology, diagnostics);
}

void read_flat(const ConfigNode* table, bool wanted, bool protocol_sound, FlatBootConfig& flat,
               ConfigDiagnostics& diagnostics) {
  ConfigReader reader("boot.flat", table, diagnostics);
  const auto address = reader.integer("address");
  if (address) flat.address = *address;
  if (const auto mode = reader.choice("mode")) {
    flat.mode = std::array{FlatMode::real, FlatMode::protected_mode, FlatMode::long_mode}.at(*mode);
  }
  if (const auto privilege = reader.integer("privilege")) {
    flat.privilege = static_cast<std::uint8_t>(*privilege);
    if (*privilege != 0 && (*privilege != 3 || flat.mode != FlatMode::long_mode)) {
      reader.error("privilege", fmt::format("boot.flat.privilege is {}; it must be 0, or 3 with "
                                            "mode = \"long\"",
                                            *privilege));
    }
  }
  // Real mode reaches the first MiB: CS:IP is the address.
  if (address && flat.mode == FlatMode::real && flat.address >= MiB) {
    reader.error("address", fmt::format("boot.flat.address is {:#x}; real mode needs one below "
                                        "0x100000",
                                        flat.address));
  } else if (flat.mode == FlatMode::real && !address && wanted) {
    reader.error("mode",
                 "boot.flat.mode = \"real\" needs boot.flat.address below 0x100000, such as "
                 "0x7c00");
  } else if (flat.mode == FlatMode::protected_mode && flat.address > 0xffff'ffff) {
    reader.error("address",
                 fmt::format("boot.flat.address is {:#x}; protected mode needs one below "
                             "0x100000000",
                             flat.address));
  }
  if (table != nullptr && !wanted && protocol_sound) {
    diagnostics.error(table->place, "[boot.flat] is only for boot.protocol = \"flat\"");
  }
}

// A file to be loaded into guest RAM: its path, if it is sound.
std::optional<std::string> read_image(ConfigReader& reader, std::string_view key,
                                      const ConfigPaths& paths, std::uint64_t memory) {
  const auto path = reader.path(key);
  if (!path) return std::nullopt;
  std::string resolved = paths.resolve(*path, reader.place(key).source);
  if (!paths.check_files) return resolved;
  const auto size = readable_file_size(resolved);
  if (!size) {
    reader.error(key, fmt::format("boot.{} {} {}", key, quoted(*path), size.error()));
  } else if (*size == 0) {
    reader.error(key, fmt::format("boot.{} {} is an empty file", key, quoted(*path)));
  } else if (key == "initrd" && *size > memory) {
    reader.error(key, fmt::format("boot.initrd {} has {} bytes, more than the guest's RAM "
                                  "(machine.memory is {})",
                                  quoted(*path), *size, format_size(memory)));
  }
  return resolved;
}

void read_boot(const ConfigNode* table, std::uint64_t memory, const ConfigPaths& paths,
               BootConfig& boot, ConfigDiagnostics& diagnostics) {
  ConfigReader reader("boot", table, diagnostics);
  const auto protocol = reader.choice("protocol");
  if (protocol) {
    constexpr std::array kBootProtocols = {BootProtocol::auto_detect,  BootProtocol::linux64,
                                           BootProtocol::linux_direct, BootProtocol::pvh,
                                           BootProtocol::multiboot,    BootProtocol::flat};
    boot.protocol = kBootProtocols.at(*protocol);
  }
  if (!reader.has("kernel")) {
    reader.error("kernel",
                 "boot.kernel is missing: name what to start, such as "
                 "kernel = \"vmlinuz\" in [boot]");
  }
  if (auto kernel = read_image(reader, "kernel", paths, memory)) boot.kernel = *kernel;
  if (auto initrd = read_image(reader, "initrd", paths, memory)) boot.initrd = *initrd;
  if (auto symbols = read_image(reader, "symbols", paths, memory)) boot.symbols = *symbols;
  if (boot.protocol == BootProtocol::flat && reader.has("initrd")) {
    reader.error("initrd", "boot.initrd has no meaning with boot.protocol = \"flat\"");
  }
  if (const auto cmdline = reader.string("cmdline")) {
    if (cmdline->size() > kMaxCmdline) {
      reader.error("cmdline", fmt::format("boot.cmdline has {} bytes; at most {} are possible",
                                          cmdline->size(), kMaxCmdline));
    } else {
      boot.cmdline = *cmdline;
    }
  }
  if (const auto named = reader.boolean("virtio_mmio_cmdline")) {
    boot.virtio_mmio_cmdline = *named;
    if (*named && boot.protocol == BootProtocol::flat) {
      reader.error("virtio_mmio_cmdline",
                   "boot.virtio_mmio_cmdline has no meaning with boot.protocol = \"flat\", which "
                   "has no command line");
    }
  }
  read_flat(reader.sub_section("flat"), boot.protocol == BootProtocol::flat,
            protocol.has_value() || !reader.has("protocol"), boot.flat, diagnostics);
}

void read_console(const ConfigNode* table, ConsoleConfig& console, ConfigDiagnostics& diagnostics) {
  ConfigReader reader("console", table, diagnostics);
  if (const auto escape = reader.string("escape")) {
    if (const auto key = parse_escape_key(*escape)) {
      console.escape = *key;
    } else {
      reader.error("escape",
                   fmt::format("console.escape is {}; it must be \"ctrl-a\" to \"ctrl-z\", "
                               "\"ctrl-]\", \"ctrl-^\", \"ctrl-_\" or \"none\"",
                               quoted(*escape)));
    }
  }
  if (const auto input = reader.boolean("input")) console.input = *input;
}

std::optional<RngConfig> read_rng(const ConfigNode* table,
                                  const std::vector<IoThreadConfig>& threads,
                                  const ConfigPaths& paths, ConfigDiagnostics& diagnostics) {
  if (table == nullptr) return std::nullopt;
  ConfigReader reader("rng", table, diagnostics);
  RngConfig rng;
  rng.virtio = read_virtio(reader, "rng", threads);
  if (const auto source = reader.path("source")) {
    rng.source = paths.resolve(*source, reader.place("source").source);
    const std::string reason =
        paths.check_files ? unreadable_stream_reason(rng.source) : std::string();
    if (!reason.empty()) {
      reader.error("source", fmt::format("rng.source {} {}", quoted(*source), reason));
    }
  }
  rng.bandwidth = read_rate(reader, "rng", "bandwidth");
  return rng;
}

void read_debug(const ConfigNode* table, DebugConfig& debug, ConfigDiagnostics& diagnostics) {
  ConfigReader reader("debug", table, diagnostics);
  if (const auto text = reader.choice("text")) {
    constexpr std::array kTargets = {DebugPortTarget::off, DebugPortTarget::console,
                                     DebugPortTarget::standard_error};
    debug.text = kTargets.at(*text);
  }
  if (const auto exit_port = reader.boolean("exit_port")) debug.exit_port = *exit_port;
  if (const auto coalesced = reader.boolean("coalesced")) debug.coalesced = *coalesced;
}

}  // namespace

VmConfig read_sections(const ConfigNode& root, const ConfigFacts& facts, const ConfigPaths& paths,
                       ConfigDiagnostics& diagnostics) {
  VmConfig config;
  report_unknown_sections(root, diagnostics);
  read_machine(section_of(root, "machine", diagnostics), facts, config.machine, diagnostics);
  read_cpu(section_of(root, "cpu", diagnostics), config.machine.vcpus, facts, config.cpu,
           diagnostics);
  read_boot(section_of(root, "boot", diagnostics), config.machine.memory, paths, config.boot,
            diagnostics);
  read_console(section_of(root, "console", diagnostics), config.console, diagnostics);
  config.io_threads = read_io_threads(root, config.machine.io_threads, diagnostics);
  config.serial = read_serial_ports(root, facts, paths, diagnostics);
  config.disks = read_disks(root, config.io_threads, paths, diagnostics);
  config.nets = read_nets(root, config.io_threads, diagnostics);
  config.virtio_console =
      read_virtio_console(root, config.io_threads, paths, config.serial, diagnostics);
  config.rng =
      read_rng(section_of(root, "rng", diagnostics), config.io_threads, paths, diagnostics);
  read_debug(section_of(root, "debug", diagnostics), config.debug, diagnostics);
  return config;
}

}  // namespace skiff
