// Descriptors 0 to 2 as every program expects them.
#pragma once

namespace skiff {

// A descriptor among stdin, stdout and stderr that is closed would be given to the next file that
// is opened, and what is printed would end up there. Fills each gap with /dev/null opened the wrong
// way round (stdin for writing, stdout and stderr for reading), so that its use fails with EBADF as
// if it were still closed. First thing in main.
void reserve_standard_fds() noexcept;

}  // namespace skiff
