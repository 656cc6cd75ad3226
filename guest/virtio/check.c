#include "guest/virtio/check.h"

#include "guest/lib/print.h"

static const char* name = "";
static unsigned failures;

void check_begin(const char* program) {
  name = program;
}

void check_line(void) {
  print(name);
  print(": ");
}

int check(const char* what, int holds) {
  check_line();
  print(holds ? "ok " : "FAIL ");
  print(what);
  print("\n");
  failures += !holds;
  return holds;
}

void check_fail(const char* what, const char* detail, unsigned long number) {
  check_line();
  print("FAIL ");
  print(what);
  print(": ");
  print(detail);
  print_number(" ", number, "\n");
  ++failures;
}

int check_status(void) {
  return failures != 0;
}
