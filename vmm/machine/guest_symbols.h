// Names of guest kernel addresses for reports, from boot.symbols or the kernel file itself; loaded
// at the first question. A file without symbols simply knows none.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "vmm/boot/symbols.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// Thread rule: one thread at a time.
class GuestSymbols {
 public:
  explicit GuestSymbols(const BootConfig& boot) : boot_(boot) {}
  // "start_kernel+0x12", or nothing.
  std::optional<std::string> name(std::uint64_t address);

 private:
  const BootConfig& boot_;
  bool loaded_ = false;
  std::optional<SymbolTable> table_;
};

}  // namespace skiff
