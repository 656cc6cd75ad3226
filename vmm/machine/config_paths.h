// Files a configuration names: where a relative path starts, and whether the file can be used.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace skiff {

struct ConfigPaths {
  // Folder of the configuration file; empty: the current directory.
  std::string directory;
  // False: files are not looked at (a fuzzer has none).
  bool check_files = true;

  // A path of the file (source 0) is relative to `directory`, one of the command line to the
  // current directory.
  std::string resolve(const std::string& path, std::uint32_t source) const;
};

// The size of a regular file that may be read, in bytes. The error is a clause naming the path,
// such as "cannot be read: no such file: /vm/vmlinuz". Never blocks (a FIFO is not opened).
std::expected<std::uint64_t, std::string> readable_file_size(const std::string& path);

// Nothing wrong: an empty string; else a clause: `path` cannot be made or written as a file.
std::string unwritable_reason(const std::string& path);

// Nothing wrong: an empty string; else a clause: `path` cannot serve as a disk (a regular file that
// is not empty, or a block device).
std::string unusable_disk_reason(const std::string& path, bool read_only);

// Nothing wrong: an empty string; else a clause: `path` cannot be read (a file of any kind but a
// directory).
std::string unreadable_stream_reason(const std::string& path);

// "is a directory", "is a FIFO", … for a mode of stat(2); empty for a regular file.
const char* irregular_file_kind(unsigned mode);

}  // namespace skiff
