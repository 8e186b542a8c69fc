/*
 * The rules are those of Go's documentation of the method: a name without braces is as long as
 * it can be, so that "$1x" means "${1x}"; a dollar sign that begins no name is itself. Of a
 * number with a leading zero Go says nothing, and takes it for a name, which no group has.
 * Letters and digits are ASCII's here, since a group's name has no others.
 */
#include "probe/expand.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

struct expansion {
	const struct regex *regex;
	const struct regex_groups *groups;
	size_t max;
	struct text *text;
};

static int append(struct expansion *e, struct bytes piece)
{
	if (piece.length > e->max - e->text->length)
		return -E2BIG;
	if (piece.length)
		text_append(e->text, piece.data, piece.length);
	return 0;
}

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void skip(struct bytes *rest, size_t length)
{
	*rest = (struct bytes){ rest->data + length, rest->length - length };
}

/* The name after a dollar sign; `*ret_length` is that of all that stands for it. */
static bool take_name(struct bytes rest, struct bytes *ret_name, size_t *ret_length)
{
	size_t brace = bytes_starts_with(rest, "{"), length = 0;

	skip(&rest, brace);
	while (length < rest.length && is_of_name(rest.data[length]))
		length++;
	if (!length || (brace && (length == rest.length || rest.data[length] != '}')))
		return false;
	*ret_name = (struct bytes){ rest.data, length };
	*ret_length = length + 2 * brace;
	return true;
}

static int append_group(struct expansion *e, struct bytes name)
{
	CLEANUP(text_deinit) struct text string = { 0 };
	bool is_number = name.length == 1 || name.data[0] != '0';
	const struct regex_groups *groups = e->groups;
	uint64_t number;

	if (is_number && bytes_parse_u64(name, 10, &number))
		return number < groups->count ? append(e, groups->items[number]) : 0;
	text_append(&string, name.data, name.length);
	return append(e, regex_group(e->regex, groups, text_string(&string)));
}

/* `rest` is what is behind a dollar sign; takes what belongs to it. */
static int append_reference(struct expansion *e, struct bytes *rest)
{
	static const struct bytes dollar = { "$", 1 };
	struct bytes name;
	size_t length;

	if (take_name(*rest, &name, &length)) {
		skip(rest, length);
		return append_group(e, name);
	}
	if (bytes_starts_with(*rest, "$"))
		skip(rest, 1);
	return append(e, dollar);
}

int expand_template(struct bytes template, const struct regex *regex,
		    const struct regex_groups *groups, size_t max, struct text *ret_text)
{
	struct expansion e = { .regex = regex, .groups = groups, .max = max, .text = ret_text };
	struct bytes plain;
	int r = 0;

	if (ret_text->length > max)
		return -E2BIG;
	while (!r && bytes_take_until(&template, '$', &plain)) {
		r = append(&e, plain);
		if (!r)
			r = append_reference(&e, &template);
	}
	return r ? r : append(&e, template);
}
