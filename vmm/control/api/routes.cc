#include "vmm/control/api/routes.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "vmm/control/api/metrics.h"
#include "vmm/control/api/vm_json.h"

namespace skiff {
namespace {

// What the name of a path's last part becomes: {name}.
using Handler = ApiAnswer (*)(VmControl&, const HttpRequest&, std::string_view name);

ApiAnswer text(std::string body) {
  return {.type = "text/plain; charset=utf-8", .body = std::move(body)};
}

int status_of(ControlError::Kind kind) {
  switch (kind) {
    case ControlError::Kind::not_found:
      return 404;
    case ControlError::Kind::bad_request:
      return 400;
    case ControlError::Kind::conflict:
      return 409;
    case ControlError::Kind::unsupported:
      return 501;
    case ControlError::Kind::failed:
      return 500;
  }
  return 500;
}

ApiAnswer refused(const ControlError& error) {
  return {.status = status_of(error.kind), .body = to_json(error)};
}

ApiAnswer bad_field(std::string_view name, std::string_view what) {
  const std::string field = printable(name);
  return refused({.kind = ControlError::Kind::bad_request,
                  .message = fmt::format("{} {}", field, what),
                  .field = field});
}

template <ControlResult<> (VmControl::*Action)()>
ApiAnswer act(VmControl& vm, const HttpRequest& request, std::string_view) {
  if (!request.body.empty() && request.body != "{}") {
    return bad_field("body", "must be empty: this request has no settings");
  }
  if (const auto done = (vm.*Action)(); !done) return refused(done.error());
  return {.body = to_json(vm.info())};
}

ApiAnswer stop(VmControl& vm, const HttpRequest& request, std::string_view) {
  const auto wanted = parse_stop_request(request.body);
  if (!wanted) return refused(wanted.error());
  if (const auto begun = vm.stop(*wanted); !begun) return refused(begun.error());
  return {.status = 202, .body = to_json(vm.info())};
}

ApiAnswer show_devices(VmControl& vm, const HttpRequest&, std::string_view) {
  return {.body = to_json(std::span<const DeviceInfo>(vm.devices()))};
}

ApiAnswer change_device(VmControl& vm, const HttpRequest& request, std::string_view name) {
  const auto change = parse_device_change(request.body);
  if (!change) return refused(change.error());
  const auto device = vm.change_device(name, *change);
  return device ? ApiAnswer{.body = to_json(*device)} : refused(device.error());
}

ApiAnswer show_consoles(VmControl& vm, const HttpRequest&, std::string_view) {
  return {.body = to_json(std::span<const ConsoleInfo>(vm.consoles()))};
}

// "true" or "false", and a size; what is wrong is told by bad_field.
bool read_flag(std::string_view value, bool& into) {
  if (value != "true" && value != "false") return false;
  into = value == "true";
  return true;
}
template <typename T>
bool read_number(std::string_view value, T& into) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), into);
  return error == std::errc() && end == value.data() + value.size() && !value.empty();
}

ApiAnswer attach(VmControl& vm, const HttpRequest& request, std::string_view name) {
  AttachRequest wanted;
  for (const auto& [key, value] : request.query) {
    bool* const flag = key == "write"    ? &wanted.write
                       : key == "steal"  ? &wanted.steal
                       : key == "replay" ? &wanted.replay
                                         : nullptr;
    std::uint16_t* const size = key == "columns" ? &wanted.columns
                                : key == "rows"  ? &wanted.rows
                                                 : nullptr;
    if (flag == nullptr && size == nullptr) {
      return bad_field(key, "is not known here; known are: write steal replay columns rows");
    }
    if (flag != nullptr && !read_flag(value, *flag)) return bad_field(key, "must be true or false");
    if (size != nullptr && !read_number(value, *size)) {
      return bad_field(key, "must be a whole number from 0 to 65535");
    }
  }
  if (const auto allowed = vm.may_attach(name, wanted); !allowed) return refused(allowed.error());
  return {.status = 101, .then = ApiAnswer::Console{std::string(name), wanted}};
}

ApiAnswer show_console(VmControl& vm, const HttpRequest& request, std::string_view name) {
  if (!request.upgrade.empty()) {
    if (request.upgrade != "skiff-console") {
      return bad_field("Upgrade", "must be skiff-console");
    }
    return attach(vm, request, name);
  }
  for (const ConsoleInfo& console : vm.consoles()) {
    if (name.empty() ? console.is_main : console.name == name) return {.body = to_json(console)};
  }
  return refused({.kind = ControlError::Kind::not_found,
                  .message = name.empty()
                                 ? "this VM has no console"
                                 : fmt::format("there is no console \"{}\"", printable(name)),
                  .field = "name"});
}

ApiAnswer events(VmControl&, const HttpRequest& request, std::string_view) {
  ApiAnswer::Events wanted;
  for (const auto& [key, value] : request.query) {
    if (key != "after") return bad_field(key, "is not known here; known is: after");
    if (!read_number(value, wanted.after)) return bad_field(key, "must be an event's number");
  }
  return {.type = "application/x-ndjson", .then = wanted};
}

struct Route {
  ApiRoute is;
  Handler handle;
};

constexpr auto kRoutes = std::to_array<Route>({
    {{"GET", "/v1/vm"},
     [](VmControl& vm, const HttpRequest&, std::string_view) {
       return ApiAnswer{.body = to_json(vm.info())};
     }},
    {{"POST", "/v1/pause"}, act<&VmControl::pause>},
    {{"POST", "/v1/resume"}, act<&VmControl::resume>},
    {{"POST", "/v1/reset"}, act<&VmControl::reset>},
    {{"POST", "/v1/nmi"}, act<&VmControl::send_nmi>},
    {{"POST", "/v1/power-button"}, act<&VmControl::press_power_button>},
    {{"POST", "/v1/stop"}, stop},
    {{"GET", "/v1/wait"},
     [](VmControl&, const HttpRequest&, std::string_view) {
       return ApiAnswer{.then = ApiAnswer::UntilEnd{}};
     }},
    {{"GET", "/v1/devices"}, show_devices},
    {{"PATCH", "/v1/devices/{name}"}, change_device},
    {{"GET", "/v1/exits"},
     [](VmControl& vm, const HttpRequest&, std::string_view) {
       return ApiAnswer{.body = to_json(vm.exits())};
     }},
    {{"GET", "/v1/stats"},
     [](VmControl& vm, const HttpRequest&, std::string_view) {
       return ApiAnswer{.body = to_json(vm.stats())};
     }},
    {{"GET", "/v1/console"}, show_console},
    {{"GET", "/v1/consoles"}, show_consoles},
    {{"GET", "/v1/consoles/{name}"}, show_console},
    {{"GET", "/v1/why"},
     [](VmControl& vm, const HttpRequest&, std::string_view) {
       auto page = vm.why();
       return page ? text(*std::move(page)) : refused(page.error());
     }},
    {{"GET", "/v1/events"}, events},
    {{"GET", "/v1/openapi.yaml"},
     [](VmControl&, const HttpRequest&, std::string_view) {
       return ApiAnswer{.type = "application/yaml", .body = std::string(openapi_text())};
     }},
    {{"GET", "/metrics"},
     [](VmControl& vm, const HttpRequest&, std::string_view) {
       return ApiAnswer{.type = "text/plain; version=0.0.4; charset=utf-8",
                        .body = metrics_text(vm.info(), vm.exits(), vm.stats())};
     }},
});

// Whether `path` is one of `pattern`'s, and which name it has in it.
bool matches(std::string_view pattern, std::string_view path, std::string_view& name) {
  constexpr std::string_view kName = "{name}";
  name = {};
  if (!pattern.ends_with(kName)) return pattern == path;
  pattern.remove_suffix(kName.size());
  if (!path.starts_with(pattern)) return false;
  name = path.substr(pattern.size());
  return !name.empty();
}

}  // namespace

ApiAnswer answer(VmControl& vm, const HttpRequest& request) {
  std::string allow;
  for (const Route& route : kRoutes) {
    std::string_view name;
    if (!matches(route.is.path, request.path, name)) continue;
    if (route.is.method == request.method) return route.handle(vm, request, name);
    allow += fmt::format("{}{}", allow.empty() ? "" : ", ", route.is.method);
  }
  if (!allow.empty()) {
    ApiAnswer out =
        bad_field("method", fmt::format("must be {} for {}", allow, printable(request.path)));
    out.status = 405;
    out.allow = allow;
    return out;
  }
  return refused({.kind = ControlError::Kind::not_found,
                  .message = fmt::format("there is no \"{}\"; GET /v1/openapi.yaml lists what "
                                         "there is",
                                         printable(request.path)),
                  .field = "path"});
}

ApiAnswer answer_of(const HttpRefusal& refusal) {
  return {.status = refusal.status,
          .body = to_json(ControlError{
              .kind = ControlError::Kind::bad_request, .message = refusal.message, .field = {}})};
}

std::span<const ApiRoute> api_routes() {
  static const std::vector<ApiRoute> routes = [] {
    std::vector<ApiRoute> all;
    for (const Route& route : kRoutes)
      all.push_back(route.is);
    return all;
  }();
  return routes;
}

}  // namespace skiff
