#include "vmm/machine/config_disk.h"

#include <fmt/core.h>

#include <array>
#include <bit>
#include <span>
#include <string>
#include <string_view>

#include "vmm/machine/config_reader.h"
#include "vmm/machine/config_virtio.h"

namespace skiff {
namespace {

constexpr std::size_t kSerialSize = 20;  // VIRTIO_BLK_ID_BYTES

// In the order of kDiskFaces (config_keys.cc).
constexpr std::array kFaceOfChoice = {DiskFace::virtio, DiskFace::virtio, DiskFace::ide,
                                      DiskFace::nvme};

// Keys that say nothing to a disk with that face.
constexpr std::array<std::string_view, 10> kNotOfIde = {
    "queues",          "queue_size", "iops",      "iops_burst", "bandwidth",
    "bandwidth_burst", "ring",       "event_idx", "ioeventfd",  "inline",
};
constexpr std::array<std::string_view, 4> kNotOfNvme = {"queue_size", "ring", "event_idx",
                                                        "inline"};
struct ForeignKeys {
  DiskFace face;
  std::string_view name;
  std::span<const std::string_view> keys;
};
constexpr std::array kForeignKeys = {
    ForeignKeys{DiskFace::ide, "ide", kNotOfIde},
    ForeignKeys{DiskFace::nvme, "nvme", kNotOfNvme},
};

struct PlacedDisk {
  DiskConfig config;
  ConfigPlace path_place;
};

// The keys that say what keeps the bytes, and which of them have no meaning with which backend.
void read_host(ConfigReader& reader, const ConfigPaths& paths, DiskOptions& host) {
  const auto backend = reader.choice("backend");
  const auto path = reader.path("path");
  const auto size = reader.size("size");
  if (backend)
    host.kind = std::array{DiskKind::file, DiskKind::memory, DiskKind::null}.at(*backend);
  if (const auto read_only = reader.boolean("read_only")) host.read_only |= *read_only;
  if (const auto direct = reader.boolean("direct")) host.direct = *direct;
  if (const auto lock = reader.boolean("lock")) host.lock = *lock;
  if (const auto discard = reader.boolean("discard")) host.discard = *discard;
  if (const auto prefault = reader.boolean("prefault")) host.prefault = *prefault;
  if (const auto engine = reader.choice("engine")) {
    host.engine =
        std::array{DiskEngine::automatic, DiskEngine::io_uring, DiskEngine::threads}.at(*engine);
  }
  if (const auto block_size = reader.integer("block_size")) {
    host.block_size = static_cast<std::uint32_t>(*block_size);
    if (!std::has_single_bit(*block_size)) {
      reader.error("block_size",
                   fmt::format("disk.block_size is {}; it must be a power of two", *block_size));
    }
  }
  if (backend || !reader.has("backend")) {
    const bool file = host.kind == DiskKind::file;
    for (const std::string_view key : {"path", "direct", "lock", "engine"}) {
      if (file || !reader.has(key)) continue;
      reader.error(key, fmt::format("disk.{} is only for disk.backend = \"file\"", key));
    }
    if (host.kind != DiskKind::memory && reader.has("prefault")) {
      reader.error("prefault", "disk.prefault is only for disk.backend = \"memory\"");
    }
    if (file && reader.has("size")) {
      reader.error("size",
                   "disk.size is only for disk.backend = \"memory\" and \"null\"; a file "
                   "has its own");
    } else if (!file && !reader.has("size")) {
      reader.error("size",
                   "disk.size is missing: say how large the disk is, such as size = "
                   "\"64M\"");
    }
    if (file && !reader.has("path")) {
      reader.error("path", "disk.path is missing: name the image, such as path = \"root.img\"");
    }
  }
  if (size) host.size = *size;
  if (!path) return;
  host.path = paths.resolve(*path, reader.place("path").source);
  if (!paths.check_files || host.kind != DiskKind::file) return;
  const std::string reason = unusable_disk_reason(host.path, host.read_only);
  if (!reason.empty()) {
    reader.error("path", fmt::format("disk.path {} {}", quoted(*path), reason));
  }
}

void refuse_foreign_keys(ConfigReader& reader, DiskFace face) {
  for (const ForeignKeys& foreign : kForeignKeys) {
    if (foreign.face != face) continue;
    for (const std::string_view key : foreign.keys) {
      if (!reader.has(key)) continue;
      reader.error(key, fmt::format("disk.{} is only for virtio disks, not for disk.face = \"{}\"",
                                    key, foreign.name));
    }
  }
}

// Whose vCPU does the work has it notify by an exit.
void read_inline(ConfigReader& reader, DiskConfig& config) {
  config.is_inline = reader.boolean("inline").value_or(false);
  if (!config.is_inline) return;
  if (config.virtio.ioeventfd && reader.has("ioeventfd")) {
    reader.error("inline",
                 "disk.inline needs disk.ioeventfd = false, or nothing said of it: the vCPU's "
                 "notification must come to Skiff");
  }
  config.virtio.ioeventfd = false;
}

PlacedDisk read_one(const ConfigNode& table, const std::vector<IoThreadConfig>& threads,
                    const ConfigPaths& paths, ConfigDiagnostics& diagnostics) {
  ConfigReader reader("disk", &table, diagnostics);
  PlacedDisk disk;
  disk.config.is_cdrom = reader.choice("media") == 1U;
  disk.config.host.read_only = disk.config.is_cdrom;  // before the file is looked at
  read_host(reader, paths, disk.config.host);
  std::size_t face = 0;
  disk.config.virtio = read_virtio(reader, "disk", threads, &face);
  disk.config.face = kFaceOfChoice.at(face);
  read_inline(reader, disk.config);
  if (disk.config.is_cdrom && disk.config.face != DiskFace::ide) {
    reader.error(
        "media",
        "disk.media = \"cdrom\" needs disk.face = \"ide\": no other face has such a drive");
  }
  refuse_foreign_keys(reader, disk.config.face);
  if (const auto serial = reader.string("serial")) {
    disk.config.serial = *serial;
    if (serial->size() > kSerialSize) {
      reader.error("serial", fmt::format("disk.serial {} has {} bytes; at most {} are possible",
                                         quoted(*serial), serial->size(), kSerialSize));
    }
  }
  if (const auto queues = reader.integer("queues"))
    disk.config.queues = static_cast<std::uint16_t>(*queues);
  disk.config.queue_size = read_queue_size(reader, "disk", disk.config.queue_size);
  disk.config.operations = read_rate(reader, "disk", "iops");
  disk.config.bandwidth = read_rate(reader, "disk", "bandwidth");
  disk.path_place = reader.place("path");
  return disk;
}

}  // namespace

std::vector<DiskConfig> read_disks(const ConfigNode& root,
                                   const std::vector<IoThreadConfig>& threads,
                                   const ConfigPaths& paths, ConfigDiagnostics& diagnostics) {
  std::vector<DiskConfig> disks;
  for (const ConfigNode* table : list_sections(root, "disk", diagnostics)) {
    PlacedDisk disk = read_one(*table, threads, paths, diagnostics);
    for (std::size_t i = 0; i < disks.size(); ++i) {
      const DiskOptions& mine = disk.config.host;
      const DiskOptions& other = disks[i].host;
      if (mine.path.empty() || mine.path != other.path || (mine.read_only && other.read_only) ||
          (!mine.lock && !other.lock)) {
        continue;
      }
      diagnostics.error(disk.path_place,
                        fmt::format("disks {} and {} are the same file; both must be read_only, or "
                                    "have lock = false",
                                    i, disks.size()));
      break;
    }
    disks.push_back(std::move(disk.config));
  }
  return disks;
}

}  // namespace skiff
