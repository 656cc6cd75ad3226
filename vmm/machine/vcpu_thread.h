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

  VcpuThread(std::unique_ptr<KvmVcpu> vcpu, IoBus& ports, IoBus& mmio, EndHandler on_end);
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

  KvmVcpu& vcpu() { return *vcpu_; }
  const KvmVcpu& vcpu() const { return *vcpu_; }
  const ExitLedger& ledger() const { return ledger_; }
  bool started() const { return thread_.joinable(); }
  // The register of the access a device is too busy for; nothing if there is none. While the thread
  // is parked.
  std::optional<ExitKey> busy_with() const { return busy_with_; }
  // Processor time of the thread, its guest's included; nothing while it has not started or when it
  // has ended. Any thread.
  std::optional<std::chrono::nanoseconds> cpu_time() const;

 private:
  void loop();
  // Handles a pause; false when the loop must end.
  bool may_run();
  // A device was busy: up to 1 ms, less when a request comes.
  void wait_a_moment();

  const std::unique_ptr<KvmVcpu> vcpu_;
  ExitLedger ledger_;
  ExitDispatcher dispatcher_;
  const EndHandler on_end_;

  std::atomic<Request> request_{Request::run};
  std::optional<ExitKey> busy_with_;  // the vCPU's thread; parking publishes it
  mutable Mutex mutex_;
  ConditionVariable changed_;
  bool parked_ SKIFF_GUARDED_BY(mutex_) = true;    // paused, finished, or not started
  bool looping_ SKIFF_GUARDED_BY(mutex_) = false;  // the thread is in loop(), and may be kicked
  pthread_t handle_ SKIFF_GUARDED_BY(mutex_){};    // valid while looping_
  std::thread thread_;
};

}  // namespace skiff
