// One vCPU's thread: the KVM_RUN loop, and the states around it.
//
//            start()                request(run)
//   created ---------> running <------------------- paused
//                        |  \______ request(pause) ___^
//                        |
//                        | request(stop), or an exit that ends the guest
//                        v
//                     finished   (the thread has left KVM_RUN for good; join() returns)
//
// No kick is lost: the request is stored, then immediate_exit is set, then the signal is sent; the
// loop clears immediate_exit first and looks at the request after. Whichever way the two
// interleave, either the loop sees the request or KVM_RUN returns at once.
//
// Where the 8259s live in Skiff (`ProcessorInterrupts::external`), the loop also looks at INTR
// before it enters the guest: it injects, or asks KVM to come back when the guest can take an
// interrupt. One that is raised by another thread while the guest runs is a kick. No such kick is
// lost either: INTR is up before place_ is looked at, and place_ says "in the guest" before INTR is
// looked at. Without a local APIC in the kernel HLT is waited out here; INTR, an NMI and every
// request end that wait, and a vCPU that was paused in it goes on waiting afterwards.
//
// Thread rule: start and join belong to the machine's thread; request may come from any thread, a
// vCPU's own included; the loop is the vCPU's own.
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "vmm/base/mutex.h"
#include "vmm/io/io_bus.h"
#include "vmm/kvm/kvm_vcpu.h"
#include "vmm/machine/coalesced_writes.h"
#include "vmm/machine/exit_dispatcher.h"
#include "vmm/machine/exit_ledger.h"

namespace skiff {

class VcpuThread {
 public:
  enum class Request : std::uint8_t { run, pause, stop };
  // Called once, on the vCPU's thread, when the guest has come to an end through this vCPU: a
  // SystemEvent or Fatal. The vCPU's registers may be read from within.
  using EndHandler = std::function<void(VcpuThread&, const VcpuExit&)>;

  // Installs the (empty) handler of the kick signal; once per process, before any thread starts.
  static void install_kick_signal();

  // What `interrupts` and `coalesced`, which may be null, point to outlives the thread.
  VcpuThread(std::unique_ptr<KvmVcpu> vcpu, IoBus& ports, IoBus& mmio, EndHandler on_end,
             const ProcessorInterrupts& interrupts = {}, CoalescedWrites* coalesced = nullptr);
  ~VcpuThread();
  VcpuThread(const VcpuThread&) = delete;
  VcpuThread& operator=(const VcpuThread&) = delete;

  // Throws HostError when the host refuses another thread.
  void start();
  // Asks; does not wait. A stop cannot be taken back.
  void request(Request wanted) noexcept;
  // Waits until the loop is parked by a pause, or has finished; no wait before start().
  void wait_until_parked();
  // The same, but no longer than until `deadline`; false if it was not parked by then.
  bool wait_until_parked(std::chrono::steady_clock::time_point deadline);
  void join();
  // An NMI has been injected: a HLT is over. Any thread.
  void end_halt();

  KvmVcpu& vcpu() { return *vcpu_; }
  const KvmVcpu& vcpu() const { return *vcpu_; }
  const ExitLedger& ledger() const { return ledger_; }
  bool started() const { return thread_.joinable(); }
  // The register of the access a device is too busy for; nothing if there is none. While the thread
  // is parked.
  std::optional<ExitKey> busy_with() const { return busy_with_; }
  // Whether it waits in a HLT that KVM knows nothing of. While the thread is parked.
  bool is_halted() const { return is_halted_; }
  // Processor time of the thread, its guest's included; nothing while it has not started or when it
  // has ended. Any thread.
  std::optional<std::chrono::nanoseconds> cpu_time() const;

 private:
  void loop();
  // Handles a pause; false when the loop must end.
  bool may_run();
  // A device was busy: up to 1 ms, less when a request comes.
  void wait_a_moment();
  // Before each entry of the guest, and after it, where there is an INTR to look at.
  void offer_interrupt();
  VcpuExit run_with_external_interrupts();
  // False if a request, not an interrupt, ended the wait.
  bool wait_in_halt();
  // INTR has risen.
  void on_external_interrupt();

  // Where the vCPU's thread is, for whoever raises INTR.
  enum class Place : std::uint8_t { outside, guest, halt };

  const std::unique_ptr<KvmVcpu> vcpu_;
  ExternalInterrupt* const external_;  // null: the kernel's own business
  CoalescedWrites* const coalesced_;   // null: KVM collects none
  ExitLedger ledger_;
  ExitDispatcher dispatcher_;
  const EndHandler on_end_;

  std::atomic<Request> request_{Request::run};
  std::atomic<Place> place_{Place::outside};
  std::atomic<bool> halt_ended_{false};  // by end_halt(), since the last entry of the guest
  bool is_halted_ = false;               // the vCPU's thread; parking publishes it
  std::optional<ExitKey> busy_with_;     // the vCPU's thread; parking publishes it
  mutable Mutex mutex_;
  ConditionVariable changed_;
  bool parked_ SKIFF_GUARDED_BY(mutex_) = true;    // paused, finished, or not started
  bool looping_ SKIFF_GUARDED_BY(mutex_) = false;  // the thread is in loop(), and may be kicked
  pthread_t handle_ SKIFF_GUARDED_BY(mutex_){};    // valid while looping_
  std::thread thread_;
};

}  // namespace skiff
