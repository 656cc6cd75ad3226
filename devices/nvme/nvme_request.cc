#include "devices/nvme/nvme_request.h"

#include <array>

#include "devices/nvme/nvme_prp.h"

namespace skiff {

using namespace nvme;

namespace {

// True if blocks [first, first + count) lie on the disk.
bool on_disk(const NvmeLimits& limits, std::uint64_t first, std::uint64_t count) {
  const std::uint64_t blocks = limits.capacity / limits.block_size;
  return first <= blocks && count <= blocks - first;
}

}  // namespace

Status NvmeRequest::parse(const Command& command, const GuestMemory& memory,
                          const NvmeLimits& limits) {
  force_unit_access = may_unmap = false;
  range = {};
  data.clear();
  pieces.clear();
  // Neither fused commands nor SGLs were offered (FUSES, SGLS).
  if (command.flags != 0) return Status::invalid_field;
  const bool flushes_all = command.opcode == kFlush && command.nsid == kAllNamespaces;
  if (command.nsid != kNamespace && !flushes_all) return Status::invalid_namespace;
  switch (command.opcode) {
    case kFlush:
      operation = DiskOperation::flush;
      return Status::success;
    case kRead:
      operation = DiskOperation::read;
      break;
    case kWrite:
      operation = DiskOperation::write;
      break;
    case kWriteZeroes:
      if (!limits.can_write_zeroes && !limits.read_only) return Status::invalid_opcode;
      operation = DiskOperation::write_zeroes;
      may_unmap = limits.can_discard && (command.dw12 & kDeallocate) != 0;
      break;
    case kDatasetManagement:
      operation = DiskOperation::discard;
      return parse_dsm(command, memory, limits);
    default:
      return Status::invalid_opcode;
  }
  if (operation != DiskOperation::read && limits.read_only) return Status::write_protected;
  if (const Status status = parse_range(command, limits); status != Status::success) return status;
  force_unit_access = (command.dw12 & kForceUnitAccess) != 0;
  if (operation == DiskOperation::write_zeroes) return Status::success;
  if (range.length > kMaxTransfer) return Status::invalid_field;
  return map_prps(memory, command.prp1, command.prp2, range.length, data);
}

Status NvmeRequest::parse_range(const Command& command, const NvmeLimits& limits) {
  const std::uint64_t first = std::uint64_t{command.dw11} << 32 | command.dw10;
  const std::uint64_t count = (command.dw12 & 0xffff) + 1ULL;
  if (!on_disk(limits, first, count)) return Status::lba_out_of_range;
  range = {first * limits.block_size, count * limits.block_size};
  return Status::success;
}

Status NvmeRequest::parse_dsm(const Command& command, const GuestMemory& memory,
                              const NvmeLimits& limits) {
  std::array<DsmRange, 256> ranges;
  const std::size_t count = (command.dw10 & 0xff) + 1;
  const auto wanted = std::span(ranges).first(count);
  const auto bytes = std::as_writable_bytes(wanted);
  if (const Status status = map_prps(memory, command.prp1, command.prp2, bytes.size(), data);
      status != Status::success) {
    return status;
  }
  copy_from(data, bytes);
  data.clear();
  // The other attributes are hints.
  if ((command.dw11 & kDsmDeallocate) == 0) return Status::success;
  if (limits.read_only) return Status::write_protected;
  for (const DsmRange& each : wanted) {
    if (!on_disk(limits, each.first, each.blocks)) {
      pieces.clear();
      return Status::lba_out_of_range;
    }
    if (each.blocks == 0 || !limits.can_discard) continue;
    pieces.push_back(
        {each.first * limits.block_size, std::uint64_t{each.blocks} * limits.block_size});
  }
  return Status::success;
}

}  // namespace skiff
