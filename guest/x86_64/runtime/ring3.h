// A way to CPL 3 and back, for code whose speed matters: a KVM without hardware virtualization
// interprets CPL 0 but runs CPL 3 natively.
#pragma once

// Runs `body(argument)` at CPL 3 with interrupts off and every port open (a TSS I/O bitmap: IOPL is
// not relied on), then returns its result. `body` must not touch anything but its argument, its
// stack, and ports.
unsigned long ring3_call(unsigned long (*body)(unsigned long), unsigned long argument);
