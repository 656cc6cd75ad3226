// The small language in which a lab case says what should happen on a guest's console.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skiff::lab {

enum class StepKind {
  expect,  // wait until the text appears after what was matched before
  send,    // write the text to the program's standard input
  signal,  // send the signal of this name (TERM, INT, ...) to the program
  close,   // close the program's standard input
  sleep,   // wait this many seconds
  exit,    // wait until the program ends, with this status
  reject,  // from here on, this text must not appear
};

struct Step {
  StepKind kind;
  std::string text;  // escapes resolved: \n \r \t \\ \xHH
  int line;          // in the script, from 1
};

// One step a line: the kind, a blank, the text to the end of the line. Empty lines and lines that
// begin with # are skipped. Throws std::runtime_error with the line's number on anything else.
std::vector<Step> parse_console_script(std::string_view script);

}  // namespace skiff::lab
