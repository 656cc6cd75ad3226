// A frame scattered over buffers. Total functions: what does not fit is cut.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

namespace skiff {

inline std::size_t buffers_size(std::span<const iovec> buffers) {
  std::size_t size = 0;
  for (const iovec& buffer : buffers)
    size += buffer.iov_len;
  return size;
}

// Calls visit(std::byte* data, std::size_t length) for each piece of [offset, offset + length).
template <typename Visit>
void visit_buffers(std::span<const iovec> buffers, std::size_t offset, std::size_t length,
                   Visit visit) {
  for (const iovec& buffer : buffers) {
    if (length == 0) return;
    if (offset >= buffer.iov_len) {
      offset -= buffer.iov_len;
      continue;
    }
    const std::size_t part = std::min(length, buffer.iov_len - offset);
    visit(static_cast<std::byte*>(buffer.iov_base) + offset, part);
    length -= part;
    offset = 0;
  }
}

// Both return the number of bytes copied.
inline std::size_t copy_to_buffers(std::span<const iovec> buffers, std::size_t offset,
                                   std::span<const std::byte> data) {
  std::size_t done = 0;
  visit_buffers(buffers, offset, data.size(), [&](std::byte* to, std::size_t part) {
    std::memcpy(to, data.data() + done, part);
    done += part;
  });
  return done;
}
inline std::size_t copy_from_buffers(std::span<const iovec> buffers, std::size_t offset,
                                     std::span<std::byte> out) {
  std::size_t done = 0;
  visit_buffers(buffers, offset, out.size(), [&](const std::byte* from, std::size_t part) {
    std::memcpy(out.data() + done, from, part);
    done += part;
  });
  return done;
}

}  // namespace skiff
