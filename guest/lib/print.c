#include "guest/lib/print.h"

void print(const char* text) {
  while (*text) {
    print_char(*text++);
  }
}

static void print_in_base(unsigned long number, unsigned base, unsigned width) {
  char reversed[32];
  unsigned length = 0;
  do {
    reversed[length++] = "0123456789abcdef"[number % base];
    number /= base;
  } while (number || (length < width && length < sizeof reversed));
  while (length) {
    print_char(reversed[--length]);
  }
}

void print_decimal(unsigned long number) {
  print_in_base(number, 10, 1);
}

void print_hex(unsigned long number, unsigned digits) {
  print_in_base(number, 16, digits);
}

void print_number(const char* before, unsigned long number, const char* after) {
  print(before);
  print_decimal(number);
  print(after);
}
