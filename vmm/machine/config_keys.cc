#include "vmm/machine/config_keys.h"

#include <algorithm>
#include <array>
#include <limits>

namespace skiff {
namespace {

using namespace std::string_view_literals;
using enum ConfigType;

constexpr std::array kHugePages = {"off"sv, "transparent"sv, "2M"sv};
constexpr std::array kIrqchips = {"kernel"sv, "split"sv, "user"sv, "auto"sv, "gicv3"sv, "gicv2"sv};
constexpr std::array kOnReboot = {"restart"sv, "exit"sv};
constexpr std::array kProtocols = {"auto"sv, "linux64"sv,   "linux-direct"sv,
                                   "pvh"sv,  "multiboot"sv, "flat"sv};
constexpr std::array kFlatModes = {"real"sv, "protected"sv, "long"sv};
constexpr std::array kSerialModels = {"16550"sv, "pl011"sv};
constexpr std::array kSerialTargets = {"console"sv, "file"sv, "null"sv, "socket"sv};
constexpr std::array kFaces = {"virtio"sv, "virtio-mmio"sv};
constexpr std::array kDiskFaces = {"virtio"sv, "virtio-mmio"sv, "ide"sv, "nvme"sv};
constexpr std::array kDiskMedia = {"disk"sv, "cdrom"sv};
constexpr std::array kNetFaces = {"virtio"sv, "virtio-mmio"sv, "e1000"sv};
constexpr std::array kRings = {"split"sv, "packed"sv};
constexpr std::array kDiskBackends = {"file"sv, "memory"sv, "null"sv};
constexpr std::array kDiskEngines = {"auto"sv, "io_uring"sv, "threads"sv};
constexpr std::array kNetTypes = {"user"sv, "tap"sv};
constexpr std::array kNetBackends = {"auto"sv, "passt"sv, "libslirp"sv};
constexpr std::array kDebugTargets = {"off"sv, "console"sv, "stderr"sv};

constexpr std::uint64_t kMaxInteger = std::numeric_limits<std::int64_t>::max();
// Of a rate limit: more passes in no second.
constexpr std::uint64_t kMaxRate = 1ULL << 40;

constexpr auto kSections = std::to_array<ConfigSection>({
    {"machine", false, "the machine as a whole"},
    {"io_thread", true, "threads on which devices do their work"},
    {"cpu", false, "the guest's processors"},
    {"cpu.topology", false, "how the vCPUs form sockets, cores and threads"},
    {"boot", false, "what the guest starts from"},
    {"boot.flat", false, "where a flat binary goes and how it starts"},
    {"console", false, "the terminal Skiff was started in"},
    {"serial", true, "serial ports"},
    {"disk", true, "virtio disks"},
    {"net", true, "network cards"},
    {"virtio_console", true, "ports of the virtio console"},
    {"rng", false, "a virtio entropy source"},
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
    {"machine", "irqchip", choice, "\"kernel\"", "the interrupt controllers, or where they live", 0,
     0, false, kIrqchips},
    {"machine", "pit", boolean, "true", "an 8254 interval timer"},
    {"machine", "on_reboot", choice, "\"restart\"", "what a reboot of the guest does", 0, 0, false,
     kOnReboot},
    {"machine", "stop_timeout", integer, "30",
     "seconds a guest has to follow the power button; 0: for ever", 0, 86400},
    {"machine", "why_after", integer, "60",
     "seconds of silence after which a busy guest is explained; 0: never", 0, 86400},
    {"machine", "io_threads", integer, "0", "how many I/O threads there are beside named ones", 0,
     kMaxConfigIoThreads},

    {"io_thread", "name", string, "", "what devices call it by"},
    {"io_thread", "cpus", integer_list, "[]", "host processors it may run on", 0, kMaxConfigCpu},

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
    {"boot", "virtio_mmio_cmdline", boolean, "false",
     "whether virtio-mmio devices are named on the command line too"},

    {"boot.flat", "address", integer, "0x100000", "where the binary is loaded and entered", 0,
     kMaxInteger, true},
    {"boot.flat", "mode", choice, "\"protected\"", "processor mode it starts in", 0, 0, false,
     kFlatModes},
    {"boot.flat", "privilege", integer, "0", "privilege level it starts at", 0, 3},

    {"console", "escape", string, "\"ctrl-a\"", "the key that begins Skiff's own commands"},
    {"console", "input", boolean, "true", "whether the guest gets what is typed"},

    {"serial", "unit", integer, "1", "which port: 1 is COM1", 1, 4},
    {"serial", "model", choice, "\"16550\"", "what the port is", 0, 0, false, kSerialModels},
    {"serial", "target", choice, "\"console\"", "where its bytes go", 0, 0, false, kSerialTargets},
    {"serial", "path", path, "none", "the file of target = \"file\""},
    {"serial", "port", integer, "by unit", "first of its eight I/O ports", 0, 0xffff, true},
    {"serial", "irq", integer, "by unit", "its interrupt line", 0, 255},

    {"disk", "path", path, "none", "the image or block device"},
    {"disk", "backend", choice, "\"file\"", "what keeps the bytes", 0, 0, false, kDiskBackends},
    {"disk", "size", size, "none", "of a disk that is no file", 512, kMaxConfigDisk},
    {"disk", "prefault", boolean, "false", "whether a disk in memory takes all of it at once"},
    {"disk", "face", choice, "\"virtio\"", "what the guest takes it for", 0, 0, false, kDiskFaces},
    {"disk", "media", choice, "\"disk\"", "a disk, or a disc in a CD-ROM drive", 0, 0, false,
     kDiskMedia},
    {"disk", "read_only", boolean, "false", "whether writes are refused"},
    {"disk", "direct", boolean, "false", "whether the host's page cache is passed by (O_DIRECT)"},
    {"disk", "lock", boolean, "true", "whether the file is locked against double use"},
    {"disk", "engine", choice, "\"auto\"", "how the file is read and written", 0, 0, false,
     kDiskEngines},
    {"disk", "serial", string, "none", "what the guest reads as its serial number"},
    {"disk", "queues", integer, "1", "request queues", 1, 64},
    {"disk", "queue_size", integer, "256", "entries of each queue", 4, kMaxConfigQueue},
    {"disk", "block_size", integer, "512, or what O_DIRECT needs", "bytes of a block", 512, 65536},
    {"disk", "discard", boolean, "true", "whether the guest can give space back"},
    {"disk", "iops", integer, "no limit", "requests a second", 1, kMaxRate},
    {"disk", "iops_burst", integer, "one second's", "requests that may pass at once", 1, kMaxRate},
    {"disk", "bandwidth", size, "no limit", "bytes a second", 1, kMaxRate},
    {"disk", "bandwidth_burst", size, "one second's", "bytes that may pass at once", 1, kMaxRate},
    {"disk", "ring", choice, "\"split\"", "the ring formats offered", 0, 0, false, kRings},
    {"disk", "event_idx", boolean, "true", "whether EVENT_IDX is offered"},
    {"disk", "ioeventfd", boolean, "true", "whether notifications pass Skiff's exit loop by"},
    {"disk", "thread", string, "chosen by Skiff", "the I/O thread it works on"},
    {"disk", "inline", boolean, "false", "whether the vCPU that notifies does the work itself"},

    {"net", "type", choice, "\"user\"", "where the cable leads", 0, 0, false, kNetTypes},
    {"net", "backend", choice, "\"auto\"", "what does user networking", 0, 0, false, kNetBackends},
    {"net", "forward", string_list, "[]", "host ports that lead into the guest"},
    {"net", "tap", string, "none", "the tap interface's name"},
    {"net", "fd", integer, "none", "an open tap descriptor Skiff was started with", 3, 1048576},
    {"net", "offload", boolean, "true", "checksum and segmentation offloads"},
    {"net", "face", choice, "\"virtio\"", "what the guest takes it for", 0, 0, false, kNetFaces},
    {"net", "mac", string, "a random one", "the card's address"},
    {"net", "mtu", integer, "by back-end", "largest packet the guest is told of", 68, 65535},
    {"net", "queues", integer, "1", "pairs of queues", 1, 64},
    {"net", "queue_size", integer, "256", "entries of each queue", 16, kMaxConfigQueue},
    {"net", "link", boolean, "true", "whether the cable is in"},
    {"net", "tx_bandwidth", size, "no limit", "bytes a second the guest may send", 1, kMaxRate},
    {"net", "tx_bandwidth_burst", size, "one second's", "bytes that may pass at once", 1, kMaxRate},
    {"net", "tx_packets", integer, "no limit", "packets a second the guest may send", 1, kMaxRate},
    {"net", "tx_packets_burst", integer, "one second's", "packets that may pass at once", 1,
     kMaxRate},
    {"net", "rx_bandwidth", size, "no limit", "bytes a second the guest may receive", 1, kMaxRate},
    {"net", "rx_bandwidth_burst", size, "one second's", "bytes that may pass at once", 1, kMaxRate},
    {"net", "rx_packets", integer, "no limit", "packets a second the guest may receive", 1,
     kMaxRate},
    {"net", "rx_packets_burst", integer, "one second's", "packets that may pass at once", 1,
     kMaxRate},
    {"net", "ring", choice, "\"split\"", "the ring formats offered", 0, 0, false, kRings},
    {"net", "event_idx", boolean, "true", "whether EVENT_IDX is offered"},
    {"net", "ioeventfd", boolean, "true", "whether notifications pass Skiff's exit loop by"},
    {"net", "thread", string, "chosen by Skiff", "the I/O thread it works on"},

    {"virtio_console", "name", string, "none", "what the guest finds the port by"},
    {"virtio_console", "target", choice, "\"console\"", "where its bytes go", 0, 0, false,
     kSerialTargets},
    {"virtio_console", "path", path, "none", "the file of target = \"file\""},
    {"virtio_console", "console", boolean, "by place", "whether the guest may log in there (hvc)"},
    {"virtio_console", "face", choice, "\"virtio\"",
     "how the guest finds it: on PCI, or as virtio-mmio", 0, 0, false, kFaces},
    {"virtio_console", "ring", choice, "\"split\"", "the ring formats offered", 0, 0, false,
     kRings},
    {"virtio_console", "event_idx", boolean, "true", "whether EVENT_IDX is offered"},
    {"virtio_console", "ioeventfd", boolean, "true",
     "whether notifications pass Skiff's exit loop by"},
    {"virtio_console", "thread", string, "chosen by Skiff", "the I/O thread it works on"},

    {"rng", "face", choice, "\"virtio\"", "how the guest finds it: on PCI, or as virtio-mmio", 0, 0,
     false, kFaces},
    {"rng", "source", path, "none", "a file to read instead of the kernel's generator"},
    {"rng", "bandwidth", size, "no limit", "bytes a second", 1, kMaxRate},
    {"rng", "bandwidth_burst", size, "one second's", "bytes that may pass at once", 1, kMaxRate},
    {"rng", "ring", choice, "\"split\"", "the ring formats offered", 0, 0, false, kRings},
    {"rng", "event_idx", boolean, "true", "whether EVENT_IDX is offered"},
    {"rng", "ioeventfd", boolean, "true", "whether notifications pass Skiff's exit loop by"},
    {"rng", "thread", string, "chosen by Skiff", "the I/O thread it works on"},

    {"debug", "text", choice, "\"off\"", "where bytes written to ports 0xe9 and 0x402 go", 0, 0,
     false, kDebugTargets},
    {"debug", "exit_port", boolean, "true", "whether a write to port 0xf4 ends the VM"},
    {"debug", "coalesced", boolean, "false",
     "a register at 0xe0120000, whose writes KVM collects, as those of port 0x80"},
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
