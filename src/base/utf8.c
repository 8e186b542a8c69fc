/*
 * What is well-formed is table 3-7 of the Unicode standard: no overlong forms, no surrogates,
 * nothing above U+10FFFF. What one replacement stands for is its "maximal subpart" (section
 * 3.9): the longest beginning of a character that is cut off, else a single byte. Decoders of
 * browsers and of Python do the same.
 */
#include "base/utf8.h"

#include <stdint.h>

/* What may follow a lead byte: how many bytes, and the range of the first of them. */
struct lead {
	size_t following;
	uint8_t low, high;
};

static struct lead lead_of(uint8_t byte)
{
	if (byte >= 0xc2 && byte <= 0xdf)
		return (struct lead){ 1, 0x80, 0xbf };
	if (byte >= 0xe0 && byte <= 0xef)
		return (struct lead){ 2, byte == 0xe0 ? 0xa0 : 0x80,
				      byte == 0xed ? 0x9f : 0xbf };
	if (byte >= 0xf0 && byte <= 0xf4)
		return (struct lead){ 3, byte == 0xf0 ? 0x90 : 0x80,
				      byte == 0xf4 ? 0x8f : 0xbf };
	return (struct lead){ 0, 0, 0 };
}

size_t utf8_measure(const char *data, size_t length, bool *ret_valid)
{
	struct lead lead = lead_of((uint8_t)data[0]);
	size_t at = 1;

	while (at < length && at <= lead.following) {
		uint8_t byte = (uint8_t)data[at];

		if (byte < lead.low || byte > lead.high)
			break;
		lead.low = 0x80;
		lead.high = 0xbf;
		at++;
	}
	*ret_valid = (uint8_t)data[0] < 0x80 || (lead.following && at == lead.following + 1);
	return at;
}

bool utf8_is_valid(const char *data, size_t length)
{
	bool valid = true;

	for (size_t at = 0; valid && at < length;)
		at += utf8_measure(data + at, length - at, &valid);
	return valid;
}

void utf8_repair(struct text *text, const char *data, size_t length)
{
	size_t done = 0, at = 0;

	while (at < length) {
		bool valid;
		size_t step = utf8_measure(data + at, length - at, &valid);

		if (!valid) {
			text_append(text, data + done, at - done);
			text_append_string(text, UTF8_REPLACEMENT);
			done = at + step;
		}
		at += step;
	}
	text_append(text, data + done, length - done);
}

size_t utf8_cut(const char *data, size_t length, size_t max)
{
	size_t at = max;

	if (length <= max)
		return length;
	while (at > 0 && max - at < 3 && ((uint8_t)data[at] & 0xc0) == 0x80)
		at--;
	return at;
}
