#include "vmm/board/physical_reader.h"

#include "vmm/io/guest_memory.h"

namespace skiff {

PhysicalReader physical_reader(const GuestMemory& memory) {
  return [&memory](std::uint64_t address, std::span<std::byte> out) {
    return memory.read(GuestAddress(address), out);
  };
}

}  // namespace skiff
