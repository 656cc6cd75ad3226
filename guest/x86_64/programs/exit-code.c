// exit-code: ends with the status of the command line's status= (0 to 255; default 42).

#include "guest/lib/text.h"
#include "guest/machine/program.h"

int program_main(const char* command_line) {
  return (int)text_number(command_line, "status", 42);
}
