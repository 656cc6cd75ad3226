#include "vmm/machine/guest_symbols.h"

#include <fmt/format.h>

#include "vmm/base/error.h"
#include "vmm/base/log.h"

namespace skiff {

void GuestSymbols::load() {
  if (loaded_) return;
  loaded_ = true;
  const bool named = !boot_.symbols.empty();
  try {
    table_ = SymbolTable::load(named ? boot_.symbols : boot_.kernel);
  } catch (const Error& error) {
    // A stripped or packed kernel is no fault; a file the person named is one.
    if (named) log_warning("no symbols for this report: {}", error.what());
  }
}

std::optional<std::string> GuestSymbols::name(std::uint64_t address) {
  if (kernel_ != nullptr && kernel_->symbols) {
    if (auto name = kernel_->symbols->name(address)) return name;
  }
  load();
  if (!table_) return std::nullopt;
  const std::uint64_t moved = kernel_ != nullptr ? kernel_->file_move.value_or(0) : 0;
  const auto hit = table_->find(address - moved);
  if (!hit) return std::nullopt;
  return fmt::format("{}+{:#x}", hit->name, hit->offset);
}

std::optional<std::uint64_t> GuestSymbols::linked_address(std::string_view name) {
  load();
  return table_ ? table_->address(name) : std::nullopt;
}

}  // namespace skiff
