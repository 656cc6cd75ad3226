#include "vmm/bench/monitors.h"

namespace skiff::bench {

// What is known of others are their PCs.
std::span<const RivalRow> rival_rows() {
  return {};
}

}  // namespace skiff::bench
