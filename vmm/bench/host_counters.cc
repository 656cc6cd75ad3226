#include "vmm/bench/host_counters.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <memory>
#include <string>

#include "vmm/base/fd.h"
#include "vmm/bench/figures.h"
#include "vmm/machine/thread_times.h"

namespace skiff::bench {
namespace {

namespace json = boost::json;

struct CloseTasks {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::string text_or_dash(const json::object& row, const char* name) {
  const json::value* const value = row.if_contains(name);
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? "-" : printable_text({text->data(), text->size()}, 64);
}

std::uint64_t whole(const json::value* value) {
  if (value == nullptr || !value->is_number()) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<std::uint64_t>(error);
  return error ? 0 : number;
}

std::optional<std::uint64_t> id_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string read_small(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text;
  const ssize_t got = file ? ::read(file.get(), text.data(), text.size()) : -1;
  return got <= 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(got));
}

std::vector<std::uint64_t> thread_ids(int pid) {
  std::vector<std::uint64_t> ids;
  const std::unique_ptr<DIR, CloseTasks> tasks(
      ::opendir(fmt::format("/proc/{}/task", pid).c_str()));
  if (tasks == nullptr) return ids;
  while (const dirent* const entry = ::readdir(tasks.get())) {
    if (const auto id = id_of(entry->d_name); id && ids.size() < kMostThreads) ids.push_back(*id);
  }
  std::ranges::sort(ids);
  return ids;
}

void move_thread(std::uint64_t id, const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) {
    if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(cpu), &set);
  }
  ::sched_setaffinity(static_cast<pid_t>(id), sizeof set, &set);
}

}  // namespace

bool parse_exits(std::string_view body, Snapshot& snapshot) {
  boost::system::error_code error;
  const json::value document = json::parse({body.data(), body.size()}, error);
  const json::object* const object = error ? nullptr : document.if_object();
  const json::value* const registers =
      object == nullptr ? nullptr : object->if_contains("registers");
  if (registers == nullptr || !registers->is_array()) return false;
  snapshot.has_ledger = true;
  for (const json::value& value : registers->get_array()) {
    const json::object* const row = value.if_object();
    if (row == nullptr) return false;
    const ExitCount exits{.reason = text_or_dash(*row, "reason"),
                          .device = text_or_dash(*row, "device"),
                          .reg = text_or_dash(*row, "register"),
                          .direction = text_or_dash(*row, "direction"),
                          .count = whole(row->if_contains("count")),
                          .total_ns = whole(row->if_contains("total_ns"))};
    // The ledger has a row for each width of a register.
    const auto same = std::ranges::find_if(
        snapshot.exits, [&exits](const ExitCount& other) { return is_same_row(other, exits); });
    if (same == snapshot.exits.end()) {
      snapshot.exits.push_back(exits);
    } else {
      same->count += exits.count;
      same->total_ns += exits.total_ns;
    }
  }
  const json::value* const kvm = object->if_contains("kvm");
  if (kvm == nullptr || !kvm->is_object()) return true;
  for (const auto& count : kvm->get_object()) {
    snapshot.kvm.push_back({.name = printable_text({count.key().data(), count.key().size()}, 64),
                            .value = whole(&count.value())});
  }
  return true;
}

std::optional<std::uint64_t> parse_schedstat(std::string_view line) {
  return id_of(line.substr(0, line.find_first_of(" \n")));
}

std::vector<ThreadTime> read_threads(int pid) {
  static const auto tick = 1'000'000'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  std::vector<ThreadTime> threads;
  for (const std::uint64_t id : thread_ids(pid)) {
    const std::string folder = fmt::format("/proc/{}/task/{}/", pid, id);
    const auto stat = parse_thread_stat(read_small(folder + "stat"), tick);
    const auto run = parse_schedstat(read_small(folder + "schedstat"));
    if (!stat) continue;
    const std::uint64_t user = stat->user_ns + stat->guest_ns;
    threads.push_back({.id = id,
                       .name = printable_text(stat->name, 16),
                       .run_ns = run.value_or(user + stat->system_ns),
                       .user_ns = user,
                       .system_ns = stat->system_ns});
  }
  return threads;
}

void pin_threads(int pid, const std::vector<int>& vcpu_cpus, const std::vector<int>& other_cpus) {
  if (vcpu_cpus.empty() || other_cpus.empty()) return;
  std::size_t vcpu = 0;
  for (const ThreadTime& thread : read_threads(pid)) {
    if (role_of(thread.name) == ThreadRole::vcpu) {
      move_thread(thread.id, {vcpu_cpus[vcpu++ % vcpu_cpus.size()]});
    } else {
      move_thread(thread.id, other_cpus);
    }
  }
}

}  // namespace skiff::bench
