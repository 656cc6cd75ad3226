// What a program supplies: its body. Entered in long mode at CPL 0, the first 4 GiB
// identity-mapped, interrupts off, COM1 ready; the value returned is the exit status (end.h).
#pragma once

#include <stdint.h>

int program_main(const char* command_line);

void* memcpy(void* to, const void* from, unsigned long count);
void* memset(void* to, int value, unsigned long count);
