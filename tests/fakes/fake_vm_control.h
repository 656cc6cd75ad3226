// A VmControl whose answers a test chooses, and who remembers what it was asked.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vmm/control/vm_control.h"

namespace skiff::test {

class FakeVmControl final : public VmControl {
 public:
  std::vector<std::string> asked;
  ControlResult<> result{};  // of everything that acts
  VmInfo state{.name = "web", .pid = 42, .vcpus = 2, .memory = 1 << 20, .kernel = "vmlinuz"};
  LedgerReport ledger{};
  MachineStats numbers{};
  std::vector<DeviceInfo> device_list{};
  std::vector<ConsoleInfo> console_list{};
  StopRequest stop_request{};
  DeviceChange change{};
  AttachRequest attach{};
  std::string attached_bytes{};
  Fd attached{};
  std::function<void(const VmEvent&)> listener{};

  VmInfo info() override { return state; }
  ControlResult<> pause() override { return ask("pause"); }
  ControlResult<> resume() override { return ask("resume"); }
  ControlResult<> reset() override { return ask("reset"); }
  ControlResult<> send_nmi() override { return ask("nmi"); }
  ControlResult<> press_power_button() override { return ask("power-button"); }
  ControlResult<> stop(const StopRequest& request) override {
    stop_request = request;
    return ask("stop");
  }
  LedgerReport exits() override { return ledger; }
  MachineStats stats() override { return numbers; }
  ControlResult<std::string> why() override {
    if (const auto done = ask("why"); !done) return std::unexpected(done.error());
    return "it waits\n";
  }
  std::vector<DeviceInfo> devices() override { return device_list; }
  ControlResult<DeviceInfo> change_device(std::string_view name,
                                          const DeviceChange& wanted) override {
    change = wanted;
    if (const auto done = ask("change " + std::string(name)); !done) {
      return std::unexpected(done.error());
    }
    return DeviceInfo{.name = std::string(name), .kind = "virtio-blk"};
  }
  std::vector<ConsoleInfo> consoles() override { return console_list; }
  ControlResult<> may_attach(std::string_view console, const AttachRequest& request) override {
    attach = request;
    return ask("attach " + std::string(console));
  }
  void attach_console(std::string_view, const AttachRequest&, Fd socket,
                      std::span<const std::byte> early) override {
    attached = std::move(socket);
    attached_bytes.assign(reinterpret_cast<const char*>(early.data()), early.size());
  }
  std::shared_ptr<void> subscribe(std::uint64_t after,
                                  std::function<void(const VmEvent&)> wanted) override {
    asked.push_back("subscribe " + std::to_string(after));
    listener = std::move(wanted);
    return std::shared_ptr<void>(this, [this](void*) { listener = nullptr; });
  }

 private:
  ControlResult<> ask(std::string what) {
    asked.push_back(std::move(what));
    return result;
  }
};

}  // namespace skiff::test
