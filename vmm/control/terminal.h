// The person's terminal: raw while the guest has it, restored on every way out.
//
// Ways out and who restores: a normal end and an exception: the destructor. Stop and continue
// (SIGTSTP, SIGCONT): suspend() and resume(). A crash (SIGSEGV, SIGABRT, ...): a handler that calls
// tcsetattr, which is async-signal-safe, then lets the signal do its work. SIGKILL, which no
// handler sees: a small child process that waits for Skiff's end on a pipe and restores what it
// was last told is raw.
//
// None of them touches the terminal while Skiff is not in its foreground: it belongs to the shell
// then, or to another job.
//
// Thread rule: main thread.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <string>
#include <string_view>

#include "vmm/base/fd.h"

namespace skiff {

// With CR LF for LF, as a raw terminal needs.
std::string with_returns(std::string_view text);

class Terminal {
 public:
  // Takes the terminal on `fd` raw, if it is one and this process is in its foreground. Call before
  // other threads exist (it forks the watcher).
  explicit Terminal(int fd);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool is_terminal() const { return is_terminal_; }
  bool raw() const { return raw_; }
  // False: reading it or changing it would stop this process (SIGTTIN, SIGTTOU).
  bool in_foreground() const;
  // Back to what it was; raw again (unless Skiff is in the background now). resume() looks at the
  // terminal, since nobody hears of a SIGSTOP: a shell may have changed it meanwhile.
  void suspend();
  void resume();

 private:
  void start_watcher();
  void tell_watcher() const;

  const int fd_;
  const bool is_terminal_;
  bool raw_ = false;
  termios saved_{};
  pid_t watcher_ = -1;
  Fd watcher_pipe_;  // each change of raw_ and saved_ goes in; its end is Skiff's end
};

}  // namespace skiff
