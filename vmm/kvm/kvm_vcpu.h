// One virtual CPU: the KVM_RUN loop's single step, and the kick that ends it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vmm/base/fd.h"
#include "vmm/kvm/vcpu_exit.h"

struct kvm_run;

namespace skiff {

// Thread rule: created by the set-up thread, then every method but set_immediate_exit belongs to
// the vCPU's own thread (KVM binds a vCPU to the thread that runs it).
class KvmVcpu {
 public:
  // Takes the descriptor KVM_CREATE_VCPU gave and maps its kvm_run area. Throws HostError.
  KvmVcpu(std::uint32_t id, Fd fd, std::size_t mmap_size);
  ~KvmVcpu();
  KvmVcpu(const KvmVcpu&) = delete;
  KvmVcpu& operator=(const KvmVcpu&) = delete;

  std::uint32_t id() const { return id_; }
  int fd() const { return fd_.get(); }

  // Enters the guest until it needs Skiff. Spans in the answer are valid until the next call.
  VcpuExit run() noexcept;

  // While set, run() comes back at once as Interrupted, after completing the access of the exit
  // before. A kick sets it and THEN sends the signal, so that a signal that arrives just before
  // KVM_RUN is not lost. Any thread.
  void set_immediate_exit(bool on) noexcept;

  // The page `page` of the mapping (KvmSystem::coalesced_page), where KVM collects writes of the
  // whole VM; empty where there is none. Lives as long as this vCPU.
  std::span<std::byte> coalesced_page(std::uint32_t page) const noexcept;

  // For an 8259 that lives in Skiff (api.rst 4.16 KVM_INTERRUPT, and section 5). As of the last
  // exit: the guest takes an external interrupt at once; its IF flag is set.
  bool takes_interrupt() const noexcept;
  bool has_interrupts_on() const noexcept;
  // Whether run() comes back as InterruptWindow as soon as it would.
  void set_interrupt_window(bool wanted) noexcept;
  // Only when takes_interrupt(), and once before the next run(). False if KVM refuses.
  bool inject_interrupt(std::uint8_t vector) noexcept;

 private:
  const std::uint32_t id_;
  Fd fd_;
  const std::size_t mmap_size_;
  kvm_run* run_ = nullptr;
};

}  // namespace skiff
