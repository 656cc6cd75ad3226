// All that a Linux guest's memory says to somebody who looks in from outside: its symbols, its
// release, its command line and its last messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/range.h"
#include "vmm/linux_guest/kallsyms.h"
#include "vmm/linux_guest/linear_reader.h"
#include "vmm/linux_guest/printk_ring.h"

namespace skiff {

struct LinuxView {
  std::optional<Kallsyms> symbols;         // the kernel's own
  std::optional<std::uint64_t> file_move;  // how far KASLR moved what a file of symbols says
  std::string release;                     // "6.1.0-38-cloud-..."; empty: not known
  std::string command_line;                // printable; empty: not known
  std::vector<PrintkLine> messages;

  bool found() const { return symbols.has_value() || file_move.has_value(); }
};

// Where a file of symbols (vmlinux, System.map) has a name, as linked; may be empty.
using FileSymbols = std::function<std::optional<std::uint64_t>(std::string_view name)>;

// `image`: where the kernel's image is mapped. `most`: lines of messages.
LinuxView look_at_linux(const LinearReader& read, Range image, const FileSymbols& file,
                        std::size_t most);

// How far the kernel whose image this is was moved from where `banner`, the linked address of
// linux_banner, says; multiples of 2 MiB are tried (CONFIG_PHYSICAL_ALIGN).
std::optional<std::uint64_t> solve_kaslr(const LinearReader& read, Range image,
                                         std::uint64_t banner);

}  // namespace skiff
