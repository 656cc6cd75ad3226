// Waiting for the runner: one byte on COM1.
#pragma once

// Sleeps until a byte is there, and takes it. By COM1's receive interrupt; where that does not
// come, by looking every few milliseconds.
void hold_init(void);
void hold_wait(void);

// What COM1's interrupt does meanwhile; null: what hold_wait needs.
void hold_on_serial(void (*action)(void));
