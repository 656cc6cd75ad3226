// Any bytes as a vmlinux or a System.map.
#include "vmm/base/error.h"
#include "vmm/boot/symbols.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::BytesSource file("symbols", std::as_bytes(std::span(data, size)));
  try {
    const skiff::SymbolTable table = skiff::SymbolTable::parse(file);
    for (const std::uint64_t address : {0ULL, 0x1000ULL, 0xffff'ffff'8100'0000ULL, ~0ULL}) {
      const auto hit = table.find(address);
      if (hit && hit->name.empty()) __builtin_trap();
    }
  } catch (const skiff::Error&) {
  }
  return 0;
}
