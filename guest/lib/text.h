// Command-line words and numbers, for programs without a C library.
#pragma once

// True if `word` stands alone in the blank-separated `line`.
int text_has_word(const char* line, const char* word);

// The number behind `key=` (decimal, or hexadecimal with 0x), or `fallback` if the key is absent or
// has no digit.
unsigned long text_number(const char* line, const char* key, unsigned long fallback);

// True if `line` holds the word `key=value`.
int text_is(const char* line, const char* key, const char* value);

// What follows `key=` in `line`, up to the line's end, or null if the key is absent.
const char* text_value(const char* line, const char* key);
