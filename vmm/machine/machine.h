// One life of a virtual machine, from created to ended. A reset of the guest is a new Machine on
// the same configuration: every device, vCPU and kernel object starts from its initial state
// because it is new, and nothing has to be put back by hand.
//
// Members are declared in the order they are built; destruction is the reverse.
//
//   created --start()--> running <--pause()/resume()--> paused
//                           |  the guest ends itself (power-off, reset, status, panic, fault),
//                           |  or stop()
//                           v
//                        ending: every vCPU is asked to stop, services.on_end is called once
//                           |  join()
//                           v
//                        ended: end() says how
//
// Thread rule: one thread (the machine's) creates, steers and destroys it; the guest's own events
// come on vCPU threads.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/board/board.h"
#include "vmm/io/guest_memory.h"
#include "vmm/io/io_bus.h"
#include "vmm/kvm/kvm_stats.h"
#include "vmm/kvm/kvm_system.h"
#include "vmm/kvm/kvm_vm.h"
#include "vmm/machine/coalesced_writes.h"
#include "vmm/machine/io_threads.h"
#include "vmm/machine/ledger_report.h"
#include "vmm/machine/machine_stats.h"
#include "vmm/machine/vcpu_thread.h"
#include "vmm/machine/vm_config.h"
#include "vmm/machine/why/guest_facts.h"
#include "vmm/machine/why/vcpu_looks.h"

namespace skiff {

struct MachineEnd {
  enum class Kind { power_off, reset, guest_status, panic, failure, stopped };
  Kind kind = Kind::stopped;
  std::uint64_t status = 0;  // guest_status: what the guest wrote
  std::string report{};      // failure: what happened, for a person, many lines
};

struct GuestExplanation {
  std::string page;         // why_page.h
  std::string headline;     // its first line
  bool is_linux = false;    // a kernel was found in its memory
  bool is_trouble = false;  // something is wrong, or keeps the guest from what it should do
};

// What a machine needs from outside; all of it outlives the machine.
struct MachineServices {
  const KvmSystem& kvm;
  const Clock& clock;
  Executor& executor;
  std::function<ByteSink&(const SerialConfig&)> serial_sink;
  ByteSink* debug_sink = nullptr;
  std::function<ByteSink&(const VirtioConsolePortConfig&)> console_port_sink;
  // The machine has begun to end. Called once, on any thread; must not block.
  std::function<void()> on_end;
  // The driver of this device broke it. Any thread, again and again; must not block. May be empty.
  std::function<void(std::string_view device)> on_needs_reset{};
};

class Machine final : private PlatformEvents {
 public:
  // Throws ConfigError or HostError.
  Machine(const VmConfig& config, const MachineServices& services);
  ~Machine() override;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void start();
  // All vCPUs out of the guest when pause() returns.
  void pause();
  void resume();
  void stop();
  // One page that says what the guest does, or did when it ended, for a person (docs/why.md). Stops
  // a guest that runs for a moment, eight times within a tenth of a second; at most 1.5 s where a
  // vCPU does not stop. `has_printed`: something has come from any of the guest's consoles.
  GuestExplanation explain(bool has_printed);
  // Processor time of each vCPU's thread, its guest's included; nothing for one that has ended.
  std::vector<std::optional<std::chrono::nanoseconds>> vcpu_times() const;
  // The guest's own reset line.
  void reset() { on_reset(); }
  void join();
  // How it ended; nothing while it runs.
  std::optional<MachineEnd> end() const;

  bool press_power_button() { return board_->press_power_button(); }
  bool send_nmi();
  CharacterDevice& console_device() { return board_->console_device(); }
  // All serial ports and virtio console ports, by the names of console_names().
  std::vector<NamedCharacterDevice> character_devices();
  std::string boot_description() const { return board_->boot_description(); }
  std::vector<const ExitLedger*> ledgers() const;
  // Writes that KVM has collected. Any thread.
  std::vector<LedgerReport::Coalesced> coalesced() const;
  // KVM's own counts of all vCPUs and of the VM. The first call stops a guest that runs for a
  // moment; before it, they cost nothing.
  std::vector<KvmCount> kvm_counts();
  std::vector<DeviceInfo> devices() const { return board_->devices(); }
  ControlResult<DeviceInfo> change_device(std::string_view name, const DeviceChange& change) {
    return board_->change_device(name, change);
  }
  // Any thread while the machine is there.
  MachineStats stats() const;
  // From start() to the end, or to now.
  std::chrono::nanoseconds run_time() const;

 private:
  void on_power_off() noexcept override { finish({.kind = MachineEnd::Kind::power_off}); }
  void on_reset() noexcept override { finish({.kind = MachineEnd::Kind::reset}); }
  void on_guest_status(std::uint64_t status) noexcept override {
    finish({.kind = MachineEnd::Kind::guest_status, .status = status, .report = {}});
  }
  void on_guest_panic() noexcept override { finish({.kind = MachineEnd::Kind::panic}); }
  void on_needs_reset(std::string_view device) noexcept override {
    if (services_.on_needs_reset) services_.on_needs_reset(device);
  }
  void on_vcpu_end(VcpuThread& thread, const VcpuExit& exit);
  std::string failure_report(const VcpuThread& thread, const Fatal& fatal) const;
  void open_kvm_stats();
  void collect_writes(const KvmVcpu& vcpu);
  GuestFacts gather_facts(bool has_printed);
  std::vector<VcpuLook> look_at_vcpus(std::chrono::steady_clock::time_point deadline);
  // The first end counts; later ones (other vCPUs falling over) are its consequences.
  void finish(MachineEnd end) noexcept;

  const VmConfig& config_;
  const MachineServices services_;
  GuestMemory memory_;
  KvmVm vm_;
  IoBus ports_;
  IoBus mmio_;
  IoThreads io_threads_;
  std::unique_ptr<Board> board_;
  std::unique_ptr<CoalescedWrites> coalesced_;  // null: KVM collects no writes
  std::vector<std::unique_ptr<VcpuThread>> vcpus_;
  bool paused_ = false;                               // by pause(); the machine's thread
  std::optional<std::vector<KvmStats>> kvm_stats_{};  // once somebody has asked; likewise

  mutable Mutex mutex_;
  std::optional<MachineEnd> end_ SKIFF_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point started_at_{};
  std::chrono::steady_clock::time_point ended_at_ SKIFF_GUARDED_BY(mutex_){};
};

}  // namespace skiff
