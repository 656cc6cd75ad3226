// The arm64 board. Everything around it is common code and works; the board itself is the subject
// of the arm64 port, and until then a machine cannot be created, which is said in one sentence.
#include "vmm/base/error.h"
#include "vmm/board/board.h"

namespace skiff {
namespace {

// RAM begins at 1 GiB, as on other virtual arm64 boards: below it lie devices and flash.
constexpr std::uint64_t kRamStart = 1 * GiB;

}  // namespace

std::vector<Range> ram_ranges(std::uint64_t size) {
  return {{kRamStart, size}};
}

std::unique_ptr<Board> create_board(const BoardContext&) {
  throw HostError("this version of Skiff cannot run guests on arm64 hosts yet (x86_64 only)");
}

}  // namespace skiff
