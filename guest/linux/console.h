// The guest's console, by which bench-linux and the runner talk; and what the kernel's command line
// and its count of interrupts say.
#pragma once

#include <stdint.h>

// Raw from here on, and without the kernel's messages: once, by the program itself.
void console_set_up(void);
// All of it, and out before this returns. Both end the program where there is no console.
void console_say(const char* text, unsigned long length);
// Waits for the runner's byte, where the command line has `hold`.
void console_hold(void);

// The kernel's command line.
const char* boot_line(void);
// Of all lines of /proc/interrupts that end in a name with `word` in it.
uint64_t interrupts_of(const char* word);
uint64_t now_ns(void);
