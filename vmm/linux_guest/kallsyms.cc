#include "vmm/linux_guest/kallsyms.h"

#include <fmt/format.h>

#include <algorithm>

#include "vmm/linux_guest/kallsyms_tables.h"

namespace skiff {
namespace {

constexpr std::uint64_t kMaxOffset = 1ULL << 20;
constexpr std::size_t kMaxName = 512;  // KSYM_NAME_LEN

// The length before a name's tokens; moves `at` behind it. The names were walked once when they
// were found, so it is inside.
std::size_t take_length(const std::vector<std::uint8_t>& names, std::size_t& at) {
  std::size_t length = names[at++];
  if ((length & 0x80) != 0) length = (length & 0x7f) | std::size_t{names[at++]} << 7;
  return length;
}

}  // namespace

std::optional<Kallsyms> Kallsyms::find(const LinearReader& read, Range image) {
  return image.valid() ? KallsymsTables(read, image).find() : std::nullopt;
}

std::string Kallsyms::expand_at(std::size_t offset) const {
  std::string name;
  const std::size_t length = take_length(names_, offset);
  for (std::size_t at = offset; at < offset + length && name.size() <= kMaxName; ++at)
    name += tokens_[names_[at]];
  if (!name.empty()) name.erase(0, 1);  // the letter of the type
  name.resize(std::min(name.size(), kMaxName));
  return name;
}

std::string Kallsyms::expand(std::size_t index) const {
  std::size_t at = markers_[index / 256];
  for (std::size_t left = index % 256; left > 0; --left) {
    const std::size_t length = take_length(names_, at);
    at += length;
  }
  return expand_at(at);
}

std::optional<std::string> Kallsyms::name(std::uint64_t address) const {
  const auto above = std::ranges::upper_bound(addresses_, address);
  if (above == addresses_.begin()) return std::nullopt;
  const std::uint64_t start = *std::prev(above);
  if (address - start > kMaxOffset) return std::nullopt;
  // Of several names for one place the first, as the kernel itself says it.
  const auto first = std::ranges::lower_bound(addresses_, start);
  return fmt::format("{}+{:#x}", expand(static_cast<std::size_t>(first - addresses_.begin())),
                     address - start);
}

std::vector<std::optional<std::uint64_t>> Kallsyms::addresses(
    std::span<const std::string_view> names) const {
  std::vector<std::optional<std::uint64_t>> found(names.size());
  std::size_t at = 0;
  for (const std::uint64_t address : addresses_) {
    const std::string name = expand_at(at);
    const auto hit = std::ranges::find(names, name);
    if (hit != names.end()) {
      auto& place = found[static_cast<std::size_t>(hit - names.begin())];
      if (!place) place = address;
    }
    const std::size_t length = take_length(names_, at);
    at += length;
  }
  return found;
}

}  // namespace skiff
