#include "vmm/cli/top_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <tuple>

#include "vmm/control/api/vm_json.h"

namespace skiff {
namespace {

namespace json = boost::json;

std::uint64_t grown(std::uint64_t before, std::uint64_t after) {
  return after >= before ? after - before : after;
}

auto key_of(const TopExits& row) {
  return std::tie(row.reason, row.device, row.reg, row.direction);
}

void add_exits(TopView& view, const TopSample& before, const TopSample& after) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>, const TopExits*> earlier;
  for (const TopExits& row : before.exits)
    earlier[key_of(row)] = &row;
  for (const TopExits& row : after.exits) {
    const auto found = earlier.find(key_of(row));
    TopView::Exits exits{.what = row};
    if (found != earlier.end()) {
      exits.what.count = grown(found->second->count, row.count);
      exits.what.total_ns = grown(found->second->total_ns, row.total_ns);
    }
    if (exits.what.count == 0) continue;
    const auto count = static_cast<double>(exits.what.count);
    const auto ns = static_cast<double>(exits.what.total_ns);
    exits.per_second = count / view.seconds;
    exits.ns_each = ns / count;
    exits.time_share = ns / 1e9 / view.seconds;
    view.exits_per_second += exits.per_second;
    view.exits.push_back(std::move(exits));
  }
}

void add_queues(TopView& view, const TopSample& before, const TopSample& after) {
  std::map<std::pair<std::string, std::uint16_t>, QueueStats> earlier;
  for (const DeviceStats& device : before.stats.devices) {
    for (const QueueStats& queue : device.queues)
      earlier[{device.name, queue.index}] = queue;
  }
  for (const DeviceStats& device : after.stats.devices) {
    if (device.needs_reset) view.broken.push_back(device.name);
    for (const QueueStats& queue : device.queues) {
      const QueueStats& old = earlier[{device.name, queue.index}];
      const auto rate = [&](std::uint64_t QueueStats::* number) {
        return static_cast<double>(grown(old.*number, queue.*number)) / view.seconds;
      };
      TopView::Queue row{.device = device.name,
                         .index = queue.index,
                         .notifications = rate(&QueueStats::notifications),
                         .requests = rate(&QueueStats::requests),
                         .interrupts = rate(&QueueStats::interrupts)};
      if (row.notifications + row.requests + row.interrupts > 0) {
        view.queues.push_back(std::move(row));
      }
    }
  }
}

void add_threads(TopView& view, const TopSample& before, const TopSample& after) {
  std::map<std::string, ThreadStats> earlier;
  for (const ThreadStats& thread : before.stats.threads)
    earlier[thread.name] = thread;
  for (const ThreadStats& thread : after.stats.threads) {
    const ThreadStats& old = earlier[thread.name];
    // The kernel's own rounding may take a tick from one column to the next: less is none.
    const auto share = [&](std::uint64_t ThreadStats::* number) {
      const std::uint64_t from = std::min(old.*number, thread.*number);
      return static_cast<double>(thread.*number - from) / 1e9 / view.seconds;
    };
    view.threads.push_back({.name = thread.name,
                            .user = share(&ThreadStats::user_ns),
                            .system = share(&ThreadStats::system_ns),
                            .guest = share(&ThreadStats::guest_ns)});
  }
}

double rank(const TopView::Exits& row, TopSort sort) {
  switch (sort) {
    case TopSort::count:
      return row.per_second;
    case TopSort::time:
      return row.time_share;
    case TopSort::each:
      return row.ns_each;
  }
  return 0;
}

constexpr std::string_view kHelp =
    "c  sort by exits a second      f  freeze, and go on      q  quit\n"
    "t  sort by time                h  this help\n"
    "n  sort by ns of one exit      docs/top.md says what the columns mean\n\n";

std::string_view mark(TopSort column, TopSort sort) {
  return column == sort ? "*" : "";
}

std::string page(const TopView& view, const TopScreen& screen) {
  std::string out =
      fmt::format("{}: {}, {} vCPUs, up {} s, {} resets; {:.1f} s{}\n", view.vm.name,
                  to_text(view.vm.state), view.vm.vcpus, view.vm.uptime.count() / 1'000'000'000,
                  view.vm.resets, view.seconds, screen.frozen ? " (frozen: f goes on)" : "");
  double share = 0;
  for (const auto& row : view.exits)
    share += row.time_share;
  out += fmt::format("{:.0f} exits/s, {:.1f} % of a processor in their handling\n",
                     view.exits_per_second, share * 100);
  for (const std::string& device : view.broken)
    out += fmt::format("{} was broken by its driver and needs a reset\n", device);
  out += '\n';
  if (screen.help) out += kHelp;
  if (!view.threads.empty()) {
    out += fmt::format("{:<16} {:>7} {:>7} {:>7}\n", "THREAD", "GUEST%", "USER%", "SYSTEM%");
    for (const auto& row : view.threads) {
      out += fmt::format("{:<16} {:>7.1f} {:>7.1f} {:>7.1f}\n", row.name, row.guest * 100,
                         row.user * 100, row.system * 100);
    }
    out += '\n';
  }
  if (!view.queues.empty()) {
    out += fmt::format("{:<16} {:>12} {:>12} {:>12}\n", "QUEUE", "NOTIFIED/S", "REQUESTS/S",
                       "INTERRUPTS/S");
    for (const auto& row : view.queues) {
      out += fmt::format("{:<16} {:>12.0f} {:>12.0f} {:>12.0f}\n",
                         fmt::format("{}/{}", row.device, row.index), row.notifications,
                         row.requests, row.interrupts);
    }
    out += '\n';
  }
  out += fmt::format("{:<14} {:<16} {:<22} {:<6} {:>10} {:>10} {:>7}\n", "EXIT", "DEVICE",
                     "REGISTER", "", fmt::format("EXITS/S{}", mark(TopSort::count, screen.sort)),
                     fmt::format("NS EACH{}", mark(TopSort::each, screen.sort)),
                     fmt::format("TIME%{}", mark(TopSort::time, screen.sort)));
  for (const auto& row : view.exits) {
    out += fmt::format("{:<14} {:<16} {:<22} {:<6} {:>10.0f} {:>10.0f} {:>7.2f}\n", row.what.reason,
                       row.what.device, row.what.reg, row.what.direction, row.per_second,
                       row.ns_each, row.time_share * 100);
  }
  return out;
}

json::value text(std::string_view value) {
  return json::string(value.data(), value.size());
}

}  // namespace

TopView make_top_view(const TopSample& before, const TopSample& after, TopSort sort) {
  TopView view;
  view.vm = after.vm;
  view.seconds = std::max(std::chrono::duration<double>(after.at - before.at).count(), 1e-3);
  const bool is_new = after.vm.resets != before.vm.resets;
  const TopSample nothing;
  add_exits(view, is_new ? nothing : before, after);
  add_queues(view, is_new ? nothing : before, after);
  add_threads(view, before, after);
  std::ranges::sort(view.exits, [sort](const TopView::Exits& a, const TopView::Exits& b) {
    if (rank(a, sort) != rank(b, sort)) return rank(a, sort) > rank(b, sort);
    return key_of(a.what) < key_of(b.what);  // the same order each time
  });
  return view;
}

std::string to_text(const TopView& view, const TopScreen& screen) {
  std::string whole = page(view, screen);
  if (screen.columns == 0 && screen.rows == 0) return whole;
  std::string out;
  std::size_t lines = 0;
  for (std::string_view rest = whole; !rest.empty() && (screen.rows == 0 || lines < screen.rows);
       ++lines) {
    const auto end = rest.find('\n');
    out += rest.substr(0, screen.columns == 0 ? end : std::min(end, screen.columns));
    out += '\n';
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return out;
}

std::string to_json(const TopView& view) {
  json::array exits;
  for (const auto& row : view.exits) {
    exits.push_back(json::object{{"reason", text(row.what.reason)},
                                 {"device", text(row.what.device)},
                                 {"register", text(row.what.reg)},
                                 {"direction", text(row.what.direction)},
                                 {"per_second", row.per_second},
                                 {"ns_each", row.ns_each},
                                 {"time_share", row.time_share}});
  }
  json::array queues;
  for (const auto& row : view.queues) {
    queues.push_back(json::object{{"device", text(row.device)},
                                  {"queue", row.index},
                                  {"notifications_per_second", row.notifications},
                                  {"requests_per_second", row.requests},
                                  {"interrupts_per_second", row.interrupts}});
  }
  json::array threads;
  for (const auto& row : view.threads) {
    threads.push_back(json::object{{"name", text(row.name)},
                                   {"user", row.user},
                                   {"system", row.system},
                                   {"guest", row.guest}});
  }
  json::array broken;
  for (const std::string& device : view.broken)
    broken.push_back(text(device));
  const json::object document{{"schema", "skiff-top-1"},
                              {"name", text(view.vm.name)},
                              {"state", text(to_text(view.vm.state))},
                              {"seconds", view.seconds},
                              {"exits_per_second", view.exits_per_second},
                              {"exits", std::move(exits)},
                              {"queues", std::move(queues)},
                              {"threads", std::move(threads)},
                              {"needs_reset", std::move(broken)}};
  return json::serialize(document) + "\n";
}

}  // namespace skiff
