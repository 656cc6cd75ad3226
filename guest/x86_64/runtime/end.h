// How a program ends, everywhere.
#pragma once

// Skiff's debug-exit port: the byte written is the process's exit status.
enum { kDebugExitPort = 0xf4 };

// Tries debug-exit, ACPI soft off, the keyboard controller's reset line, and in the end halts: also
// a VMM (or machine) without the debug-exit port comes to rest.
_Noreturn void end_machine(unsigned char status);

_Noreturn void halt_forever(void);
