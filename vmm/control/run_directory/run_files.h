// The files of one run directory, by its descriptor: never through a symbolic link.
//
//   lock         held by the VM's process as long as it lives (an open file description's lock,
//                fcntl(2): the kernel lets go of it however the process ends, and others can ask
//                for it without taking it)
//   pid          of that process
//   control.sock the control API (docs/control.md)
//   skiff.log    Skiff's own messages, of a detached VM
//   console.log  what the guest has printed
//   status.json  how it ended; it is there from the end on
//
// Thread rule: any thread; no state is kept.
#pragma once

#include <sys/un.h>

#include <optional>
#include <string>
#include <string_view>

#include "vmm/base/fd.h"

namespace skiff::run_files {

inline constexpr const char* kLock = "lock";
inline constexpr const char* kPid = "pid";
inline constexpr const char* kSocket = "control.sock";
inline constexpr const char* kLog = "skiff.log";
inline constexpr const char* kConsoleLog = "console.log";
inline constexpr const char* kStatus = "status.json";

// The named directory; not open where it is not there, or is a link.
Fd open_directory(int base, const std::string& name);
// False: somebody else holds it.
bool try_lock(int lock_file);
bool is_locked(int lock_file);
// Whether `name` in `directory` is still the file that `fd` is.
bool is_still(int fd, int directory, const char* name);
// At most 64 KiB; nothing where there is no such regular file.
std::optional<std::string> read(int directory, const char* name);
// All of it or, where the host refuses, none: errno then says why.
bool write(int directory, const char* name, std::string_view text);
// Everything but the lock.
void wipe(int directory);
// The address of a socket in `directory`, whose path is `path`: the path where a socket's address
// has room for it (107 bytes), else by way of /proc/self/fd.
sockaddr_un socket_address(int directory, const std::string& path, const char* name);

}  // namespace skiff::run_files
