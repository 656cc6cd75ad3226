// A log file of bounded size: when it is full it becomes NAME.1, NAME.1 becomes NAME.2 and so on,
// and a new one is begun. The oldest is removed.
//
// Nothing a disk does reaches the caller: a write error is logged once, and from then on what would
// be written is discarded.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vmm/base/fd.h"

namespace skiff {

struct RotatingFileOptions {
  std::string path;
  std::uint64_t max_size = 16 * 1024 * 1024;  // [bytes]; 0: no limit
  std::uint32_t keep = 3;                     // old files besides
};

class RotatingFile {
 public:
  // Opens for appending, created with mode 0600. Throws HostError.
  explicit RotatingFile(RotatingFileOptions options);

  // `more` bytes would fill it.
  bool is_full(std::uint64_t more) const;
  // Rotates afterwards if it is full and `may_end` here, or far too full.
  void write(std::string_view text, bool may_end);
  bool failed() const { return failed_; }

 private:
  void rotate();
  void fail(std::string_view what, int error);

  const RotatingFileOptions options_;
  Fd file_;
  std::uint64_t size_ = 0;
  bool failed_ = false;
};

}  // namespace skiff
