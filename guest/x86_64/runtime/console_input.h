// COM1's receive interrupt.
#pragma once

// What it does meanwhile; null: what guest/machine/console.h says.
void console_input_divert(void (*action)(void));
