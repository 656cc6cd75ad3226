// The line that says how far `skiff bench` is, on a terminal; nothing where stderr is none.
// Thread rule: one thread.
#pragma once

#include "vmm/bench/bench_run.h"

namespace skiff {

class BenchProgressLine {
 public:
  BenchProgressLine();
  ~BenchProgressLine() { clear(); }
  BenchProgressLine(const BenchProgressLine&) = delete;
  BenchProgressLine& operator=(const BenchProgressLine&) = delete;

  void show(const bench::BenchProgress& progress);
  void clear();

 private:
  bool is_terminal_ = false;
  bool is_shown_ = false;
};

// "[ 34/120] run 3/10, 1:05 left: disk/virtio-pci/memory/read-4096-d1". At most `width` characters.
std::string progress_text(const bench::BenchProgress& progress, std::size_t width);

}  // namespace skiff
