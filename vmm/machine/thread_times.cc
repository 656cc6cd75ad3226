#include "vmm/machine/thread_times.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string>

#include "vmm/base/fd.h"

namespace skiff {
namespace {

constexpr int kUserTime = 14;
constexpr int kSystemTime = 15;
constexpr int kGuestTime = 43;
constexpr int kFirstAfterName = 3;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<ThreadStats> read_thread(int tasks, const char* id, std::uint64_t tick) {
  const Fd file(::openat(tasks, fmt::format("{}/stat", id).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::array<char, 1024> line;  // the fields that are read are well within
  const ssize_t got = ::read(file.get(), line.data(), line.size());
  if (got <= 0) return std::nullopt;
  return parse_thread_stat({line.data(), static_cast<std::size_t>(got)}, tick);
}

}  // namespace

std::optional<ThreadStats> parse_thread_stat(std::string_view line, std::uint64_t tick) {
  // The name may have spaces and parentheses of its own.
  const auto open = line.find('(');
  const auto close = line.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return std::nullopt;
  }
  ThreadStats thread;
  thread.name = line.substr(open + 1, close - open - 1);
  std::optional<std::uint64_t> user;
  std::optional<std::uint64_t> system;
  std::optional<std::uint64_t> guest;
  std::string_view rest = line.substr(close + 1);
  for (int field = kFirstAfterName; field <= kGuestTime; ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::string_view word = rest.substr(0, rest.find_first_of(" \n"));
    rest.remove_prefix(word.size());
    if (field == kUserTime) user = number(word);
    if (field == kSystemTime) system = number(word);
    if (field == kGuestTime) guest = number(word);
  }
  if (!user || !system || !guest) return std::nullopt;
  thread.guest_ns = *guest * tick;
  // Scaled by the kernel to what the scheduler measured, as the guest's is not.
  thread.user_ns = (*user - std::min(*user, *guest)) * tick;
  thread.system_ns = *system * tick;
  return thread;
}

std::vector<ThreadStats> thread_times() {
  std::vector<ThreadStats> threads;
  const std::unique_ptr<DIR, CloseDirectory> tasks(::opendir("/proc/self/task"));
  if (tasks == nullptr) return threads;
  std::vector<std::pair<std::uint64_t, std::string>> ids;
  while (const dirent* const entry = ::readdir(tasks.get())) {
    if (const auto id = number(entry->d_name)) ids.emplace_back(*id, entry->d_name);
  }
  std::ranges::sort(ids);
  const auto tick = 1'000'000'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  for (const auto& [id, name] : ids) {
    if (auto thread = read_thread(::dirfd(tasks.get()), name.c_str(), tick)) {
      threads.push_back(*std::move(thread));
    }
  }
  return threads;
}

}  // namespace skiff
