#include "vmm/machine/config_keys.h"

#include <algorithm>
#include <array>
#include <limits>

namespace skiff {
namespace {

using namespace std::string_view_literals;
using enum ConfigType;

constexpr std::array kHugePages = {"off"sv, "transparent"sv, "2M"sv};
constexpr std::array kIrqchips = {"kernel"sv};
constexpr std::array kOnReboot = {"restart"sv, "exit"sv};
constexpr std::array kProtocols = {"auto"sv, "linux64"sv,   "linux-direct"sv,
                                   "pvh"sv,  "multiboot"sv, "flat"sv};
constexpr std::array kFlatModes = {"real"sv, "protected"sv, "long"sv};
constexpr std::array kSerialTargets = {"console"sv, "file"sv, "null"sv};
constexpr std::array kDebugTargets = {"off"sv, "console"sv, "stderr"sv};

constexpr std::uint64_t kMaxInteger = std::numeric_limits<std::int64_t>::max();

constexpr auto kSections = std::to_array<ConfigSection>({
    {"machine", false, "the machine as a whole"},
    {"cpu", false, "the guest's processors"},
    {"cpu.topology", false, "how the vCPUs form sockets, cores and threads"},
    {"boot", false, "what the guest starts from"},
    {"boot.flat", false, "where a flat binary goes and how it starts"},
    {"console", false, "the terminal Skiff was started in"},
    {"serial", true, "16550A serial ports"},
    {"debug", false, "ports for messages and exit codes of small guests"},
});

constexpr auto kKeys = std::to_array<ConfigKey>({
    {"machine", "name", string, "\"skiff\"", "the VM's name in messages"},
    {"machine", "vcpus", integer, "1", "how many vCPUs the guest has", 1, kMaxConfigVcpus},
    {"machine", "memory", size, "\"256M\"", "guest RAM", kMinConfigMemory, kMaxConfigMemory},
    {"machine", "hugepages", choice, "\"transparent\"", "pages behind guest RAM", 0, 0, false,
     kHugePages},
    {"machine", "shared_memory", boolean, "false",
     "guest RAM in a memfd that other processes can map"},
    {"machine", "irqchip", choice, "\"kernel\"", "where the interrupt controllers live", 0, 0,
     false, kIrqchips},
    {"machine", "pit", boolean, "true", "an 8254 interval timer"},
    {"machine", "on_reboot", choice, "\"restart\"", "what a reboot of the guest does", 0, 0, false,
     kOnReboot},
    {"machine", "stop_timeout", integer, "30",
     "seconds a guest has to follow the power button; 0: for ever", 0, 86400},

    {"cpu", "hide", string_list, "[]", "CPU features the guest must not see"},

    {"cpu.topology", "sockets", integer, "1", "processor packages", 1, kMaxConfigVcpus},
    {"cpu.topology", "cores", integer, "as many as are needed", "cores per socket", 1,
     kMaxConfigVcpus},
    {"cpu.topology", "threads", integer, "1", "threads per core", 1, 64},

    {"boot", "kernel", path, "", "the kernel or program to start"},
    {"boot", "initrd", path, "none", "initial RAM disk (multiboot: first module)"},
    {"boot", "cmdline", string, "by protocol", "kernel command line"},
    {"boot", "protocol", choice, "\"auto\"", "how the kernel is entered", 0, 0, false, kProtocols},
    {"boot", "symbols", path, "none", "vmlinux or System.map for names in reports"},

    {"boot.flat", "address", integer, "0x100000", "where the binary is loaded and entered", 0,
     kMaxInteger, true},
    {"boot.flat", "mode", choice, "\"protected\"", "processor mode it starts in", 0, 0, false,
     kFlatModes},
    {"boot.flat", "privilege", integer, "0", "privilege level it starts at", 0, 3},

    {"console", "escape", string, "\"ctrl-a\"", "the key that begins Skiff's own commands"},
    {"console", "input", boolean, "true", "whether the guest gets what is typed"},

    {"serial", "unit", integer, "1", "which port: 1 is COM1", 1, 4},
    {"serial", "target", choice, "\"console\"", "where its bytes go", 0, 0, false, kSerialTargets},
    {"serial", "path", path, "none", "the file of target = \"file\""},
    {"serial", "port", integer, "by unit", "first of its eight I/O ports", 0, 0xffff, true},
    {"serial", "irq", integer, "by unit", "its interrupt line", 0, 255},

    {"debug", "text", choice, "\"off\"", "where bytes written to ports 0xe9 and 0x402 go", 0, 0,
     false, kDebugTargets},
    {"debug", "exit_port", boolean, "true", "whether a write to port 0xf4 ends the VM"},
});

}  // namespace

std::span<const ConfigSection> config_sections() {
  return kSections;
}

std::span<const ConfigKey> config_keys() {
  return kKeys;
}

const ConfigSection* find_config_section(std::string_view name) {
  const auto* found =
      std::find_if(kSections.begin(), kSections.end(),
                   [name](const ConfigSection& section) { return section.name == name; });
  return found == kSections.end() ? nullptr : found;
}

const ConfigKey* find_config_key(std::string_view section, std::string_view name) {
  const auto* found = std::find_if(kKeys.begin(), kKeys.end(), [&](const ConfigKey& key) {
    return key.section == section && key.name == name;
  });
  return found == kKeys.end() ? nullptr : found;
}

}  // namespace skiff
