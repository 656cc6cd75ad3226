// A virtual machine monitor as a child: its serial console on our pipes, its words of complaint
// kept, and never left behind.
//
// The child is the leader of a process group of its own, so that Ctrl-C at the terminal is ours to
// pass on; and it is killed by the kernel should we die first.
//
// Thread rule: one thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vmm/base/fd.h"

namespace skiff::bench {

struct ChildSetup {
  std::vector<std::pair<std::string, std::string>> environment{};  // variables set beside ours
  int kept_fd = -1;                                                // a descriptor it inherits
  std::vector<int> cpus{};  // where its threads start; none: anywhere
  // Its stdin and stdout are a terminal that passes every byte as it is, and not pipes.
  bool has_terminal = false;
  // It lives in the network namespace of this process (and in its user namespace); 0: in ours.
  pid_t network_of = 0;
};

class ChildProcess {
 public:
  // `program` is looked for in PATH where it has no '/'. Throws HostError.
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
               const ChildSetup& setup);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  int out() const { return out_.get(); }
  int err() const { return err_.get(); }
  // What there is on stdout; empty at its end (`ended`) or if there is nothing now.
  std::string read_out(bool& ended);
  // Takes what is on stderr; the last of it is kept. False at its end.
  bool read_err();
  const std::string& complaints() const { return complaints_; }
  int in() const { return in_.get(); }
  // To stdin, without waiting; how many were taken.
  std::size_t send(std::string_view bytes);

  // Its wait status; nothing where it lives on for longer than `patience`.
  std::optional<int> wait(std::chrono::milliseconds patience);
  // SIGTERM to its group, then SIGKILL.
  void end();

 private:
  static constexpr std::size_t kMostComplaints = 2048;

  pid_t pid_ = -1;
  bool is_reaped_ = false;
  int status_ = 0;
  Fd in_;
  Fd out_;
  Fd err_;
  std::string complaints_;
};

}  // namespace skiff::bench
