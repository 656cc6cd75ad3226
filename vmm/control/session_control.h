// VmControl for the session of a named VM: turns what somebody outside asks into what the session
// and its machine do, and tells listeners what has happened.
// Thread rule: main thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "vmm/control/console/console_switch.h"
#include "vmm/control/event_log.h"
#include "vmm/control/vm_control.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// What a session lets SessionControl do.
struct SessionActions {
  // The machine that runs now, or has ended last; null where none could be started.
  std::function<Machine*()> machine;
  std::function<void(const StopRequest&)> stop;
  // The page of `skiff why` on that machine.
  std::function<std::string()> why;
  ConsoleSwitch& consoles;
};

class SessionControl final : public VmControl {
 public:
  // `config_path`: absolute; empty: there was no file.
  SessionControl(const VmConfig& config, std::string name, std::string config_path,
                 SessionActions actions);

  // The session's news.
  void machine_started();
  void machine_reset();
  void ended(int exit_status, std::string detail);
  void publish(std::string_view kind, std::string_view detail = {}) {
    events_.publish(kind, detail);
  }

  VmInfo info() override;
  ControlResult<> pause() override;
  ControlResult<> resume() override;
  ControlResult<> reset() override;
  ControlResult<> send_nmi() override;
  ControlResult<> press_power_button() override;
  ControlResult<> stop(const StopRequest& request) override;
  LedgerReport exits() override;
  MachineStats stats() override;
  ControlResult<std::string> why() override;
  std::vector<DeviceInfo> devices() override;
  ControlResult<DeviceInfo> change_device(std::string_view name,
                                          const DeviceChange& change) override;
  std::vector<ConsoleInfo> consoles() override;
  ControlResult<> may_attach(std::string_view console, const AttachRequest& request) override;
  void attach_console(std::string_view console, const AttachRequest& request, Fd socket,
                      std::span<const std::byte> early) override;
  std::shared_ptr<void> subscribe(std::uint64_t after,
                                  std::function<void(const VmEvent&)> listener) override;

 private:
  // The machine, if it runs.
  ControlResult<Machine*> running() const;

  const VmConfig& config_;
  const std::string name_;
  const std::string config_path_;
  std::string kernel_;  // absolute: whoever asks is in another folder
  const SessionActions actions_;
  EventLog events_;
  bool paused_ = false;
  std::uint64_t resets_ = 0;
  const std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::optional<std::chrono::system_clock::time_point> ended_;
  std::optional<int> exit_status_;
  std::string detail_;
};

}  // namespace skiff
