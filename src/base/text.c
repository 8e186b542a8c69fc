#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void text_deinit(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}

void text_clear(struct text *text)
{
	text->length = 0;
	if (text->data)
		text->data[0] = '\0';
}

const char *text_string(const struct text *text)
{
	return text->data ? text->data : "";
}

char *text_release(struct text *text)
{
	char *data = text->data ? text->data : memory_copy_string("");

	*text = (struct text){ 0 };
	return data;
}

char *text_reserve(struct text *text, size_t length)
{
	text->data = memory_grow(text->data, &text->capacity, text->length + length + 1, 1);
	return text->data + text->length;
}

void text_append(struct text *text, const char *data, size_t length)
{
	char *end = text_reserve(text, length);

	if (length)
		memcpy(end, data, length);
	end[length] = '\0';
	text->length += length;
}

void text_append_string(struct text *text, const char *string)
{
	text_append(text, string, strlen(string));
}

void text_append_char(struct text *text, char c)
{
	text_append(text, &c, 1);
}

void text_append_u64(struct text *text, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	text_append(text, digits + at, sizeof(digits) - at);
}

void text_vprintf(struct text *text, const char *format, va_list arguments)
{
	va_list again;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	assert(length >= 0);
	vsnprintf(text_reserve(text, (size_t)length), (size_t)length + 1, format, arguments);
	text->length += (size_t)length;
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(text, format, arguments);
	va_end(arguments);
}

/* "-2.2250738585072014e-308" is the longest that %.17g gives. */
#define DOUBLE_SIZE 25

/*
 * 17 significant digits always read back exactly; most values need fewer. With 15 nothing that
 * is shorter is missed, but for subnormal numbers, which have less precision.
 */
static void append_finite(struct text *text, double value)
{
	char *end = text_reserve(text, DOUBLE_SIZE);
	int length = 0;

	for (int digits = isnormal(value) ? 15 : 1; digits <= 17; digits++) {
		length = snprintf(end, DOUBLE_SIZE, "%.*g", digits, value);
		if (strtod(end, NULL) == value)
			break;
	}
	assert(length > 0 && length < DOUBLE_SIZE);
	text->length += (size_t)length;
}

void text_append_double(struct text *text, double value)
{
	if (isnan(value))
		text_append_string(text, "NaN");
	else if (isinf(value))
		text_append_string(text, value > 0 ? "+Inf" : "-Inf");
	else if (value >= 0 && value < 1e15 && value == floor(value) && !signbit(value))
		text_append_u64(text, (uint64_t)value);
	else
		append_finite(text, value);
}
