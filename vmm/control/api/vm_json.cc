#include "vmm/control/api/vm_json.h"

#include <fmt/core.h>

#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <ctime>

namespace skiff {
namespace {

namespace json = boost::json;
using std::chrono::system_clock;

constexpr std::array<std::string_view, 3> kStates = {"running", "paused", "ended"};
constexpr std::array<std::string_view, 5> kKinds = {"not-found", "bad-request", "conflict",
                                                    "unsupported", "failed"};

json::value text(std::string_view value) {
  return json::string(value.data(), value.size());
}

template <typename T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::object object_of(const DeviceInfo& device) {
  return {
      {"name", text(device.name)},     {"kind", text(device.kind)},
      {"face", text(device.face)},     {"capacity_bytes", or_null(device.capacity)},
      {"link", or_null(device.link)},  {"backend", text(device.backend)},
      {"source", text(device.source)},
  };
}

json::object object_of(const ConsoleInfo& console) {
  return {
      {"name", text(console.name)},
      {"main", console.is_main},
      {"writer", console.has_writer},
      {"viewers", console.viewers},
      {"output_bytes", console.output_bytes},
      {"socket", text(console.socket)},
      {"pty", text(console.pty)},
  };
}

std::string line(const json::object& object) {
  return json::serialize(object) + "\n";
}

template <typename T>
std::string list(std::string_view name, std::span<const T> items) {
  json::array array;
  for (const T& item : items)
    array.push_back(object_of(item));
  return line({{json::string_view(name.data(), name.size()), std::move(array)}});
}

// Of a document that a client reads: what is missing or of another type keeps its default.
class Members {
 public:
  explicit Members(std::string_view document) {
    boost::system::error_code error;
    value_ = json::parse(json::string_view(document.data(), document.size()), error);
    object_ = error ? nullptr : value_.if_object();
  }
  explicit operator bool() const { return object_ != nullptr; }

  const json::value* find(const char* name) const { return object_->if_contains(name); }
  std::string string(const char* name) const {
    const json::value* const value = find(name);
    const json::string* const found = value == nullptr ? nullptr : value->if_string();
    return found == nullptr ? std::string() : std::string(found->data(), found->size());
  }
  std::optional<std::int64_t> whole(const char* name) const {
    const json::value* const value = find(name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    boost::system::error_code error;
    const auto number = value->to_number<std::int64_t>(error);
    return error ? std::nullopt : std::optional(number);
  }
  template <typename T>
  T number(const char* name) const {
    return static_cast<T>(whole(name).value_or(0));
  }
  std::optional<system_clock::time_point> time(const char* name) const {
    return parse_time(string(name));
  }

 private:
  json::value value_;
  const json::object* object_ = nullptr;
};

}  // namespace

std::string to_json(const VmInfo& info) {
  json::object object{
      {"name", text(info.name)},
      {"state", text(to_text(info.state))},
      {"detail", text(info.detail)},
      {"pid", info.pid},
      {"vcpus", info.vcpus},
      {"memory_bytes", info.memory},
      {"uptime_ns", info.uptime.count()},
      {"resets", info.resets},
      {"exits", info.exits},
      {"cpu_ns", info.cpu_ns},
      {"started", text(to_text(info.started))},
      {"ended", info.ended ? text(to_text(*info.ended)) : json::value(nullptr)},
      {"exit_status", or_null(info.exit_status)},
      {"kernel", text(info.kernel)},
      {"config", text(info.config)},
  };
  return line(object);
}

std::string to_json(const VmEvent& event) {
  return line({{"number", event.number},
               {"at", text(to_text(event.at))},
               {"kind", text(event.kind)},
               {"detail", text(event.detail)}});
}

std::string to_json(const ControlError& error) {
  json::object object{{"error", text(to_text(error.kind))}, {"message", text(error.message)}};
  if (!error.field.empty()) object.emplace("field", text(error.field));
  return line(object);
}

std::string to_json(const MachineStats& stats) {
  json::array devices;
  for (const DeviceStats& device : stats.devices) {
    json::array queues;
    for (const QueueStats& queue : device.queues) {
      queues.push_back(json::object{{"index", queue.index},
                                    {"notifications", queue.notifications},
                                    {"requests", queue.requests},
                                    {"interrupts", queue.interrupts}});
    }
    devices.push_back(json::object{{"name", text(device.name)},
                                   {"kind", text(device.kind)},
                                   {"guest_faults", device.guest_faults},
                                   {"needs_reset", device.needs_reset},
                                   {"queues", std::move(queues)}});
  }
  json::array threads;
  for (const ThreadStats& thread : stats.threads) {
    threads.push_back(json::object{{"name", text(thread.name)},
                                   {"user_ns", thread.user_ns},
                                   {"system_ns", thread.system_ns},
                                   {"guest_ns", thread.guest_ns}});
  }
  return line({{"devices", std::move(devices)}, {"threads", std::move(threads)}});
}

std::string to_json(const DeviceInfo& device) {
  return line(object_of(device));
}

std::string to_json(const ConsoleInfo& console) {
  return line(object_of(console));
}

std::string to_json(std::span<const DeviceInfo> devices) {
  return list("devices", devices);
}

std::string to_json(std::span<const ConsoleInfo> consoles) {
  return list("consoles", consoles);
}

std::optional<VmInfo> parse_vm_info(std::string_view document) {
  const Members members(document);
  if (!members) return std::nullopt;
  VmInfo info;
  const std::string state = members.string("state");
  for (std::size_t index = 0; index < kStates.size(); ++index) {
    if (kStates[index] == state) info.state = static_cast<VmState>(index);
  }
  info.name = members.string("name");
  info.detail = members.string("detail");
  info.pid = members.number<int>("pid");
  info.vcpus = members.number<std::uint32_t>("vcpus");
  info.memory = members.number<std::uint64_t>("memory_bytes");
  info.uptime = std::chrono::nanoseconds(members.number<std::int64_t>("uptime_ns"));
  info.resets = members.number<std::uint64_t>("resets");
  info.exits = members.number<std::uint64_t>("exits");
  info.cpu_ns = members.number<std::uint64_t>("cpu_ns");
  info.started = members.time("started").value_or(system_clock::time_point{});
  info.ended = members.time("ended");
  if (const auto status = members.whole("exit_status")) {
    info.exit_status = static_cast<int>(*status);
  }
  info.kernel = members.string("kernel");
  info.config = members.string("config");
  return info;
}

std::optional<VmEvent> parse_event(std::string_view document) {
  const Members members(document);
  if (!members) return std::nullopt;
  return VmEvent{.kind = members.string("kind"),
                 .detail = members.string("detail"),
                 .at = members.time("at").value_or(system_clock::time_point{}),
                 .number = members.number<std::uint64_t>("number")};
}

std::optional<ControlError> parse_error(std::string_view document) {
  const Members members(document);
  if (!members || members.string("message").empty()) return std::nullopt;
  ControlError error;
  const std::string kind = members.string("error");
  for (std::size_t index = 0; index < kKinds.size(); ++index) {
    if (kKinds[index] == kind) error.kind = static_cast<ControlError::Kind>(index);
  }
  error.message = members.string("message");
  error.field = members.string("field");
  return error;
}

std::string_view to_text(VmState state) {
  return kStates.at(static_cast<std::size_t>(state));
}

std::string_view to_text(ControlError::Kind kind) {
  return kKinds.at(static_cast<std::size_t>(kind));
}

std::string to_text(system_clock::time_point time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(ms);
  const std::time_t whole = seconds.count();
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     (ms - seconds).count());
}

std::optional<system_clock::time_point> parse_time(std::string_view written) {
  std::tm parts{};
  int ms = 0;
  const std::string copy(written);
  // NOLINTNEXTLINE(cert-err34-c): the numbers' widths are bounded, so none overflows
  const int found =
      std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &ms);
  if (found != 7) return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return system_clock::from_time_t(::timegm(&parts)) + std::chrono::milliseconds(ms);
}

}  // namespace skiff
