#include "vmm/machine/config_virtio.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>

#include "vmm/machine/spelling.h"

namespace skiff {
namespace {

std::string thread_hint(const std::string& name, const std::vector<IoThreadConfig>& threads) {
  if (threads.empty()) {
    return fmt::format("; write [[io_thread]] with name = {}", quoted(name));
  }
  std::vector<std::string_view> names;
  for (const IoThreadConfig& thread : threads)
    names.push_back(thread.name);
  const std::string_view near = nearest_word(name, names);
  if (!near.empty()) return fmt::format("; did you mean \"{}\"?", near);
  return fmt::format("; the threads are: {}", fmt::join(names, ", "));
}

}  // namespace

VirtioConfig read_virtio(ConfigReader& reader, std::string_view section,
                         const std::vector<IoThreadConfig>& threads, std::size_t* face) {
  VirtioConfig virtio;
  if (const auto choice = reader.choice("face")) {
    virtio.face = *choice == 1 ? VirtioFace::mmio : VirtioFace::pci;
    if (face != nullptr) *face = *choice;
  }
  if (const auto ring = reader.choice("ring")) virtio.packed = *ring != 0;
  if (const auto event_idx = reader.boolean("event_idx")) virtio.event_idx = *event_idx;
  if (const auto ioeventfd = reader.boolean("ioeventfd")) virtio.ioeventfd = *ioeventfd;
  if (const auto thread = reader.string("thread")) {
    if (std::ranges::find(threads, *thread, &IoThreadConfig::name) == threads.end()) {
      reader.error("thread", fmt::format("{}.thread: there is no I/O thread {}{}", section,
                                         quoted(*thread), thread_hint(*thread, threads)));
    } else {
      virtio.thread = *thread;
    }
  }
  return virtio;
}

std::uint16_t read_queue_size(ConfigReader& reader, std::string_view section, std::uint16_t usual) {
  const auto size = reader.integer("queue_size");
  if (!size) return usual;
  if (!std::has_single_bit(*size)) {
    reader.error("queue_size",
                 fmt::format("{}.queue_size is {}; it must be a power of two", section, *size));
    return usual;
  }
  return static_cast<std::uint16_t>(*size);
}

RateLimit read_rate(ConfigReader& reader, std::string_view section, std::string_view key) {
  const std::string burst_key = fmt::format("{}_burst", key);
  const bool sizes = find_config_key(section, key)->type == ConfigType::size;
  const auto value = [&](std::string_view name) {
    return (sizes ? reader.size(name) : reader.integer(name)).value_or(0);
  };
  const RateLimit limit{.per_second = value(key), .burst = value(burst_key)};
  if (!reader.has(key) && reader.has(burst_key)) {
    reader.error(burst_key,
                 fmt::format("{0}.{1} needs {0}.{2}, the rate itself", section, burst_key, key));
  }
  return limit;
}

std::vector<IoThreadConfig> read_io_threads(const ConfigNode& root, std::uint32_t unnamed,
                                            ConfigDiagnostics& diagnostics) {
  std::vector<IoThreadConfig> threads;
  for (std::uint32_t i = 0; i < unnamed; ++i)
    threads.push_back({.name = fmt::format("io{}", i), .cpus = {}});
  for (const ConfigNode* table : list_sections(root, "io_thread", diagnostics)) {
    ConfigReader reader("io_thread", table, diagnostics);
    IoThreadConfig thread;
    const auto name = reader.string("name");
    for (const std::uint64_t cpu : reader.integers("cpus"))
      thread.cpus.push_back(static_cast<std::uint32_t>(cpu));
    if (!reader.has("name")) {
      reader.error("name", "io_thread.name is missing: devices call the thread by it");
    }
    if (!name) continue;
    const bool sound =
        !name->empty() && name->size() <= 64 && std::ranges::all_of(*name, [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '_' || c == '.';
        });
    if (!sound) {
      reader.error("name", fmt::format("io_thread.name {} must be 1 to 64 letters, digits, '-', "
                                       "'_' or '.'",
                                       quoted(*name)));
    } else if (std::ranges::find(threads, *name, &IoThreadConfig::name) != threads.end()) {
      reader.error("name", fmt::format("there are two I/O threads {}{}", quoted(*name),
                                       unnamed != 0 && name->starts_with("io")
                                           ? " (machine.io_threads makes io0, io1, ...)"
                                           : ""));
    }
    thread.name = *name;
    threads.push_back(std::move(thread));
  }
  return threads;
}

}  // namespace skiff
