// How somebody wants to be connected to a console of a running VM.
#pragma once

#include <cstdint>

namespace skiff {

struct AttachRequest {
  bool write = true;          // as its one writer; false: as one of any number of viewers
  bool steal = false;         // a writer who is there already becomes a viewer, and is told
  bool replay = true;         // what the console said before (what is kept of it) comes first
  std::uint16_t columns = 0;  // the terminal's size; 0: unknown
  std::uint16_t rows = 0;
};

}  // namespace skiff
