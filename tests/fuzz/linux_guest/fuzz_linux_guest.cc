// A kernel's tables with any bytes of them changed, and any bytes where a printk ring should be:
// the readers may find nothing, and must stay bounded. The input is a list of patches of 5 bytes:
// where (24 bits), what (16 bits).
#include <cstring>

#include "tests/unit/linux_guest/linux_memory.h"
#include "vmm/linux_guest/linux_view.h"

namespace {

using skiff::test::LinuxMemory;

// A sound kernel, made once for each layout.
LinuxMemory make_kernel(skiff::test::SymbolOrder order) {
  LinuxMemory memory;
  auto symbols = skiff::test::filler_symbols(600);
  const std::uint64_t data = LinuxMemory::kBase + 0x10'0000;
  symbols.push_back({data, "linux_banner"});
  symbols.push_back({data + 0x200, "prb"});
  symbols.push_back({data + 0x208, "saved_command_line"});
  symbols.push_back({data + 0x210, "vmcoreinfo_data"});
  put_kallsyms(memory, symbols, order, true);
  memory.text(data, "Linux version 6.1.0-9-test (builder)");
  memory.put(data + 0x200, skiff::test::PrintkRing::kRing);
  memory.put(data + 0x208, data + 0x1000);
  memory.put(data + 0x210, data + 0x2000);
  memory.text(data + 0x1000, "console=ttyS0");
  memory.text(data + 0x2000, "OSRELEASE=6.1\nOFFSET(printk_info.seq)=0\nSIZE(prb_desc)=24\n");
  skiff::test::PrintkRing ring(memory);
  for (int line = 0; line < 20; ++line)
    ring.add("a line");
  return memory;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using skiff::test::SymbolOrder;
  static const LinuxMemory kKernels[] = {make_kernel(SymbolOrder::offsets_first),
                                         make_kernel(SymbolOrder::sequences_between),
                                         make_kernel(SymbolOrder::offsets_last)};
  if (size == 0) return 0;
  // Copied only where it matters: the tables lie in two small places.
  static LinuxMemory memory;
  const LinuxMemory& sound = kKernels[data[0] % 3];
  for (const std::size_t part : {0x10'0000U, 0x20'0000U, 0x30'0000U})
    std::memcpy(memory.bytes.data() + part, sound.bytes.data() + part, 0x1'0000);
  for (std::size_t at = 1; at + 5 <= size; at += 5) {
    const std::size_t part = (1U + data[at] % 3U) * 0x10'0000U;
    const std::size_t offset = data[at + 1] + 256U * data[at + 2];
    std::memcpy(memory.bytes.data() + part + offset, data + at + 3, 2);
  }
  const skiff::LinuxView view = look_at_linux(memory.reader(), memory.image(), {}, 100);
  if (view.messages.size() > 100) __builtin_trap();
  if (view.symbols) {
    for (const std::uint64_t address :
         {0ULL, 1ULL, LinuxMemory::kBase + 0x1234ULL, LinuxMemory::kBase + 0x10'0000ULL, ~0ULL})
      if (const auto name = view.symbols->name(address); name && name->size() > 1024)
        __builtin_trap();
  }
  return 0;
}
