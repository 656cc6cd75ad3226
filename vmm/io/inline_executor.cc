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
};

// A Timer or Watch of the base, held for as long as the one here lives.
template <typename Interface>
class InlineExecutor::Held : public Interface {
 public:
  Held(Executor& base, std::shared_ptr<Callback> callback, std::unique_ptr<Interface> object)
      : base_(base), callback_(std::move(callback)), object_(std::move(object)) {}
  ~Held() override {
    callback_->has_ended = true;
    // What the base made ends on the base's thread. std::function wants what can be copied.
    base_.post([object = std::shared_ptr<Interface>(std::move(object_))] {});
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 protected:
  Interface& object() const noexcept { return *object_; }

 private:
  Executor& base_;
  const std::shared_ptr<Callback> callback_;
  std::unique_ptr<Interface> object_;
};

class InlineExecutor::HeldTimer final : public Held<Timer> {
 public:
  using Held::Held;

  void arm(Clock::Nanoseconds deadline) noexcept override { object().arm(deadline); }
  void cancel() noexcept override { object().cancel(); }
};

std::unique_ptr<Timer> InlineExecutor::create_timer(std::function<void()> on_expiry) {
  auto callback = std::make_shared<Callback>(Callback{turn_, std::move(on_expiry)});
  auto timer = base_.create_timer(Callback::in_turn(callback));
  return std::make_unique<HeldTimer>(base_, std::move(callback), std::move(timer));
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
  return std::make_unique<Held<Watch>>(base_, std::move(callback), std::move(watch));
}

}  // namespace skiff
