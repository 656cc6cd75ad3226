// What somebody outside may ask of a running VM. RunSession answers; the control API asks, on
// behalf of whoever is connected to the VM's control socket.
//
// Thread rule: the main thread (the one that runs the session's io_context).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/control_error.h"
#include "vmm/base/fd.h"
#include "vmm/control/console/attach_request.h"
#include "vmm/io/device_change.h"
#include "vmm/machine/ledger_report.h"
#include "vmm/machine/machine_stats.h"

namespace skiff {

enum class VmState { running, paused, ended };

struct VmInfo {
  std::string name;
  VmState state = VmState::running;
  std::string detail{};  // how it ended, for a person; empty while it runs
  int pid = 0;
  std::uint32_t vcpus = 0;
  std::uint64_t memory = 0;                         // of the guest [bytes]
  std::chrono::nanoseconds uptime{0};               // of the machine that runs now
  std::uint64_t resets = 0;                         // machines before it
  std::uint64_t exits = 0;                          // to user space, of the machine that runs now
  std::uint64_t cpu_ns = 0;                         // processor time of the whole process
  std::chrono::system_clock::time_point started{};  // the first machine
  std::optional<std::chrono::system_clock::time_point> ended{};
  std::optional<int> exit_status{};  // once ended (vmm/base/exit_status.h)
  std::string kernel{};              // path
  std::string config{};              // path; empty: there was no file
};

struct StopRequest {
  static constexpr std::uint32_t kMostTimeout = 31'536'000;  // a year; longer is for ever [s]

  bool force = false;  // at once; else the power button first
  // How long the guest has to power off; nothing: machine.stop_timeout. 0: for ever. [s]
  std::optional<std::uint32_t> timeout;
};

struct ConsoleInfo {
  std::string name;      // "com1", "hvc0" or a port's own name
  bool is_main = false;  // the one `skiff console NAME` means
  bool has_writer = false;
  std::uint32_t viewers = 0;       // the writer included
  std::uint64_t output_bytes = 0;  // since the VM started
  std::string socket{};            // path of its UNIX socket; empty: none
  std::string pty{};               // path of its pseudo-terminal; empty: none
};

// Something that happened to the VM, for those who listen.
struct VmEvent {
  std::string
      kind;  // "started", "paused", "resumed", "reset", "panic", "needs-reset", "ended", ...
  std::string detail;  // a device's name, a reason; may be empty
  std::chrono::system_clock::time_point at{};
  std::uint64_t number = 0;  // counts from 1
};

class VmControl {
 public:
  virtual ~VmControl() = default;

  virtual VmInfo info() = 0;
  virtual ControlResult<> pause() = 0;
  virtual ControlResult<> resume() = 0;
  virtual ControlResult<> reset() = 0;
  virtual ControlResult<> send_nmi() = 0;
  virtual ControlResult<> press_power_button() = 0;
  virtual ControlResult<> stop(const StopRequest& request) = 0;

  virtual LedgerReport exits() = 0;
  virtual MachineStats stats() = 0;
  // One page that says what the guest is doing, for a person.
  virtual ControlResult<std::string> why() = 0;

  virtual std::vector<DeviceInfo> devices() = 0;
  virtual ControlResult<DeviceInfo> change_device(std::string_view name,
                                                  const DeviceChange& change) = 0;

  virtual std::vector<ConsoleInfo> consoles() = 0;
  // Whether attach_console would be refused, before anything is promised to the client. An empty
  // `console` means the main one.
  virtual ControlResult<> may_attach(std::string_view console, const AttachRequest& request) = 0;
  // From now on `socket`, a connected stream, speaks the console protocol; `early` are bytes of it
  // that were read already.
  virtual void attach_console(std::string_view console, const AttachRequest& request, Fd socket,
                              std::span<const std::byte> early) = 0;

  // Calls `listener` for each event until the token is destroyed; first, at once, for those of the
  // last 64 whose number is above `after`.
  virtual std::shared_ptr<void> subscribe(std::uint64_t after,
                                          std::function<void(const VmEvent&)> listener) = 0;
};

}  // namespace skiff
