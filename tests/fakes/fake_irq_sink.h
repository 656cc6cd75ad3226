// A pin that remembers what was done to it.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "vmm/io/irq_line.h"

namespace skiff {

class FakeIrqSink final : public IrqSink {
 public:
  void set_level(bool asserted) noexcept override {
    level = asserted;
    if (asserted) ++edges;
    history.push_back(asserted);
  }
  void set_eoi_handler(std::function<void()> handler) override { eoi_handler = std::move(handler); }

  bool level = false;
  int edges = 0;  // rising ones
  std::vector<bool> history;
  std::function<void()> eoi_handler;
};

}  // namespace skiff
