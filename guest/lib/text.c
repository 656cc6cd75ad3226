#include "guest/lib/text.h"

static int is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}

// The rest of the first word of `line` that starts with `start`, or a null pointer.
static const char* find(const char* line, const char* start) {
  const char* word = line;
  while (*word) {
    while (is_blank(*word)) {
      ++word;
    }
    const char* at = word;
    const char* want = start;
    while (*want && *at == *want) {
      ++at;
      ++want;
    }
    if (!*want) {
      return at;
    }
    while (*word && !is_blank(*word)) {
      ++word;
    }
  }
  return 0;
}

int text_has_word(const char* line, const char* word) {
  const char* rest = line;
  while ((rest = find(rest, word))) {
    if (!*rest || is_blank(*rest)) {
      return 1;
    }
    while (*rest && !is_blank(*rest)) {
      ++rest;
    }
  }
  return 0;
}

const char* text_value(const char* line, const char* key) {
  const char* rest = line;
  while ((rest = find(rest, key))) {
    if (*rest == '=') {
      return rest + 1;
    }
    while (*rest && !is_blank(*rest)) {
      ++rest;
    }
  }
  return 0;
}

static int digit(char c, unsigned base) {
  unsigned value = 99;
  if (c >= '0' && c <= '9') {
    value = (unsigned)(c - '0');
  } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
    value = (unsigned)((c | 0x20) - 'a') + 10;
  }
  return value < base ? (int)value : -1;
}

unsigned long text_number(const char* line, const char* key, unsigned long fallback) {
  const char* at = text_value(line, key);
  if (!at) {
    return fallback;
  }
  unsigned base = 10;
  if (at[0] == '0' && (at[1] | 0x20) == 'x') {
    base = 16;
    at += 2;
  }
  if (digit(*at, base) < 0) {
    return fallback;
  }
  unsigned long number = 0;
  for (; digit(*at, base) >= 0; ++at) {
    number = number * base + (unsigned long)digit(*at, base);
  }
  return number;
}

int text_is(const char* line, const char* key, const char* value) {
  const char* at = text_value(line, key);
  if (!at) {
    return 0;
  }
  while (*value && *at == *value) {
    ++at;
    ++value;
  }
  return !*value && (!*at || is_blank(*at));
}
