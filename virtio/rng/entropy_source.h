// Random bytes of the host, without ever waiting for them.
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "vmm/base/fd.h"

namespace skiff {

class EntropySource {
 public:
  // `path` empty: getrandom(2). Throws HostError if the file cannot be opened.
  explicit EntropySource(const std::string& path);

  // Fills the front of `out` and says how much of it; 0: nothing just now. A file that ends or
  // fails is logged, closed, and replaced by getrandom.
  std::size_t read(std::span<std::byte> out);
  // Reads the file still (or never had one to lose).
  bool is_healthy() const { return path_.empty() || file_; }

 private:
  const std::string path_;
  Fd file_;  // empty: getrandom
};

}  // namespace skiff
