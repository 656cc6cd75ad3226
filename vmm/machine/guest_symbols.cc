#include "vmm/machine/guest_symbols.h"

#include <fmt/format.h>

#include "vmm/base/error.h"
#include "vmm/base/log.h"

namespace skiff {

std::optional<std::string> GuestSymbols::name(std::uint64_t address) {
  if (!loaded_) {
    loaded_ = true;
    const bool named = !boot_.symbols.empty();
    try {
      table_ = SymbolTable::load(named ? boot_.symbols : boot_.kernel);
    } catch (const Error& error) {
      // A stripped or packed kernel is no fault; a file the person named is one.
      if (named) log_warning("no symbols for this report: {}", error.what());
    }
  }
  if (!table_) return std::nullopt;
  const auto hit = table_->find(address);
  if (!hit) return std::nullopt;
  return fmt::format("{}+{:#x}", hit->name, hit->offset);
}

}  // namespace skiff
