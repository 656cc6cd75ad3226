// An executor whose work is done by whoever posts it: a vCPU that notifies a device carries the
// device's work out itself, instead of handing it to an I/O thread. What waits (timers, watches,
// work that is left for later) stays with a base executor's thread. One thread at a time has the
// turn; "the executor's thread" in the rules of what runs here means the one that has it.
//
//   vCPU:      post(work)              takes the turn, works, gives it back, returns
//   in a turn: post(work)              the base's thread takes a turn for it, later
//   base:      timer or watch is due   takes the turn, calls back
//
// A caller from outside waits for a turn under way, so whoever uses this keeps its turns short. It
// holds no lock that a turn takes.
//
// Thread rule: as Executor, and create_timer and watch within a turn. Timers and watches may end in
// any thread's turn. Destroyed when all of them are; work that was left to the base may still come
// to its turn after that, and must know by itself that its owner is gone.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "vmm/base/mutex.h"
#include "vmm/io/executor.h"

namespace skiff {

class InlineExecutor final : public Executor {
 public:
  // `base` outlives this object.
  explicit InlineExecutor(Executor& base) : base_(base), turn_(std::make_shared<Turn>()) {}

  std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) override;
  // Called from outside a turn, `work` has been run when this returns.
  void post(std::function<void()> work) override;
  std::unique_ptr<Watch> watch(int fd, Readiness readiness,
                               std::function<void()> on_ready) override;
  bool runs_here() const noexcept override { return turn_->is_mine(); }
  bool has_one_thread() const noexcept override { return false; }

 private:
  class Turn {
   public:
    void take(const std::function<void()>& work);
    bool is_mine() const noexcept { return owner_.load() == std::this_thread::get_id(); }

   private:
    Mutex mutex_;
    std::atomic<std::thread::id> owner_;
  };
  struct Callback;
  template <typename Interface>
  class Held;
  class HeldTimer;

  Executor& base_;
  const std::shared_ptr<Turn> turn_;
};

}  // namespace skiff
