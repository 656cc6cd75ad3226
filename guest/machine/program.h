// What a program supplies: its body. Entered with privilege, interrupts off, memory mapped one to
// one (4 GiB at least), and the console ready; the value returned is the exit status (end.h).
#pragma once

int program_main(const char* command_line);

void* memcpy(void* to, const void* from, unsigned long count);
void* memset(void* to, int value, unsigned long count);
