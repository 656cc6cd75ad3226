#include "vmm/boot/initrd.h"

#include "vmm/base/bits.h"

namespace skiff {

Range load_initrd(ByteSource& initrd, BootLayout& layout, std::uint64_t max_last) {
  const Range place =
      layout.allocate_high(initrd.name(), initrd.size().value(), kPageSize, max_last);
  initrd.read(0, layout.bytes(place));
  return place;
}

}  // namespace skiff
