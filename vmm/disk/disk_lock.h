// The advisory lock on a disk's file: shared by readers, exclusive for a writer, against every
// other open of the file, in this process too (fcntl(2), open file description locks). QEMU's image
// locks lie on bytes of the same file, so the two keep each other out. Thread rule: any thread.
#pragma once

#include <expected>
#include <string>

namespace skiff {

// Locks the file open as `fd`. The error names who holds it, where that can be told. Where the file
// system has no locks it is no error.
std::expected<void, std::string> lock_disk_file(int fd, bool exclusive);
// Before closing: the kernel may hold the file a little longer (io_uring), and with it the lock.
void unlock_disk_file(int fd) noexcept;

}  // namespace skiff
