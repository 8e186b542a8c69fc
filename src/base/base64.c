#include "base/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The digit's value, or -1. */
static int value_of(char c)
{
	const char *digit = c ? strchr(digits, c) : NULL;

	return digit ? (int)(digit - digits) : -1;
}

bool base64_decode(struct bytes encoded, struct text *into)
{
	size_t count = 0, padding = 0, before = into->length;
	unsigned bits = 0;
	bool is_fine = true;

	for (size_t i = 0; i < encoded.length && is_fine; i++) {
		char c = encoded.data[i];

		if (is_blank(c))
			continue;
		if (c == '=') {
			padding++;
			continue;
		}
		is_fine = value_of(c) >= 0 && !padding;
		bits = (bits << 6 | (unsigned)value_of(c)) & 0xffffff;
		if (count++ % 4)
			text_append_char(into, (char)(bits >> (6 - 2 * ((count - 1) % 4))));
	}
	is_fine &= padding <= 2 && (count + padding) % 4 == 0 && count % 4 != 1;
	if (!is_fine && into->data) {
		into->length = before;
		into->data[before] = '\0';
	}
	return is_fine;
}

void base64_encode(struct bytes plain, struct text *into)
{
	for (size_t i = 0; i < plain.length; i += 3) {
		size_t left = plain.length - i;
		unsigned bits = (unsigned)(unsigned char)plain.data[i] << 16;

		if (left > 1)
			bits |= (unsigned)(unsigned char)plain.data[i + 1] << 8;
		if (left > 2)
			bits |= (unsigned char)plain.data[i + 2];
		text_append_char(into, digits[bits >> 18]);
		text_append_char(into, digits[bits >> 12 & 63]);
		text_append_char(into, left > 1 ? digits[bits >> 6 & 63] : '=');
		text_append_char(into, left > 2 ? digits[bits & 63] : '=');
	}
}
