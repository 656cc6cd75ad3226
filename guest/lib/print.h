// Printing without a C library. Each architecture's runtime supplies print_char, which sends one
// byte to the console.
#pragma once

void print_char(char c);

void print(const char* text);
void print_decimal(unsigned long number);
// Hexadecimal, `digits` wide with leading zeros (at least as many as the number needs).
void print_hex(unsigned long number, unsigned digits);
// `before` + decimal number + `after`.
void print_number(const char* before, unsigned long number, const char* after);
