// Several interrupt wires on one pin of the controller (INTA# to INTD# of many functions), as a
// wired OR: the pin is up while at least one input is (PCI 3.0, 2.2.6).
//
// Thread rule: add_input before the machine starts; the inputs from any thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class SharedIrqPin {
 public:
  // `sink` may be null: a pin that leads nowhere. It must outlive this object.
  explicit SharedIrqPin(IrqSink* sink);
  ~SharedIrqPin();
  SharedIrqPin(const SharedIrqPin&) = delete;
  SharedIrqPin& operator=(const SharedIrqPin&) = delete;

  // A new input; it lives as long as this object.
  IrqSink& add_input();

 private:
  class Input;

  void input_changed(bool& level, bool asserted) noexcept;
  void set_eoi_handler(Input& input, std::function<void()> handler);
  void on_eoi();

  IrqSink* const sink_;
  Mutex mutex_;  // held while the sink is driven, so that the last change is the last one driven
  unsigned asserted_ SKIFF_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Input>> inputs_;
};

}  // namespace skiff
