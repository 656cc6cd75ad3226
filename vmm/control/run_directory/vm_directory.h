// A named VM's run directory, as everybody but the VM itself sees it.
// Thread rule: any thread, one at a time.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/fd.h"
#include "vmm/control/run_directory/run_base.h"

namespace skiff {

enum class VmLife {
  live,
  ended,    // and said how
  crashed,  // its process has gone without a word: SIGKILL, a crash, the host's end
};

class VmDirectory {
 public:
  // Nothing where there is none of this name.
  static std::optional<VmDirectory> find(const RunBase& base, const std::string& name);

  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }
  VmLife life() const;
  // Until the VM's process has ended; false if it has not within `seconds`.
  bool wait_for_end_of_process(int seconds) const;
  // At most 64 KiB of a file.
  std::optional<std::string> read(const char* file_name) const;
  // Not open, with errno, where it is not there.
  Fd open(const char* file_name) const;
  // Whether `fd` is still the file of that name.
  bool is_still(int fd, const char* file_name) const;
  // A connected stream; the errno where there is none, EAGAIN where a VM that does not answer has
  // more callers than wait (with `may_wait` after 5 s, else at once and the stream is
  // non-blocking).
  std::expected<Fd, int> connect(const char* socket_name, bool may_wait = true) const;
  // With everything in it. False: it lives.
  bool remove(const RunBase& base);

 private:
  VmDirectory() = default;

  std::string name_;
  std::string path_;
  Fd directory_;
};

// Of every VM that has a directory, by name.
std::vector<std::string> vm_names(const RunBase& base);

}  // namespace skiff
