// What the console of a machine's session is to RunSession: on stdin and stdout (StdioConsole), or
// for whoever attaches (ConsoleSwitch). The thread rules are those of the two.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "vmm/io/byte_channel.h"

namespace skiff {

class ConsoleFront {
 public:
  virtual ~ConsoleFront() = default;

  // Asked again and again, with how long nobody has taken anything; true: no more waiting.
  using GiveUp = std::function<bool(std::chrono::steady_clock::duration)>;
  // When no vCPU runs any more: sends on what is left, waiting for slow readers. False if something
  // could not be delivered.
  virtual bool drain(const GiveUp& give_up) = 0;

  // To the person at a terminal, if there is one; not part of the guest's output.
  virtual void tell(const std::string& text) = 0;
  // That person's terminal is Skiff's own, so that there is one who sees it.
  virtual bool interactive() const = 0;
  // The terminal as its shell knows it; raw again.
  virtual void suspend_terminal() = 0;
  virtual void resume_terminal() = 0;
  // After SIGWINCH; after SIGCONT.
  virtual void update_window_size() = 0;
  virtual void resume_input() = 0;
};

}  // namespace skiff
