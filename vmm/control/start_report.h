// `skiff run --detach`: the process that was started waits until the one it leaves behind says that
// the guest runs, or why not.
//
//   skiff run -d ----fork----> child: session of its own, stdio on /dev/null
//     waits <---pipe---------- StartReport::running() or failed()
//     prints, exits              the VM goes on
//
// Thread rule: main thread, before any other exists.
#pragma once

#include <string_view>
#include <variant>

#include "vmm/base/fd.h"

namespace skiff {

class StartReport {
 public:
  explicit StartReport(Fd pipe) : pipe_(std::move(pipe)) {}
  // Once, the first of them; what comes after it is not heard.
  void running() { send(0, {}); }
  // `status`: the exit status for the process that waits; `why`: what it prints.
  void failed(int status, std::string_view why) { send(status, why); }

 private:
  void send(int status, std::string_view text);

  Fd pipe_;
};

// In the child: its report. In the parent, when that has come: the exit status; what the child had
// to say is on stderr. Throws HostError if there can be no child.
std::variant<int, StartReport> detach();

}  // namespace skiff
