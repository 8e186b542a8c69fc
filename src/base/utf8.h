/*
 * UTF-8, for names that others choose: a process may call itself anything, a page may not hold
 * anything but UTF-8.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"

/* What stands for what is ill-formed: U+FFFD. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/*
 * Length of the character at the front of `data` (`length` > 0), or, when it is ill-formed, of
 * the piece that one U+FFFD stands for; *ret_valid says which.
 */
size_t utf8_measure(const char *data, size_t length, bool *ret_valid);

bool utf8_is_valid(const char *data, size_t length);

/* Appends `data` with U+FFFD for each ill-formed piece; what is valid is unchanged. */
void utf8_repair(struct text *text, const char *data, size_t length);

/* The most of `data`, at most `max` bytes, that does not end within a character. */
size_t utf8_cut(const char *data, size_t length, size_t max);
