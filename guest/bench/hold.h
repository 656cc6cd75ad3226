// Waiting for the runner: one byte on the console.
#pragma once

// Sleeps until a byte is there, and takes it. By the console's receive interrupt; where that does
// not come, by looking every few milliseconds.
void hold_init(void);
void hold_wait(void);
