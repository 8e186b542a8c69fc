/*
 * A growing string. Always NUL-terminated once something was appended; may hold NULs itself.
 * Appending cannot fail (see memory.h): whoever appends what others control bounds it first.
 */
#pragma once

#include <stdarg.h>
#include <stdint.h>

#include "base/compiler.h"

struct text {
	char *data; /* NULL while nothing was appended */
	size_t length, capacity;
};

/* A text of all zeroes is valid and empty. Safe as CLEANUP(text_deinit). */
void text_deinit(struct text *text);

/* Forgets the content, keeps the memory. */
void text_clear(struct text *text);

/* The content as a C string: "" when empty. Valid until the next append. */
const char *text_string(const struct text *text);

/* Hands the content over: a heap string to free(), never NULL; the text is empty afterwards. */
char *text_release(struct text *text) MUST_CHECK;

void text_append(struct text *text, const char *data, size_t length);
void text_append_string(struct text *text, const char *string);
void text_append_char(struct text *text, char c);
void text_append_u64(struct text *text, uint64_t value);
void text_printf(struct text *text, const char *format, ...) PRINTF(2, 3);
void text_vprintf(struct text *text, const char *format, va_list arguments) PRINTF(2, 0);

/*
 * The shortest decimal that reads back as the same double ("0.1", "5e-324"); "NaN", "+Inf" and
 * "-Inf" for the rest. Never a locale's decimal comma.
 */
void text_append_double(struct text *text, double value);

/* Room for `length` more bytes, to be written by the caller, who then adds to text->length. */
char *text_reserve(struct text *text, size_t length);
