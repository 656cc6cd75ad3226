// flood: sends kb= KiB (default 64) of a known text to the first serial port as fast as it says it
// can: lines of 64 bytes, each its number in eight hexadecimal digits, a blank, 54 letters that
// start one further in the alphabet from line to line, and a newline. Then "flood: N bytes". In
// bursts, by string instructions where there are any, or with "single" byte by byte.

#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/machine/console.h"
#include "guest/machine/program.h"

enum { kLine = 64, kLetters = 54 };

int program_main(const char* command_line) {
  const unsigned long lines = text_number(command_line, "kb", 64) * 1024 / kLine;
  const int single = text_has_word(command_line, "single");
  // Every line's letters are a window of this; so a line costs few instructions where they are
  // interpreted.
  char letters[26 + kLetters];
  for (unsigned i = 0; i < sizeof letters; ++i) {
    letters[i] = (char)('a' + i % 26);
  }
  char line[kLine];
  line[8] = ' ';
  line[kLine - 1] = '\n';
  unsigned first = 0;
  for (unsigned long number = 0; number < lines; ++number) {
    for (unsigned i = 0; i < 8; ++i) {
      line[i] = "0123456789abcdef"[number >> (28 - 4 * i) & 0xf];
    }
    memcpy(line + 9, letters + first, kLetters);
    first = first == 25 ? 0 : first + 1;
    if (single) {
      for (unsigned i = 0; i < kLine; ++i) {
        print_char(line[i]);
      }
    } else {
      console_send_bursts(line, kLine);
    }
  }
  print_number("flood: ", lines * kLine, " bytes\n");
  return 0;
}
