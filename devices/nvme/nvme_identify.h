// The pages a controller describes itself and its namespace with, and its log pages. Pure.
//
// Thread rule: none; values.
// Source: NVM Express 1.4, 5.15.2 (identify), 5.14.1 (log pages).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vmm/disk/disk_backend.h"

namespace skiff {

using NvmePage = std::array<std::byte, 4096>;
using NvmeUuid = std::array<std::byte, 16>;

// Constant facts of one controller.
struct NvmeIdentity {
  std::string serial;  // at most 20 bytes are shown
  NvmeUuid uuid{};     // of the namespace, and of the subsystem, which has nothing else
  DiskInfo disk;
  bool has_doorbell_buffer = false;
};

// A UUID that is the same whenever the words are (RFC 9562, version 8).
NvmeUuid nvme_uuid(std::string_view words);

NvmePage identify_controller(const NvmeIdentity& identity);
// `capacity` [bytes]
NvmePage identify_namespace(const NvmeIdentity& identity, std::uint64_t capacity);
// The namespace identification descriptor list (5.15.2.4).
NvmePage identify_descriptors(const NvmeIdentity& identity);
// The active namespaces with an ID above `after` (5.15.2.3); also the changed namespace log.
NvmePage namespace_list(std::uint32_t after);

// What the health log counts.
struct NvmeHealth {
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t media_errors = 0;
  std::uint64_t error_entries = 0;
};
NvmePage health_log(const NvmeHealth& health);
NvmePage firmware_log();

}  // namespace skiff
