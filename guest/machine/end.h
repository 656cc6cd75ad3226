// How a program ends, everywhere.
#pragma once

// The process ends with this status where the machine has a way to tell one. Tries all ways there
// are, and in the end halts: also a VMM (or machine) that knows none of them comes to rest.
_Noreturn void end_machine(unsigned char status);

_Noreturn void halt_forever(void);
