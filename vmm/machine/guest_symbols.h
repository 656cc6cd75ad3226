// Names of guest kernel addresses for reports: from the kernel's own table in guest memory where a
// LinuxView of it is given, else from boot.symbols or the kernel file itself, which is loaded at
// the first question that needs it. What has no symbols simply knows none.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "vmm/boot/symbols.h"
#include "vmm/linux_guest/linux_view.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// Thread rule: one thread at a time.
class GuestSymbols {
 public:
  explicit GuestSymbols(const BootConfig& boot) : boot_(boot) {}
  // Whose symbols are asked first, and how far KASLR has moved those of the file; null for nobody.
  // Outlives this.
  void use(const LinuxView* kernel) { kernel_ = kernel; }
  // "start_kernel+0x12", or nothing.
  std::optional<std::string> name(std::uint64_t address);
  // Where the file has a symbol, as linked.
  std::optional<std::uint64_t> linked_address(std::string_view name);

 private:
  void load();

  const BootConfig& boot_;
  const LinuxView* kernel_ = nullptr;
  bool loaded_ = false;
  std::optional<SymbolTable> table_;
};

}  // namespace skiff
