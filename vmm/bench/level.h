// How much of the matrix is measured.
#pragma once

#include <cstdint>
#include <string_view>

namespace skiff::bench {

// A row belongs to the selection of its level and to all after it.
enum class Level : std::uint8_t {
  quick,   // `--quick`: the story, in less than a minute
  normal,  // a few minutes
  full,    // `--full`: everything
};
std::string_view to_text(Level level);

}  // namespace skiff::bench
