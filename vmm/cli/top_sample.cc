#include "vmm/cli/top_sample.h"

#include <array>
#include <boost/json.hpp>
#include <map>

#include "vmm/control/api/vm_json.h"

namespace skiff {
namespace {

namespace json = boost::json;

std::uint64_t number(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return 0;
  boost::system::error_code error;
  const auto found = value->to_number<std::uint64_t>(error);
  return error ? 0 : found;
}

// As it may be shown: nothing in it moves a terminal's cursor.
std::string text(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  const json::string* const found = value == nullptr ? nullptr : value->if_string();
  if (found == nullptr) return "-";
  std::string out(found->data(), found->size());
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  }
  return out;
}

// Calls `each` for every object of the array `name`.
template <typename Each>
void for_each(const json::object& object, const char* name, const Each& each) {
  const json::value* const value = object.if_contains(name);
  const json::array* const array = value == nullptr ? nullptr : value->if_array();
  if (array == nullptr) return;
  for (const json::value& item : *array) {
    if (const json::object* const found = item.if_object()) each(*found);
  }
}

DeviceStats device_of(const json::object& object) {
  DeviceStats device;
  device.name = text(object, "name");
  device.kind = text(object, "kind");
  device.guest_faults = number(object, "guest_faults");
  const json::value* const broken = object.if_contains("needs_reset");
  device.needs_reset = broken != nullptr && broken->is_bool() && broken->get_bool();
  for_each(object, "queues", [&device](const json::object& queue) {
    device.queues.push_back({.index = static_cast<std::uint16_t>(number(queue, "index")),
                             .notifications = number(queue, "notifications"),
                             .requests = number(queue, "requests"),
                             .interrupts = number(queue, "interrupts")});
  });
  return device;
}

json::value parse(std::string_view document) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(document.data(), document.size()), error);
  return error ? json::value() : value;
}

}  // namespace

std::optional<TopSample> parse_top_sample(std::chrono::nanoseconds at, std::string_view vm,
                                          std::string_view exits, std::string_view stats) {
  auto info = parse_vm_info(vm);
  const json::value ledger = parse(exits);
  const json::value counters = parse(stats);
  if (!info || !ledger.is_object() || !counters.is_object()) return std::nullopt;
  TopSample sample{.at = at, .vm = *std::move(info), .exits = {}, .stats = {}};
  // Several offsets may have one name (the bytes of a register, a table's entries): here they are
  // one.
  std::map<std::array<std::string, 4>, std::size_t> places;
  for_each(ledger.get_object(), "registers", [&](const json::object& row) {
    const std::array<std::string, 4> key = {text(row, "reason"), text(row, "device"),
                                            text(row, "register"), text(row, "direction")};
    const auto [place, is_new] = places.try_emplace(key, sample.exits.size());
    if (is_new) {
      sample.exits.push_back(
          {.reason = key[0], .device = key[1], .reg = key[2], .direction = key[3]});
    }
    TopExits& sum = sample.exits[place->second];
    sum.count += number(row, "count");
    sum.total_ns += number(row, "total_ns");
  });
  for_each(counters.get_object(), "devices", [&sample](const json::object& device) {
    sample.stats.devices.push_back(device_of(device));
  });
  for_each(counters.get_object(), "threads", [&sample](const json::object& thread) {
    sample.stats.threads.push_back({.name = text(thread, "name"),
                                    .user_ns = number(thread, "user_ns"),
                                    .system_ns = number(thread, "system_ns"),
                                    .guest_ns = number(thread, "guest_ns")});
  });
  return sample;
}

}  // namespace skiff
