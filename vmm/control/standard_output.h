// stdout for a guest's bytes, written without ever waiting.
//
// It is not switched to non-blocking, since that would hit every process that shares it: pipes and
// terminals are opened anew through /proc/self/fd, sockets get MSG_DONTWAIT, files do not block.
// Where opening anew is not permitted (another user's pipe), it is asked for room before each
// write.
//
// Thread rule: any thread, each write for itself.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>

#include "vmm/base/fd.h"

namespace skiff {

class StandardOutput {
 public:
  // Throws HostError if stdout is closed.
  StandardOutput();

  // To wait for room with.
  int fd() const { return fd_; }
  // A write is preceded by a look for room, and somebody else may be faster.
  bool may_block() const { return may_block_; }
  // As write(2) on a non-blocking descriptor: EAGAIN where there is no room.
  ssize_t write(std::span<const std::byte> bytes) const noexcept;

 private:
  Fd own_;  // stdout opened anew, or nothing
  int fd_ = 1;
  bool is_socket_ = false;
  bool may_block_ = false;
};

}  // namespace skiff
