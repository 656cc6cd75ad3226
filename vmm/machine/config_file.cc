#include "vmm/machine/config_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/base/fd.h"
#include "vmm/machine/config_sections.h"

namespace skiff {
namespace {

// Errors beyond these say nothing new, and a hostile file could have a hundred thousand.
constexpr std::size_t kShownErrors = 50;

[[noreturn]] void refuse(const std::string& file, std::string_view why) {
  throw ConfigError(fmt::format("{}: error: {}\n", file, why));
}

// What the first bytes give away about a file that is no configuration.
std::string_view mistaken_kind(std::string_view head) {
  if (head.starts_with("\x7f"
                       "ELF"))
    return "is an ELF program, not a configuration; to start it: --kernel";
  // "HdrS" at 0x202: the setup header of Linux's boot protocol for PCs.
  if (head.size() >= 0x206 && head.substr(0x202, 4) == "HdrS") {
    return "is a Linux kernel, not a configuration; to start it: --kernel";
  }
  if (head.find('\0') != std::string_view::npos) return "is binary, not a TOML text";
  return {};
}

std::string read_file(const std::string& file) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    const int error = errno;
    refuse(file, fmt::format("cannot be read: {}", std::generic_category().message(error)));
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) refuse(file, "cannot be examined");
  const std::string_view kind = irregular_file_kind(status.st_mode);
  if (!kind.empty()) refuse(file, fmt::format("{}, not a configuration file", kind));

  // One byte more than the file has, so that one which grows is noticed; not the whole limit, whose
  // page faults would cost more than the parsing.
  const auto stated = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
  std::string text(std::clamp<std::size_t>(stated, 4096, kMaxConfigFile) + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      refuse(file, fmt::format("cannot be read: {}", std::generic_category().message(error)));
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  const std::string_view mistaken = mistaken_kind(std::string_view(text).substr(0, 4096));
  if (!mistaken.empty()) refuse(file, mistaken);
  if (size > kMaxConfigFile) {
    refuse(file, fmt::format("has {} bytes; a configuration may have at most {}", status.st_size,
                             kMaxConfigFile));
  }
  return text;
}

std::string directory_of(const std::string& file) {
  const auto slash = file.rfind('/');
  if (slash == std::string::npos) return {};
  return slash == 0 ? "/" : file.substr(0, slash);
}

ConfigPlace place_of(const ConfigNode& root, std::string_view section, std::string_view key) {
  const ConfigEntry* const table = root.find(section);
  const ConfigEntry* const entry = table == nullptr ? nullptr : table->value.find(key);
  return entry == nullptr ? ConfigPlace() : entry->value.place;
}

std::string place_text(const ConfigPlace& place, const std::string& file,
                       const std::vector<ConfigOverride>& overrides) {
  if (place.source != 0) return overrides.at(place.source - 1).label;
  return place.line == 0 ? std::string() : fmt::format("{}:{}:{}", file, place.line, place.column);
}

}  // namespace

ConfigResult read_config(std::string_view text, const std::vector<ConfigOverride>& overrides,
                         const ConfigFacts& facts, const ConfigPaths& paths) {
  ConfigDiagnostics diagnostics;
  ConfigResult result;
  auto root = parse_config_text(text, 0);
  if (root) {
    apply_overrides(*root, overrides, diagnostics);
    result.config = read_sections(*root, facts, paths, diagnostics);
    result.irqchip_place = place_of(*root, "machine", "irqchip");
  } else {
    // The parser gives up at the first error; nothing can be said about the rest.
    diagnostics.error(root.error().place, root.error().message);
  }
  result.errors = diagnostics.take_sorted();
  return result;
}

VmConfig load_config(const std::string& file, const std::vector<ConfigOverride>& overrides,
                     const ConfigFacts& facts) {
  const std::string text = file.empty() ? std::string() : read_file(file);
  const ConfigPaths paths{.directory = directory_of(file), .check_files = true};
  ConfigResult result = read_config(text, overrides, facts, paths);
  if (result.errors.empty()) {
    result.config.machine.irqchip_place = place_text(result.irqchip_place, file, overrides);
    return std::move(result.config);
  }

  std::vector<std::string> labels;
  for (const ConfigOverride& override_ : overrides)
    labels.push_back(override_.label);
  std::string message;
  std::size_t shown = 0;
  for (ConfigDiagnostic& error : result.errors) {
    if (shown++ == kShownErrors) {
      message +=
          fmt::format("{}: … and {} more errors\n", file, result.errors.size() - kShownErrors);
      break;
    }
    if (file.empty() && error.place.source == 0) error.place.line = 0;
    message += render_diagnostic(error, file.empty() ? "command line" : file, text, labels);
  }
  throw ConfigError(message);
}

}  // namespace skiff
