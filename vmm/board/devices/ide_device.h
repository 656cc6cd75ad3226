// From [[disk]] with face = "ide" to disks of one IDE controller: the first two are master and
// slave of the first channel, the next two those of the second.
//
// Thread rule: as DeviceFactory and EmulatedDevice.
#pragma once

#include <memory>
#include <string>

#include "vmm/board/device_table.h"
#include "vmm/disk/disk_backend.h"

namespace skiff {

class IdeDisks {
 public:
  IdeDisks();
  ~IdeDisks();
  IdeDisks(const IdeDisks&) = delete;
  IdeDisks& operator=(const IdeDisks&) = delete;

  // Throws ConfigError for a disk too many, and for one whose blocks are not 512 bytes.
  ConfiguredDevice add(const DeviceContext& context, const DiskConfig& config, std::string name,
                       std::unique_ptr<DiskBackend> backend);

 private:
  struct Cabinet;
  std::shared_ptr<Cabinet> cabinet_;
};

}  // namespace skiff
