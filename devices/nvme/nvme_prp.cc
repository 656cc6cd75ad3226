#include "devices/nvme/nvme_prp.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace skiff {
namespace {

using nvme::kMemoryPage;
using nvme::Status;

constexpr std::uint64_t kPageMask = kMemoryPage - 1;
constexpr std::size_t kEntriesPerPage = kMemoryPage / sizeof(std::uint64_t);

bool append(const GuestMemory& memory, std::uint64_t address, std::uint64_t length,
            std::vector<iovec>& out) {
  const auto bytes = memory.slice(GuestAddress(address), length);
  if (!bytes) return false;
  if (!out.empty()) {
    iovec& last = out.back();
    if (static_cast<std::byte*>(last.iov_base) + last.iov_len == bytes->data()) {
      last.iov_len += bytes->size();
      return true;
    }
  }
  out.push_back({bytes->data(), bytes->size()});
  return true;
}

Status append_list(const GuestMemory& memory, std::uint64_t list, std::uint64_t left,
                   std::vector<iovec>& out) {
  std::array<std::uint64_t, kEntriesPerPage> entries;
  // The first list may begin inside a page, each further one is a page (4.3).
  if ((list & 7) != 0) return Status::invalid_prp_offset;
  for (;;) {
    const std::size_t slots = (kMemoryPage - (list & kPageMask)) / sizeof(std::uint64_t);
    const std::uint64_t pages = (left + kPageMask) / kMemoryPage;
    const bool goes_on = pages > slots;
    const std::size_t count = goes_on ? slots : static_cast<std::size_t>(pages);
    const auto page = std::span(entries).first(count);
    if (!memory.read(GuestAddress(list), std::as_writable_bytes(page))) {
      return Status::data_transfer_error;
    }
    for (const std::uint64_t entry : page.first(goes_on ? count - 1 : count)) {
      if ((entry & kPageMask) != 0) return Status::invalid_prp_offset;
      const std::uint64_t piece = std::min<std::uint64_t>(left, kMemoryPage);
      if (!append(memory, entry, piece, out)) return Status::data_transfer_error;
      left -= piece;
    }
    if (!goes_on) return Status::success;
    list = page.back();
    // With less than a page of entries before it, a list of lists could be as long as it likes.
    if ((list & kPageMask) != 0) return Status::invalid_prp_offset;
  }
}

Status append_all(const GuestMemory& memory, std::uint64_t prp1, std::uint64_t prp2,
                  std::uint64_t length, std::vector<iovec>& out) {
  if ((prp1 & 3) != 0) return Status::invalid_prp_offset;
  const std::uint64_t first = std::min(length, kMemoryPage - (prp1 & kPageMask));
  if (!append(memory, prp1, first, out)) return Status::data_transfer_error;
  const std::uint64_t left = length - first;
  if (left == 0) return Status::success;
  if (left > kMemoryPage) return append_list(memory, prp2, left, out);
  if ((prp2 & kPageMask) != 0) return Status::invalid_prp_offset;
  return append(memory, prp2, left, out) ? Status::success : Status::data_transfer_error;
}

}  // namespace

Status map_prps(const GuestMemory& memory, std::uint64_t prp1, std::uint64_t prp2,
                std::uint64_t length, std::vector<iovec>& out) {
  out.clear();
  if (length == 0 || length > nvme::kMaxTransfer) return Status::invalid_field;
  const Status status = append_all(memory, prp1, prp2, length, out);
  if (status != Status::success) out.clear();
  return status;
}

void copy_to(std::span<const iovec> to, std::span<const std::byte> from) {
  for (const iovec& piece : to) {
    const std::size_t count = std::min(piece.iov_len, from.size());
    if (count == 0) return;
    std::memcpy(piece.iov_base, from.data(), count);
    from = from.subspan(count);
  }
}

void copy_from(std::span<const iovec> from, std::span<std::byte> to) {
  for (const iovec& piece : from) {
    const std::size_t count = std::min(piece.iov_len, to.size());
    if (count == 0) return;
    std::memcpy(to.data(), piece.iov_base, count);
    to = to.subspan(count);
  }
}

}  // namespace skiff
