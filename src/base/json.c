/*
 * A scanner, not a parser: values that nobody asked for are stepped over, with their strings
 * read as strings and their brackets paired, and nothing else checked. Without recursion, since
 * what nests deeply may have been made to.
 */
#include "base/json.h"

#include <string.h>

#include "base/utf8.h"

#define DEPTH_MAX 64 /* bits of skip_value()'s stack */

static void advance(struct bytes *rest, size_t count)
{
	rest->data += count;
	rest->length -= count;
}

static void skip_blanks(struct bytes *rest)
{
	while (rest->length && memchr(" \t\r\n", *rest->data, 4))
		advance(rest, 1);
}

static bool take(struct bytes *rest, char wanted)
{
	skip_blanks(rest);
	if (!rest->length || *rest->data != wanted)
		return false;
	advance(rest, 1);
	return true;
}

static void append_code_point(struct text *text, uint32_t code)
{
	if (code < 0x80) {
		text_append_char(text, (char)code);
		return;
	}
	if (code < 0x800) {
		text_append_char(text, (char)(0xc0 | code >> 6));
	} else if (code < 0x10000) {
		text_append_char(text, (char)(0xe0 | code >> 12));
		text_append_char(text, (char)(0x80 | (code >> 6 & 0x3f)));
	} else {
		text_append_char(text, (char)(0xf0 | code >> 18));
		text_append_char(text, (char)(0x80 | (code >> 12 & 0x3f)));
		text_append_char(text, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	text_append_char(text, (char)(0x80 | (code & 0x3f)));
}

/* The four digits behind "\u". */
static bool take_unit(struct bytes *rest, uint32_t *ret_unit)
{
	uint64_t unit;

	if (rest->length < 4 || !bytes_parse_u64((struct bytes){ rest->data, 4 }, 16, &unit))
		return false;
	advance(rest, 4);
	*ret_unit = (uint32_t)unit;
	return true;
}

/* Characters beyond U+FFFF are two units; half of such a pair is no character. */
static bool take_unicode(struct bytes *rest, struct text *into)
{
	struct bytes second;
	uint32_t high, low;

	if (!take_unit(rest, &high) || !high)
		return false;
	second = *rest;
	if (high >= 0xd800 && high < 0xdc00 && bytes_starts_with(second, "\\u")) {
		advance(&second, 2);
		if (!take_unit(&second, &low))
			return false;
		if (low >= 0xdc00 && low < 0xe000) {
			append_code_point(into,
					  0x10000 + (high - 0xd800) * 0x400 + low - 0xdc00);
			*rest = second;
			return true;
		}
	}
	if (high >= 0xd800 && high < 0xe000)
		text_append_string(into, UTF8_REPLACEMENT);
	else
		append_code_point(into, high);
	return true;
}

static bool take_escape(struct bytes *rest, struct text *into)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if (!rest->length)
		return false;
	letter = memchr(letters, *rest->data, sizeof(letters) - 1);
	if (letter) {
		advance(rest, 1);
		text_append_char(into, meanings[letter - letters]);
		return true;
	}
	if (*rest->data != 'u')
		return false;
	advance(rest, 1);
	return take_unicode(rest, into);
}

static bool take_string(struct bytes *rest, struct text *into)
{
	text_clear(into);
	if (!take(rest, '"'))
		return false;
	while (rest->length) {
		char c = *rest->data;

		advance(rest, 1);
		if (c == '"')
			return true;
		if ((unsigned char)c < ' ')
			return false;
		if (c != '\\')
			text_append_char(into, c);
		else if (!take_escape(rest, into))
			return false;
	}
	return false;
}

/* A number, true, false or null: a run of what they are made of. */
static bool skip_word(struct bytes *rest)
{
	static const char letters[] = "0123456789+-.abcdefghijklmnopqrstuvwxyzE";
	size_t length = 0;

	while (length < rest->length &&
	       memchr(letters, rest->data[length], sizeof(letters) - 1))
		length++;
	advance(rest, length);
	return length > 0;
}

/* The brackets that are open: the lowest bit is the innermost, 1 for that of an array. */
struct brackets {
	uint64_t arrays;
	unsigned depth;
};

static bool skip_bracket(struct bytes *rest, struct brackets *open)
{
	char c = *rest->data;

	advance(rest, 1);
	if (c == '{' || c == '[') {
		open->arrays = open->arrays << 1 | (c == '[');
		return open->depth++ < DEPTH_MAX;
	}
	if (!open->depth || (open->arrays & 1) != (c == ']'))
		return false;
	open->arrays >>= 1;
	open->depth--;
	return true;
}

static bool skip_token(struct bytes *rest, struct brackets *open, struct text *scratch)
{
	if (memchr("{}[]", *rest->data, 4))
		return skip_bracket(rest, open);
	if (*rest->data == '"')
		return take_string(rest, scratch);
	if (open->depth && memchr(",:", *rest->data, 2)) {
		advance(rest, 1);
		return true;
	}
	return skip_word(rest);
}

static bool skip_value(struct bytes *rest, struct text *scratch)
{
	struct brackets open = { 0 };

	do {
		skip_blanks(rest);
		if (!rest->length || !skip_token(rest, &open, scratch))
			return false;
	} while (open.depth);
	return true;
}

bool json_find_string(struct bytes json, const char *key, struct text *value)
{
	CLEANUP(text_deinit) struct text name = { 0 };

	if (!take(&json, '{'))
		return false;
	do {
		if (!take_string(&json, &name) || !take(&json, ':'))
			return false;
		if (!strcmp(text_string(&name), key))
			return take_string(&json, value);
		if (!skip_value(&json, &name))
			return false;
	} while (take(&json, ','));
	return false;
}
