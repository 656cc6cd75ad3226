// The run directory of a named VM, as the VM's own process has it (run_files.h lists what is in
// it).
//
//   absent --claim()--> live --end()--> ended      stays, so that others can ask how it went
//             ^          |  \_discard()-> absent   it never ran
//             |          | SIGKILL, a crash
//             |          v
//             +------- crashed                     lock free, no status.json
//   claim() takes an ended or crashed one over; `skiff rm` removes it.
//
// Thread rule: main thread.
#pragma once

#include <string>
#include <string_view>

#include "vmm/base/fd.h"
#include "vmm/control/run_directory/run_base.h"

namespace skiff {

class RunDirectory {
 public:
  // Throws ConfigError where `name` cannot be one, HostError where a VM has it or the host refuses.
  explicit RunDirectory(const std::string& name);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }
  int fd() const { return directory_.get(); }
  std::string file(std::string_view file_name) const;

  // A listening socket of this name, non-blocking, for this user alone. Throws HostError.
  Fd listen(const char* socket_name) const;
  // The VM has ended: nobody is to connect any more, and status.json tells the rest. The name is
  // free when the process has ended. False where the file could not be written.
  bool end(std::string_view status_json);
  // There was no VM: everything goes. Also what the destructor does without an end().
  void discard();

 private:
  const std::string name_;
  RunBase base_;
  std::string path_;
  Fd directory_;
  Fd lock_;
  bool kept_ = false;
};

}  // namespace skiff
