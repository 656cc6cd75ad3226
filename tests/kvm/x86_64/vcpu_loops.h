// Guests that never end, a device that counts them, and the threads that run them.
#pragma once

#include <atomic>

#include "tests/kvm/x86_64/guest.h"
#include "vmm/io/io_bus.h"
#include "vmm/machine/vcpu_thread.h"

namespace skiff {

// Port 0x80: counts, and is busy as long as it is told to.
class CountingDevice final : public IoDevice {
 public:
  std::string_view name() const override { return "counter"; }
  IoStatus read(IoAccess, std::uint64_t& value) override {
    value = count;
    return IoStatus::ok;
  }
  IoStatus write(IoAccess, std::uint64_t) override {
    if (busy) {
      ++refused;
      return IoStatus::busy;
    }
    ++count;
    return IoStatus::ok;
  }

  std::atomic<std::uint64_t> count{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<bool> busy{false};
};

class VcpuThreadTest : public GuestTest {
 protected:
  using Request = VcpuThread::Request;

  void SetUp() override {
    GuestTest::SetUp();
    if (IsSkipped()) return;
    VcpuThread::install_kick_signal();
    ASSERT_TRUE(ports_.add({0x80, 1}, counter_));
  }
  std::unique_ptr<VcpuThread> thread(std::span<const std::byte> code, std::uint32_t id = 0) {
    return std::make_unique<VcpuThread>(vcpu(code, id, kCode + id * 0x100), ports_, mmio_,
                                        [this](VcpuThread&, const VcpuExit& exit) {
                                          last_reason_ = static_cast<ExitReason>(exit.index());
                                          ++ends_;
                                        });
  }
  // The number a guest counts up at kResults.
  std::uint64_t spins() const {
    auto* const word =
        reinterpret_cast<std::uint64_t*>(memory_->slice(GuestAddress(kResults), 8)->data());
    return std::atomic_ref(*word).load(std::memory_order_relaxed);
  }
  template <typename Condition>
  static void wait_until(Condition condition) {
    while (!condition())
      std::this_thread::yield();
  }

  CountingDevice counter_;
  IoBus ports_{"port", {0, 0x1'0000}};
  IoBus mmio_{"MMIO", {0, 1ULL << 52}};
  std::atomic<int> ends_{0};
  std::atomic<ExitReason> last_reason_{ExitReason::interrupted};
};

}  // namespace skiff
