// A named VM's control API, from another process: one connection, one request after the other.
//
// What goes wrong is an Error whose what() can be printed: HostError where the VM cannot be reached
// or refuses, ConfigError where a name cannot be one.
//
// Thread rule: one thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "vmm/base/error.h"
#include "vmm/base/fd.h"
#include "vmm/control/client/http_response.h"
#include "vmm/control/run_directory/vm_directory.h"
#include "vmm/control/vm_control.h"

namespace skiff {

// The VM's own "no", with its reason.
class RefusedError : public HostError {
 public:
  RefusedError(int http_status, ControlError error)
      : HostError(error.message), status(http_status), reason(std::move(error)) {}
  int status;
  ControlError reason;
};

// The run directory of this VM, alive or not. Throws where there is none, with the names that were
// perhaps meant.
VmDirectory find_vm(const std::string& name);
// How a VM ended that lives no more; `crashed` ones get a text too.
VmInfo ended_vm_info(const VmDirectory& directory);

class ControlClient {
 public:
  static constexpr auto kPatience = std::chrono::seconds(30);

  // Connects. Throws where there is no such VM, it has ended, or it belongs to somebody else.
  explicit ControlClient(const std::string& name);

  const std::string& name() const { return directory_.name(); }
  const VmDirectory& directory() const { return directory_; }

  // The body of the answer; throws RefusedError where that is no 2xx. `body`: JSON, or empty.
  std::string request(std::string_view method, std::string_view target, std::string_view body = {});
  std::string get(std::string_view target) { return request("GET", target); }
  std::string post(std::string_view target, std::string_view body = {}) {
    return request("POST", target, body);
  }
  VmInfo info();

  // How it ended, when it has; waits for that, and calls `tick` about once a second meanwhile with
  // the time waited so far. The VM's process has ended too when this returns.
  VmInfo wait_for_end(const std::function<void(std::chrono::seconds)>& tick = {});

  // The lines of GET `target`, each without its newline, until the VM ends (true) or `line` returns
  // false.
  bool follow(std::string_view target, const std::function<bool(std::string_view)>& line);

  // The connection becomes another protocol's (HTTP 101): its descriptor, blocking, and bytes that
  // came already. The client is of no more use. `target`: "/v1/console?write=true".
  struct Upgraded {
    Fd socket;
    std::string early;
  };
  Upgraded upgrade(std::string_view target, std::string_view protocol);

 private:
  enum class Version { http_1_0, http_1_1 };
  void connect();
  void send(std::string_view method, std::string_view target, std::string_view body,
            std::string_view more_fields, Version version = Version::http_1_1);
  // False at the connection's end. Throws after `patience` without a byte.
  bool receive(std::chrono::milliseconds patience);
  HttpResponseReader read_response();
  [[noreturn]] void lost() const;

  VmDirectory directory_;
  Fd socket_;
  std::string input_;
};

// "/v1/devices/" and a name as a path has it.
std::string api_path(std::string_view prefix, std::string_view name);

}  // namespace skiff
