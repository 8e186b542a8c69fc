/*
 * Written by walking the rows of the table over the struct, so that a new key cannot be
 * forgotten, and what is a secret is said in one place. Beside the rows that say so, headers
 * are kept back unless their name says that they hold none, and what a URL has before its host.
 */
#include "config/dump.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "config/option.h"
#include "config/schema.h"

#define SECRET "<secret>"

static void write_option(struct text *text, const struct option *option, const void *object,
			 unsigned indent);

static void write_indent(struct text *text, unsigned indent)
{
	for (unsigned i = 0; i < indent; i++)
		text_append_string(text, "  ");
}

/* What YAML cannot take for anything but a word. */
static bool is_plain(struct bytes value)
{
	static const char *const word[] = { "null", "true", "false", "yes", "no", "on", "off" };

	for (size_t i = 0; i < ARRAY_LENGTH(word); i++) {
		if (value.length == strlen(word[i]) &&
		    !strncasecmp(value.data, word[i], value.length))
			return false;
	}
	for (size_t i = 0; i < value.length; i++) {
		char c = value.data[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				 (c >= '0' && c <= '9') || c == '/' || c == '_';

		if (!is_letter && (!i || !memchr(".-+", c, 3)))
			return false;
	}
	return value.length > 0;
}

static void write_quoted(struct text *text, struct bytes value)
{
	text_append_char(text, '"');
	for (size_t i = 0; i < value.length; i++) {
		unsigned char c = (unsigned char)value.data[i];

		if (c == '"' || c == '\\')
			text_printf(text, "\\%c", c);
		else if (c == '\n')
			text_append_string(text, "\\n");
		else if (c < ' ' || c == 0x7f)
			text_printf(text, "\\x%02x", c);
		else
			text_append_char(text, (char)c);
	}
	text_append_char(text, '"');
}

/* What a reader of YAML refuses or takes for a line end, quoted or not (YAML 1.1, 4.1, 4.2). */
static bool is_printable(struct bytes value)
{
	static const char *const not [] = { "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf",
					    "\xef\xbf\xbe", "\xef\xbf\xbf" };

	for (size_t i = 0; i < ARRAY_LENGTH(not ); i++) {
		if (memmem(value.data, value.length, not [i], 3))
			return false;
	}
	for (size_t i = 0; i + 1 < value.length; i++) {
		if (value.data[i] == '\xc2' && (unsigned char)value.data[i + 1] < 0xa0)
			return false;
	}
	return utf8_is_valid(value.data, value.length);
}

static void write_bytes(struct text *text, struct bytes value)
{
	if (is_plain(value)) {
		text_append(text, value.data, value.length);
	} else if (is_printable(value)) {
		write_quoted(text, value);
	} else {
		text_append_string(text, "!!binary ");
		base64_encode(value, text);
	}
}

static void write_string(struct text *text, const char *value)
{
	write_bytes(text, bytes_from_string(value));
}

/* http://user:password@host: what is before the last @, as url.c has it. */
static void write_proxy(struct text *text, const char *url)
{
	CLEANUP(text_deinit) struct text shown = { 0 };
	const char *host = strstr(url, "://") + 3, *at;
	size_t authority = strcspn(host, "/?#");

	at = memrchr(host, '@', authority);
	if (at)
		text_printf(&shown, "%.*s" SECRET "%s", (int)(host - url), url, at);
	write_string(text, at ? text_string(&shown) : url);
}

static const char *word_of(const struct option *option, int value)
{
	for (const struct choice *choice = option->choices; choice->word; choice++) {
		if (choice->value == value)
			return choice->word;
	}
	return NULL;
}

static void write_duration(struct text *text, double seconds)
{
	uint64_t milliseconds = (uint64_t)(seconds * 1000 + 0.5);
	bool is_whole = milliseconds % 1000 == 0;

	text_append_u64(text, is_whole ? milliseconds / 1000 : milliseconds);
	text_append_string(text, is_whole ? "s" : "ms");
}

static void write_status(struct text *text, const struct status_range *range)
{
	text_append_u64(text, range->first);
	if (range->last > range->first)
		text_printf(text, "-%u", range->last);
}

static int int_at(const void *field)
{
	int value;

	memcpy(&value, field, sizeof(value));
	return value;
}

static const void *pointer_at(const void *field)
{
	const void *pointer;

	memcpy(&pointer, field, sizeof(pointer));
	return pointer;
}

/* One value, of an array one element. */
static void write_value(struct text *text, const struct option *option, const void *field)
{
	if (option->is_secret) {
		write_string(text, SECRET);
		return;
	}
	switch (option->type) {
	case OPTION_BOOL:
		text_append_string(text, *(const bool *)field ? "true" : "false");
		break;
	case OPTION_CHOICE:
		text_append_string(text, word_of(option, int_at(field)));
		break;
	case OPTION_SIZE:
		text_append_u64(text, *(const uint64_t *)field);
		break;
	case OPTION_DURATION:
		write_duration(text, *(const double *)field);
		break;
	case OPTION_STATUS_CODES:
		write_status(text, field);
		break;
	case OPTION_REGEX:
	case OPTION_REGEXES:
		write_string(text, regex_pattern(pointer_at(field)));
		break;
	case OPTION_PROXY:
		write_proxy(text, pointer_at(field));
		break;
	case OPTION_STRING:
	case OPTION_TEXT:
	case OPTION_WORD:
	case OPTION_WORDS:
	case OPTION_FILE:
	case OPTION_FILES:
	case OPTION_VARIABLE:
	case OPTION_METHOD:
	case OPTION_HEADER:
	case OPTION_VALUE:
	case OPTION_VALUES:
	case OPTION_LABEL:
	case OPTION_SOURCE:
		write_string(text, pointer_at(field));
		break;
	default:
		abort();
	}
}

static bool is_set(const struct option *option, const void *field)
{
	switch (option->type) {
	case OPTION_BOOL:
		return true;
	case OPTION_CHOICE:
		return word_of(option, int_at(field)) != NULL;
	case OPTION_SIZE:
		return *(const uint64_t *)field > 0;
	case OPTION_DURATION:
		return *(const double *)field > 0;
	default:
		return pointer_at(field) != NULL;
	}
}

/* "- " takes the place of the last of the indentation of what was written from `start` on. */
static void make_item(struct text *text, size_t start, unsigned indent)
{
	text->data[start + 2 * (size_t)indent] = '-';
}

static size_t count_at(const struct option *option, const void *object)
{
	size_t count;

	memcpy(&count, (const char *)object + option->count_offset, sizeof(count));
	return count;
}

static void write_array(struct text *text, const struct option *option, const char *items,
			size_t count, unsigned indent)
{
	for (size_t i = 0; i < count; i++) {
		size_t start = text->length;

		write_indent(text, indent + 1);
		make_item(text, start, indent);
		write_value(text, option, items + i * option_element_size(option));
		text_append_char(text, '\n');
	}
}

static void write_rows(struct text *text, const struct section *section, const void *object,
		       unsigned indent)
{
	for (const struct option *option = section->options; option->name; option++)
		write_option(text, option, object, indent);
}

static void write_list(struct text *text, const struct option *option, const char *items,
		       size_t count, unsigned indent)
{
	for (size_t i = 0; i < count; i++) {
		size_t start = text->length;

		write_rows(text, option->section, items + i * option->section->size,
			   indent + 1);
		assert(text->length > start);
		make_item(text, start, indent);
	}
}

/*
 * More headers hold secrets than module.c can know by their names, so few are shown. The others
 * follow a redirect all the same: many a site redirects to itself under another name.
 */
static bool is_harmless_name(const char *header)
{
	static const char *const names[] = {
		"Accept",	 "Accept-Encoding", "Accept-Language",
		"Cache-Control", "Connection",	    "Content-Type",
		"Host",		 "Origin",	    "Pragma",
		"Range",	 "User-Agent",	    "X-Forwarded-Proto"
	};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (!strcasecmp(header, names[i]))
			return true;
	}
	return false;
}

/* Its rows, of which a header shows names of files, and values only if they are no secret. */
static void write_named(struct text *text, const struct option *option, const char *name,
			const void *item, unsigned indent)
{
	for (const struct option *from = option->section->options; from->name; from++) {
		struct option row = *from;

		row.is_secret |= option->key->type == OPTION_HEADER &&
				 !is_harmless_name(name) && row.type != OPTION_FILES;
		row.name = option->type == OPTION_PAIRS ? name : row.name;
		write_option(text, &row, item, indent);
	}
}

static void write_map(struct text *text, const struct option *option, const char *items,
		      size_t count, unsigned indent)
{
	for (size_t i = 0; i < count; i++) {
		const char *item = items + i * option->section->size;
		const char *name = pointer_at(item + option->key->offset);
		size_t start;

		if (option->type == OPTION_PAIRS) {
			write_named(text, option, name, item, indent);
			continue;
		}
		write_indent(text, indent);
		write_string(text, name);
		text_append_char(text, ':');
		start = text->length;
		text_append_char(text, '\n');
		write_named(text, option, name, item, indent + 1);
		if (text->length == start + 1) {
			text->length = start;
			text_append_string(text, " {}\n");
		}
	}
}

/* What stands behind "key:", from there on; nothing when there is nothing to say. */
static void write_content(struct text *text, const struct option *option, const char *object,
			  unsigned indent)
{
	const char *field = object + option->offset;
	size_t count = option->count_offset ? count_at(option, object) : 0;

	if (option->type == OPTION_SECTION)
		write_rows(text, option->section, field, indent + 1);
	else if (option->type == OPTION_LIST)
		write_list(text, option, pointer_at(field), count, indent + 1);
	else if (option->type == OPTION_MAP || option->type == OPTION_PAIRS)
		write_map(text, option, pointer_at(field), count, indent + 1);
	else if (option_element_size(option))
		write_array(text, option, pointer_at(field), count, indent + 1);
	else if (option->type == OPTION_BYTES && pointer_at(field))
		write_bytes(text, option->is_secret ?
					  bytes_from_string(SECRET) :
					  (struct bytes){ pointer_at(field), count });
	else if (option->type != OPTION_BYTES && is_set(option, field))
		write_value(text, option, field);
}

/* What older files have is written as it is today; what is not supported is left out. */
static void write_option(struct text *text, const struct option *option, const void *object,
			 unsigned indent)
{
	CLEANUP(text_deinit) struct text content = { 0 };
	bool is_nested = option->type == OPTION_SECTION || option_element_size(option);

	if (option->replaced_by || option->has_no_field)
		return;
	write_content(&content, option, object, indent);
	if (!content.length)
		return;
	write_indent(text, indent);
	write_string(text, option->name);
	text_append_string(text, is_nested ? ":\n" : ": ");
	text_append(text, content.data, content.length);
	if (!is_nested)
		text_append_char(text, '\n');
}

void dump_module(const struct module_config *module, struct text *text)
{
	for (const struct option *option = schema_module.options; option->name; option++) {
		bool is_other =
			(module->prober != PROBER_HTTP && option->section == &schema_http) ||
			(module->prober != PROBER_TCP && option->section == &schema_tcp);

		if (!is_other)
			write_option(text, option, module, 0);
	}
}
