// The base of a test's executor for devices that want timers and nothing else.
#pragma once

#include <cstdlib>
#include <functional>
#include <memory>

#include "vmm/io/executor.h"

namespace skiff {

class TimerOnlyExecutor : public Executor {
 public:
  void post(std::function<void()> /*work*/) override { std::abort(); }
  std::unique_ptr<Watch> watch(int /*fd*/, Readiness /*readiness*/,
                               std::function<void()> /*on_ready*/) override {
    std::abort();
  }
  bool runs_here() const noexcept override { return false; }
};

}  // namespace skiff
