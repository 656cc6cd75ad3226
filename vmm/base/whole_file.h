// Writes an output file so that nobody ever reads half of it.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>

namespace skiff {

// The bytes go to a new file beside `path`, which then takes its place. What exists and is no
// regular file (a pipe, /dev/stdout) is written to as it is. The error says what failed, without
// the path. Thread rule: any thread.
std::expected<void, std::string> write_whole_file(const std::string& path,
                                                  std::span<const std::byte> bytes);

}  // namespace skiff
