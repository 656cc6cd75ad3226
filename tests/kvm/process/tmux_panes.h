// Panes of a tmux server of the test's own, each with a shell in it: a person's terminal, typed
// into and looked at. Thread rule: one thread.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/kvm/process/skiff_process.h"

namespace skiff::test {

// `command` says its version, as "tmux -V" does.
bool is_program_there(const std::string& command);

class TmuxPanes {
 public:
  // One pane, `%0`, of 80 columns and 24 rows.
  explicit TmuxPanes(const TemporaryFolder& folder);
  ~TmuxPanes();
  TmuxPanes(const TmuxPanes&) = delete;
  TmuxPanes& operator=(const TmuxPanes&) = delete;

  // Whether the shell of the first pane is there.
  bool is_up() const { return up_; }

  // A pane in a window of its own; its name.
  std::string add_pane();
  void resize(const std::string& pane, int columns, int rows) const;
  // As they are; then Enter, for `run`. `key`: by tmux's name of it.
  void type(const std::string& pane, std::string_view text) const;
  void run(const std::string& pane, std::string_view command) const;
  void key(const std::string& pane, const std::string& name) const;
  // Empties the screen; the shell must be waiting for a command.
  void clear(const std::string& pane) const;

  std::string screen(const std::string& pane) const;
  // True once the screen contains `text`.
  bool shows(const std::string& pane, std::string_view text) const;
  bool is_on_alternate_screen(const std::string& pane) const;
  // Raw: no signals from keys, nothing made of output. (A shell that edits a line has both.)
  bool is_raw(const std::string& pane) const;
  // What the shell of the pane has started; 0: nothing.
  pid_t job(const std::string& pane) const;
  // True when `done` came to be.
  static bool until(const std::function<bool()>& done);

 private:
  std::string ask(const std::string& pane, const std::string& format) const;
  std::string tmux(const std::vector<std::string>& words) const;

  std::string socket_;
  bool up_ = false;
};

}  // namespace skiff::test
