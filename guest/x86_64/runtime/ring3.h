// A way to CPL 3 and back, for code whose speed matters: a KVM without hardware virtualization
// interprets CPL 0 but runs CPL 3 natively.
#pragma once

// Runs `body(argument)` at CPL 3 with interrupts off and every port open (a TSS I/O bitmap: IOPL is
// not relied on), then returns its result, at CPL 0 again. Needs interrupts_init. `body` may use
// all memory and ports, but no privileged instruction; its stack is 32 KiB. Called at
// CPL 3 it just calls `body`.
unsigned long ring3_call(unsigned long (*body)(unsigned long), unsigned long argument);
