#include "vmm/linux_guest/vmcoreinfo.h"

#include <fmt/format.h>

#include <charconv>

namespace skiff {
namespace {

constexpr std::string_view kBegin = "OSRELEASE=";

}  // namespace

Vmcoreinfo::Vmcoreinfo(std::string text) : text_(std::move(text)) {
  if (text_.size() > kMaxSize) text_.resize(kMaxSize);
  if (const auto end = text_.find('\0'); end != std::string::npos) text_.resize(end);
  if (!text_.starts_with(kBegin)) text_.clear();
}

Vmcoreinfo Vmcoreinfo::read(const LinearReader& read, std::uint64_t page) {
  std::string text(kMaxSize, '\0');
  if (!read(page, std::as_writable_bytes(std::span(text)))) return {};
  return Vmcoreinfo(std::move(text));
}

std::string_view Vmcoreinfo::value(std::string_view key) const {
  const std::string_view all(text_);
  for (std::size_t line = 0; line < all.size();) {
    const std::size_t end = std::min(all.find('\n', line), all.size());
    const std::string_view text = all.substr(line, end - line);
    if (text.starts_with(key) && text.substr(key.size()).starts_with('='))
      return text.substr(key.size() + 1);
    line = end + 1;
  }
  return {};
}

std::optional<std::uint64_t> Vmcoreinfo::number(std::string_view key, int base) const {
  const std::string_view text = value(key);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> Vmcoreinfo::symbol(std::string_view name) const {
  return number(fmt::format("SYMBOL({})", name), 16);
}

std::optional<std::uint64_t> Vmcoreinfo::size(std::string_view structure) const {
  return number(fmt::format("SIZE({})", structure), 10);
}

std::optional<std::uint64_t> Vmcoreinfo::offset(std::string_view member) const {
  return number(fmt::format("OFFSET({})", member), 10);
}

std::optional<std::uint64_t> Vmcoreinfo::kernel_offset() const {
  return number("KERNELOFFSET", 16);
}

std::string_view Vmcoreinfo::release() const {
  return value("OSRELEASE");
}

}  // namespace skiff
