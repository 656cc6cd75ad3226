// Lines of the form `PROGRAM: ok WHAT` and `PROGRAM: FAIL WHAT`, and the exit status they make.
#pragma once

void check_begin(const char* program);
// True if it holds.
int check(const char* what, int holds);
// A failure with a number to it.
void check_fail(const char* what, const char* detail, unsigned long number);
// `PROGRAM: ` for a line of one's own.
void check_line(void);
// 0 if nothing failed, else 1.
int check_status(void);
