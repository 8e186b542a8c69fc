#include "base/bytes.h"

#include <string.h>

struct bytes bytes_from_string(const char *string)
{
	return (struct bytes){ string, strlen(string) };
}

bool bytes_equal(struct bytes bytes, const char *string)
{
	return bytes.length == strlen(string) && !memcmp(bytes.data, string, bytes.length);
}

bool bytes_starts_with(struct bytes bytes, const char *prefix)
{
	size_t length = strlen(prefix);

	return bytes.length >= length && !memcmp(bytes.data, prefix, length);
}

static void skip(struct bytes *rest, size_t count)
{
	rest->data += count;
	rest->length -= count;
}

bool bytes_take_until(struct bytes *rest, char separator, struct bytes *ret_head)
{
	const char *found = rest->length ? memchr(rest->data, separator, rest->length) : NULL;

	if (!found)
		return false;
	*ret_head = (struct bytes){ rest->data, (size_t)(found - rest->data) };
	skip(rest, ret_head->length + 1);
	return true;
}

bool bytes_take_line(struct bytes *rest, struct bytes *ret_line)
{
	if (!rest->length)
		return false;
	if (bytes_take_until(rest, '\n', ret_line))
		return true;
	*ret_line = *rest;
	skip(rest, rest->length);
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool bytes_take_word(struct bytes *rest, struct bytes *ret_word)
{
	size_t length = 0;

	while (rest->length && is_blank(rest->data[0]))
		skip(rest, 1);
	if (!rest->length)
		return false;
	while (length < rest->length && !is_blank(rest->data[length]))
		length++;
	*ret_word = (struct bytes){ rest->data, length };
	skip(rest, length);
	return true;
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A' + 10);
	return UINT8_MAX;
}

bool bytes_parse_u64(struct bytes bytes, unsigned base, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!bytes.length)
		return false;
	for (size_t i = 0; i < bytes.length; i++) {
		unsigned digit = digit_value(bytes.data[i]);

		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}
