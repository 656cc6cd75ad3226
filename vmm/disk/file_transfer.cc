#include "vmm/disk/file_transfer.h"

#include <fcntl.h>
#include <linux/falloc.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "vmm/base/bits.h"

namespace skiff {
namespace {

// DiskRequest::backend.stage.
enum Stage : std::uint8_t {
  kPlain,      // the request's own buffers
  kBounce,     // pieces through an aligned buffer
  kPunch,      // FALLOC_FL_PUNCH_HOLE
  kDiscard,    // BLKDISCARD
  kZeroRange,  // FALLOC_FL_ZERO_RANGE
  kZeros,      // writing them
  kSync,       // fdatasync
};

// A host that says "not now" (EAGAIN) this often in a row has refused.
constexpr std::uint8_t kMostRefusals = 100;

// Never written, so it takes no memory of its own.
alignas(4096) const std::array<std::byte, 256 * 1024> kNothing{};

// Between the buffers and `flat`, as far as the buffers go.
void gather(std::span<const iovec> buffers, std::byte* flat, std::size_t length) {
  for (const iovec& buffer : buffers) {
    const std::size_t part = std::min(buffer.iov_len, length);
    std::memcpy(flat, buffer.iov_base, part);
    flat += part;
    length -= part;
    if (length == 0) return;
  }
}
void scatter(std::span<const iovec> buffers, const std::byte* flat, std::size_t length) {
  for (const iovec& buffer : buffers) {
    const std::size_t part = std::min(buffer.iov_len, length);
    std::memcpy(buffer.iov_base, flat, part);
    flat += part;
    length -= part;
    if (length == 0) return;
  }
}

// Takes the first `length` bytes off.
void use_up(std::span<iovec>& buffers, std::uint64_t length) {
  while (length != 0 && !buffers.empty()) {
    iovec& buffer = buffers.front();
    if (buffer.iov_len > length) {
      buffer.iov_base = static_cast<std::byte*>(buffer.iov_base) + length;
      buffer.iov_len -= length;
      return;
    }
    length -= buffer.iov_len;
    buffers = buffers.subspan(1);
  }
}

}  // namespace

void FileTransfer::start(DiskRequest& request) {
  request.error = 0;
  request.backend.done = 0;
  request.backend.refusals = 0;
  request.backend.piece = {};
  switch (request.operation) {
    case DiskOperation::read:
    case DiskOperation::write:
      request.backend.stage = is_misaligned(request) ? kBounce : kPlain;
      return;
    case DiskOperation::flush:
      request.backend.stage = kSync;
      return;
    case DiskOperation::discard:
      request.backend.stage = discards_only() ? kDiscard : kPunch;
      return;
    case DiskOperation::write_zeroes:
      request.backend.stage = kPunch;
      if (!request.may_unmap || !file_.can_punch.load(std::memory_order_relaxed)) {
        start_zeroes(request);
      }
      return;
  }
}

// A hole in a block device reads as zeroes, which not every device that discards can promise: such
// a one is asked only to discard.
bool FileTransfer::discards_only() const {
  return file_.is_block_device && !file_.can_punch.load(std::memory_order_relaxed);
}

// Without deallocation, or where holes cannot be punched.
void FileTransfer::start_zeroes(DiskRequest& request) const {
  const bool can = file_.can_zero_range.load(std::memory_order_relaxed);
  request.backend.stage = can ? kZeroRange : kZeros;
}

bool FileTransfer::is_misaligned(const DiskRequest& request) const {
  if (!file_.direct) return false;
  return std::ranges::any_of(request.buffers, [this](const iovec& buffer) {
    return !is_aligned(reinterpret_cast<std::uintptr_t>(buffer.iov_base),
                       std::uintptr_t{file_.memory_alignment}) ||
           !is_aligned(buffer.iov_len, std::size_t{file_.transfer_alignment});
  });
}

FileTransfer::Prepared FileTransfer::prepare(DiskRequest& request) {
  auto& own = request.backend;
  if (own.stage != kSync && own.done == request.length) return Prepared::complete;
  const std::uint64_t left = request.length - own.done;
  if (own.stage == kZeros) {
    own.piece = {const_cast<std::byte*>(kNothing.data()),
                 std::min<std::size_t>(left, kNothing.size())};
  }
  if (own.stage != kBounce) return Prepared::ready;

  if (own.piece.iov_base == nullptr) own.piece.iov_base = bounce_.take();
  if (own.piece.iov_base == nullptr) {
    if (!bounce_.is_hopeless()) return Prepared::wait;
    request.error = ENOMEM;
    return Prepared::complete;
  }
  own.piece.iov_len = std::min<std::size_t>(left, BouncePool::kBufferSize);
  if (request.operation == DiskOperation::write) {
    gather(request.buffers, static_cast<std::byte*>(own.piece.iov_base), own.piece.iov_len);
  }
  return Prepared::ready;
}

HostCall FileTransfer::call(const DiskRequest& request) const {
  const auto& own = request.backend;
  const std::uint64_t offset = request.offset + own.done;
  const std::uint64_t left = request.length - own.done;
  const std::span piece(&own.piece, 1);
  const auto kind =
      request.operation == DiskOperation::read ? HostCall::Kind::readv : HostCall::Kind::writev;
  switch (own.stage) {
    case kPlain:
      return {
          .kind = kind,
          .durable = request.force_unit_access,
          .offset = offset,
          .buffers = request.buffers.first(std::min<std::size_t>(request.buffers.size(), IOV_MAX))};
    case kBounce:
      return {
          .kind = kind, .durable = request.force_unit_access, .offset = offset, .buffers = piece};
    case kZeros:
      return {.kind = HostCall::Kind::writev, .offset = offset, .buffers = piece};
    case kPunch:
      return {.kind = HostCall::Kind::fallocate,
              .mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
              .offset = offset,
              .length = left,
              .buffers = {}};
    case kDiscard:
      return {.kind = HostCall::Kind::discard, .offset = offset, .length = left, .buffers = {}};
    case kZeroRange:
      return {.kind = HostCall::Kind::fallocate,
              .mode = FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
              .offset = offset,
              .length = left,
              .buffers = {}};
    default:
      return {.kind = HostCall::Kind::fdatasync, .buffers = {}};
  }
}

bool FileTransfer::finish(DiskRequest& request, std::int64_t result) {
  if (result < 0) return refuse(request, static_cast<int>(-result));
  request.backend.refusals = 0;
  switch (request.backend.stage) {
    case kSync:
      return end(request, 0);
    case kPunch:
    case kDiscard:
    case kZeroRange:
      return transferred(request, request.length);
    default:
      // The end of the file inside the disk: somebody cut it off.
      if (result == 0) return end(request, EIO);
      return transferred(request, static_cast<std::uint64_t>(result));
  }
}

bool FileTransfer::refuse(DiskRequest& request, int error) {
  if (error == EINTR) return false;
  if (error == EAGAIN && ++request.backend.refusals < kMostRefusals) return false;
  if (error == EOPNOTSUPP && request.backend.stage == kPunch) {
    file_.can_punch.store(false, std::memory_order_relaxed);
    if (request.operation != DiskOperation::discard) {
      start_zeroes(request);
      return false;
    }
    if (!discards_only()) return end(request, error);
    request.backend.stage = kDiscard;
    return false;
  }
  if (error == EOPNOTSUPP && request.backend.stage == kZeroRange) {
    file_.can_zero_range.store(false, std::memory_order_relaxed);
    request.backend.stage = kZeros;
    return false;
  }
  return end(request, error);
}

bool FileTransfer::transferred(DiskRequest& request, std::uint64_t count) {
  auto& own = request.backend;
  count = std::min(count, request.length - own.done);
  if (own.stage == kBounce && request.operation == DiskOperation::read) {
    scatter(request.buffers, static_cast<const std::byte*>(own.piece.iov_base), count);
  }
  if (own.stage == kBounce || own.stage == kPlain) use_up(request.buffers, count);
  own.done += count;
  if (own.done < request.length) return false;
  const bool is_durable = own.stage == kPlain || own.stage == kBounce;
  if (request.force_unit_access && !is_durable) {
    own.stage = kSync;
    return false;
  }
  return end(request, 0);
}

bool FileTransfer::end(DiskRequest& request, int error) {
  if (request.backend.stage == kBounce && request.backend.piece.iov_base != nullptr) {
    bounce_.give_back(static_cast<std::byte*>(request.backend.piece.iov_base));
    request.backend.piece = {};
  }
  request.error = error;
  return true;
}

}  // namespace skiff
