// A request to an answer: what the control API is, without HTTP's bytes and without sockets.
// docs/openapi.yaml describes it for people and programs.
// Thread rule: VmControl's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "vmm/control/api/http_request.h"
#include "vmm/control/vm_control.h"

namespace skiff {

struct ApiAnswer {
  // Answered with the VM's state once it has ended.
  struct UntilEnd {};
  // A line of JSON for each event after number `after`, until the VM or the client ends.
  struct Events {
    std::uint64_t after = 0;
  };
  // The connection becomes a console.
  struct Console {
    std::string name;  // empty: the main one
    AttachRequest request;
  };

  int status = 200;
  std::string type = "application/json";
  std::string body{};
  std::string allow{};  // of 405: the methods there are
  std::variant<std::monostate, UntilEnd, Events, Console> then{};
};

ApiAnswer answer(VmControl& vm, const HttpRequest& request);
ApiAnswer answer_of(const HttpRefusal& refusal);

// Every route, for the test that compares them with docs/openapi.yaml.
struct ApiRoute {
  std::string_view method;
  std::string_view path;  // "/v1/devices/{name}"
};
std::span<const ApiRoute> api_routes();

// docs/openapi.yaml as it was when this was built.
std::string_view openapi_text();

}  // namespace skiff
