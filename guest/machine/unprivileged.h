// For code whose speed matters: a KVM without hardware virtualization interprets what is privileged
// and runs the rest natively.
#pragma once

// Runs `body(argument)` with interrupts off where code is fastest, then returns its result, with
// privilege again. It may use all memory, every port there is, and no privileged instruction; its
// stack is 32 KiB. Needs interrupts_init. Called from there, and everywhere where all code is as
// fast, it just calls `body`.
unsigned long unprivileged_call(unsigned long (*body)(unsigned long), unsigned long argument);
