// The descriptors a process is started with: 0 to 2 as every program expects them, and those that
// came along by accident.
#pragma once

#include <span>

namespace skiff {

// A descriptor among stdin, stdout and stderr that is closed would be given to the next file that
// is opened, and what is printed would end up there. Fills each gap with /dev/null opened the wrong
// way round (stdin for writing, stdout and stderr for reading), so that its use fails with EBADF as
// if it were still closed. First thing in main.
void reserve_standard_fds() noexcept;

// Closes the descriptors above 2 that whoever started this process left open in it (the other end
// of a pipe whose reader would never see its end), but for `wanted`. They are known by the lack of
// FD_CLOEXEC, without which no descriptor comes through an exec and which everything has that Skiff
// opens. Where /proc is missing they stay open. Before other threads exist.
void close_inherited_fds(std::span<const int> wanted);

}  // namespace skiff
