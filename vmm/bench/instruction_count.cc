#include "vmm/bench/instruction_count.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <unordered_map>

#include "vmm/bench/stepped_registers.h"

namespace skiff::bench {
namespace {

using std::chrono::steady_clock;

// _IO(KVMIO, 0x80) of <linux/kvm.h>.
constexpr std::uint64_t kKvmRun = 0xae80;
// A guest that sleeps does not come back.
constexpr auto kPatience = std::chrono::milliseconds(500);
// So much is no exit's handling.
constexpr std::uint64_t kMost = 1'000'000;

class SteppedThread {
 public:
  explicit SteppedThread(pid_t thread) : thread_(thread) {
    is_seized_ = ::ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) == 0;
    if (is_seized_) is_stopped_ = interrupt();
  }
  ~SteppedThread() {
    if (!is_seized_) return;
    if (!is_stopped_) is_stopped_ = interrupt();
    if (is_stopped_) ::ptrace(PTRACE_DETACH, thread_, nullptr, signal_);
  }
  SteppedThread(const SteppedThread&) = delete;
  SteppedThread& operator=(const SteppedThread&) = delete;

  bool is_stopped() const { return is_stopped_; }

  // One instruction, and whatever the kernel does in it. False where it does not come back.
  bool step() {
    if (::ptrace(PTRACE_SINGLESTEP, thread_, nullptr, signal_) != 0) return is_stopped_ = false;
    return is_stopped_ = wait();
  }
  std::optional<SteppedRegisters> registers() const { return read_stepped_registers(thread_); }
  // Program text does not change.
  bool is_call(std::uint64_t pc) {
    const auto [known, is_new] = calls_.try_emplace(pc, false);
    if (is_new) {
      errno = 0;
      const long text = ::ptrace(PTRACE_PEEKTEXT, thread_, pc, nullptr);
      known->second = errno == 0 && enters_kernel(static_cast<std::uint64_t>(text));
    }
    return known->second;
  }

 private:
  bool interrupt() { return ::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) == 0 && wait(); }

  bool wait() {
    const auto deadline = steady_clock::now() + kPatience;
    int status = 0;
    for (unsigned tries = 0;; ++tries) {
      const pid_t got = ::waitpid(thread_, &status, __WALL | WNOHANG);
      if (got == thread_) break;
      if (got < 0 || steady_clock::now() >= deadline) return false;
      if (tries > 1000) std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    if (!WIFSTOPPED(status)) return is_seized_ = false;
    // A signal of its own (a kick) is passed on with the next step; a trap is ours.
    const bool is_event = status >> 16 != 0;
    signal_ = is_event || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    return true;
  }

  const pid_t thread_;
  bool is_seized_ = false;
  bool is_stopped_ = false;
  long signal_ = 0;
  std::unordered_map<std::uint64_t, bool> calls_;
};

}  // namespace

std::vector<std::uint64_t> count_instructions(pid_t thread, std::size_t exits) {
  std::vector<std::uint64_t> counts;
  SteppedThread stepped(thread);
  bool is_whole = false;  // counted from KVM_RUN's return on
  std::uint64_t count = 0;
  std::uint64_t last = 0;
  while (stepped.is_stopped() && counts.size() < exits && count < kMost) {
    const auto now = stepped.registers();
    if (!now) break;
    if (now->pc != last) ++count;
    last = now->pc;
    const bool enters_guest =
        now->calls_ioctl && now->request == kKvmRun && stepped.is_call(now->pc);
    if (enters_guest) {
      if (is_whole) counts.push_back(count);
      is_whole = true;
      count = 0;
      last = 0;
    }
    if (!stepped.step()) break;
  }
  return counts;
}

}  // namespace skiff::bench
