#include "devices/pci/shared_irq_pin.h"

#include <utility>

namespace skiff {

class SharedIrqPin::Input final : public IrqSink {
 public:
  explicit Input(SharedIrqPin& pin) : pin_(pin) {}
  void set_level(bool asserted) noexcept override { pin_.input_changed(level, asserted); }
  void set_eoi_handler(std::function<void()> handler) override {
    pin_.set_eoi_handler(*this, std::move(handler));
  }

  bool level = false;                          // guarded by the pin's mutex
  std::shared_ptr<std::function<void()>> eoi;  // guarded by the pin's mutex

 private:
  SharedIrqPin& pin_;
};

SharedIrqPin::SharedIrqPin(IrqSink* sink) : sink_(sink) {}

SharedIrqPin::~SharedIrqPin() {
  if (sink_ != nullptr) sink_->set_eoi_handler({});
}

IrqSink& SharedIrqPin::add_input() {
  inputs_.push_back(std::make_unique<Input>(*this));
  return *inputs_.back();
}

void SharedIrqPin::input_changed(bool& level, bool asserted) noexcept {
  MutexLock lock(mutex_);
  if (level == asserted) return;
  level = asserted;
  const unsigned before = asserted_;
  asserted_ = asserted ? before + 1 : before - 1;
  const bool changed = (before == 0) != (asserted_ == 0);
  if (changed && sink_ != nullptr) sink_->set_level(asserted);
}

void SharedIrqPin::set_eoi_handler(Input& input, std::function<void()> handler) {
  bool wanted = false;
  {
    MutexLock lock(mutex_);
    input.eoi = handler ? std::make_shared<std::function<void()>>(std::move(handler)) : nullptr;
    for (const auto& each : inputs_)
      wanted = wanted || each->eoi != nullptr;
  }
  if (sink_ == nullptr) return;
  // Asking for EOIs may cost the controller something: only when somebody listens.
  if (wanted) {
    sink_->set_eoi_handler([this] { on_eoi(); });
  } else {
    sink_->set_eoi_handler({});
  }
}

void SharedIrqPin::on_eoi() {
  // The pin cannot tell whose interrupt it was, so all sharers are told.
  for (const auto& input : inputs_) {
    std::shared_ptr<std::function<void()>> handler;
    {
      MutexLock lock(mutex_);
      handler = input->eoi;
    }
    if (handler) (*handler)();
  }
}

}  // namespace skiff
