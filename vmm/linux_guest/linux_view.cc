#include "vmm/linux_guest/linux_view.h"

#include <algorithm>
#include <array>

#include "vmm/linux_guest/vmcoreinfo.h"

namespace skiff {
namespace {

constexpr std::string_view kBanner = "Linux version ";
constexpr std::uint64_t kAlignment = 2ULL << 20;
constexpr std::size_t kMaxString = 2048;  // of a command line (COMMAND_LINE_SIZE), of a banner

// A C string of printable characters, at most kMaxString of it.
std::string read_text(const LinearReader& read, std::uint64_t address) {
  std::string text;
  std::array<char, 64> piece{};
  while (text.size() < kMaxString) {
    if (!read(address + text.size(), std::as_writable_bytes(std::span(piece)))) break;
    const auto end = std::ranges::find(piece, '\0');
    text.append(piece.begin(), end);
    if (end != piece.end()) break;
  }
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

bool has_banner(const LinearReader& read, std::uint64_t address) {
  std::array<char, kBanner.size()> text{};
  return read(address, std::as_writable_bytes(std::span(text))) &&
         std::string_view(text.data(), text.size()) == kBanner;
}

// The third word: "Linux version 6.1.0-38-cloud-... (...".
std::string release_of(const std::string& banner) {
  if (!banner.starts_with(kBanner)) return {};
  return banner.substr(kBanner.size(), banner.find(' ', kBanner.size()) - kBanner.size());
}

}  // namespace

std::optional<std::uint64_t> solve_kaslr(const LinearReader& read, Range image,
                                         std::uint64_t banner) {
  for (std::uint64_t at = banner % kAlignment; at < image.size; at += kAlignment) {
    const std::uint64_t place = image.start - image.start % kAlignment + at;
    if (has_banner(read, place)) return place - banner;
  }
  return std::nullopt;
}

LinuxView look_at_linux(const LinearReader& read, Range image, const FileSymbols& file,
                        std::size_t most) {
  enum Name : std::size_t { banner, ring, command_line, coreinfo, kCount };
  static constexpr std::array<std::string_view, kCount> kNames = {
      "linux_banner", "prb", "saved_command_line", "vmcoreinfo_data"};
  LinuxView view;
  view.symbols = Kallsyms::find(read, image);
  std::vector<std::optional<std::uint64_t>> places(kCount);
  if (view.symbols) places = view.symbols->addresses(kNames);
  // A kernel without CONFIG_KALLSYMS_ALL names its functions only; the file has the variables.
  if (!places[banner] && file) {
    if (const auto linked = file(kNames[banner]))
      view.file_move = solve_kaslr(read, image, *linked);
    for (std::size_t name = 0; view.file_move && name < kCount; ++name) {
      const auto linked = file(kNames[name]);
      if (linked && !places[name]) places[name] = *linked + *view.file_move;
    }
  }
  // All but the banner are pointers.
  const auto pointer = [&](Name name) -> std::optional<std::uint64_t> {
    return places[name] ? read_as<std::uint64_t>(read, *places[name]) : std::nullopt;
  };
  Vmcoreinfo info;
  if (const auto page = pointer(coreinfo); page && *page != 0) info = Vmcoreinfo::read(read, *page);
  if (places[banner]) view.release = release_of(read_text(read, *places[banner]));
  if (const auto text = pointer(command_line); text && *text != 0)
    view.command_line = read_text(read, *text);
  if (const auto at = pointer(ring); at && *at != 0)
    view.messages = read_printk_ring(read, *at, PrintkLayout::of(info), most);
  return view;
}

}  // namespace skiff
