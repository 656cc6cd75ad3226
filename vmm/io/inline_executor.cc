#include "vmm/io/inline_executor.h"

#include <utility>

namespace skiff {

// Waits for a turn under way. Not from inside one.
void InlineExecutor::Turn::take(const std::function<void()>& work) {
  MutexLock lock(mutex_);
  owner_.store(std::this_thread::get_id());
  work();
  owner_.store({});
}

// Of a timer or watch: the base may call while its owner, in another thread's turn, destroys it.
struct InlineExecutor::Callback {
  std::shared_ptr<Turn> turn;
  std::function<void()> call;
  bool has_ended = false;  // looked at and set within a turn

  // For the base, whose object may live a little longer than the one here.
  static std::function<void()> in_turn(std::shared_ptr<Callback> callback) {
    return [callback = std::move(callback)] {
      callback->turn->take([&callback] {
        if (!callback->has_ended) callback->call();
      });
    };
  }
  // What the base made ends on the base's thread.
  template <typename Object>
  static void end(Executor& base, std::unique_ptr<Object> object) {
    // std::function wants what can be copied.
    base.post([object = std::shared_ptr<Object>(std::move(object))] {});
  }
};

class InlineExecutor::OwnTimer final : public Timer {
 public:
  OwnTimer(Executor& base, std::shared_ptr<Callback> callback)
      : base_(base),
        callback_(std::move(callback)),
        timer_(base.create_timer(Callback::in_turn(callback_))) {}
  ~OwnTimer() override {
    callback_->has_ended = true;
    Callback::end(base_, std::move(timer_));
  }
  OwnTimer(const OwnTimer&) = delete;
  OwnTimer& operator=(const OwnTimer&) = delete;

  void arm(Clock::Nanoseconds deadline) noexcept override { timer_->arm(deadline); }
  void cancel() noexcept override { timer_->cancel(); }

 private:
  Executor& base_;
  const std::shared_ptr<Callback> callback_;
  std::unique_ptr<Timer> timer_;
};

class InlineExecutor::OwnWatch final : public Watch {
 public:
  OwnWatch(Executor& base, std::shared_ptr<Callback> callback, std::unique_ptr<Watch> watch)
      : base_(base), callback_(std::move(callback)), watch_(std::move(watch)) {}
  ~OwnWatch() override {
    callback_->has_ended = true;
    Callback::end(base_, std::move(watch_));
  }
  OwnWatch(const OwnWatch&) = delete;
  OwnWatch& operator=(const OwnWatch&) = delete;

 private:
  Executor& base_;
  const std::shared_ptr<Callback> callback_;
  std::unique_ptr<Watch> watch_;
};

std::unique_ptr<Timer> InlineExecutor::create_timer(std::function<void()> on_expiry) {
  return std::make_unique<OwnTimer>(
      base_, std::make_shared<Callback>(Callback{turn_, std::move(on_expiry)}));
}

void InlineExecutor::post(std::function<void()> work) {
  if (!runs_here()) return turn_->take(work);
  base_.post([turn = turn_, work = std::move(work)] { turn->take(work); });
}

std::unique_ptr<Watch> InlineExecutor::watch(int fd, Readiness readiness,
                                             std::function<void()> on_ready) {
  auto callback = std::make_shared<Callback>(Callback{turn_, std::move(on_ready)});
  auto watch = base_.watch(fd, readiness, Callback::in_turn(callback));
  if (watch == nullptr) return nullptr;
  return std::make_unique<OwnWatch>(base_, std::move(callback), std::move(watch));
}

}  // namespace skiff
