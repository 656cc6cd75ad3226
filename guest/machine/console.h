// The serial port that print_char writes to.
#pragma once

// As many at once as the port's FIFO takes between two looks at its state.
void console_send(const char* bytes, unsigned long count);
// The same, by string instructions if the machine has them for ports. Input that waits may be lost.
void console_send_bursts(const char* bytes, unsigned long count);

// Its receive interrupt, once for each console_listen(1); `on_input` is called in it. Whether it
// comes is the machine's to say.
void console_input_init(void (*on_input)(void));
void console_listen(int on);
int console_has_input(void);
// One byte that is there.
char console_take(void);
