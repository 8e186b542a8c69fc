/*
 * Text in, value out; nothing here knows where the text stood. libyaml gives all plain scalars
 * as strings, so quotes make no difference: "5" is a number where a number is expected.
 */
#include "config/option.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/utf8.h"
#include "config/problem.h"
#include "config/url.h"
#include "config/word.h"

#define COMM_BYTES_MAX 15 /* TASK_COMM_LEN less the NUL, include/linux/sched.h */

struct unit {
	const char *name;
	uint64_t factor;
};

/* Milliseconds, the largest first: that is their order in a value. */
static const struct unit durations[] = { { "w", 604800000 }, { "d", 86400000 },
					 { "h", 3600000 },   { "m", 60000 },
					 { "s", 1000 },	     { "ms", 1 } };

/* A KB is 1024 bytes to blackbox_exporter, whose files are read. */
static const struct unit sizes[] = { { "", 1 },
				     { "B", 1 },
				     { "kB", 1024 },
				     { "KB", 1024 },
				     { "MB", 1048576 },
				     { "GB", 1073741824 },
				     { "TB", 1099511627776 },
				     { "KiB", 1024 },
				     { "MiB", 1048576 },
				     { "GiB", 1073741824 },
				     { "TiB", 1099511627776 } };

/* Takes digits off the front, false when there are none; too many are UINT64_MAX. */
static bool take_number(struct bytes *rest, uint64_t *ret_number)
{
	struct bytes digits = { rest->data, 0 };

	while (digits.length < rest->length && digits.data[digits.length] >= '0' &&
	       digits.data[digits.length] <= '9')
		digits.length++;
	if (!digits.length)
		return false;
	if (!bytes_parse_u64(digits, 10, ret_number))
		*ret_number = UINT64_MAX;
	rest->data += digits.length;
	rest->length -= digits.length;
	return true;
}

/* The unit at the front, up to the next digit; NULL when it is none of these. */
static const struct unit *take_unit(struct bytes *rest, const struct unit *units, size_t count)
{
	struct bytes name = { rest->data, 0 };

	while (name.length < rest->length &&
	       !(name.data[name.length] >= '0' && name.data[name.length] <= '9'))
		name.length++;
	rest->data += name.length;
	rest->length -= name.length;
	for (size_t i = 0; i < count; i++) {
		if (bytes_equal(name, units[i].name))
			return &units[i];
	}
	return NULL;
}

/*
 * The functions below return what is wrong with the text, as the end of a sentence that begins
 * with it; NULL: nothing.
 */
static const char *parse_duration(const char *text, double *ret_seconds)
{
	static const char wrong[] = "is not a duration such as 500ms, 5s, 2m, 1h30m or 1d";
	const struct unit *unit, *last = NULL;
	struct bytes rest = bytes_from_string(text);
	double milliseconds = 0;
	uint64_t number;

	do {
		if (!take_number(&rest, &number))
			return wrong;
		if (!rest.length)
			return "needs a unit, such as \"5s\"";
		unit = take_unit(&rest, durations, ARRAY_LENGTH(durations));
		if (!unit || (last && unit <= last))
			return wrong;
		milliseconds += (double)number * (double)unit->factor;
		last = unit;
	} while (rest.length);
	*ret_seconds = milliseconds / 1000;
	return NULL;
}

static const char *parse_size(const char *text, double *ret_bytes)
{
	struct bytes rest = bytes_from_string(text);
	const struct unit *unit;
	uint64_t number;

	if (!take_number(&rest, &number))
		return "is not a size such as 4096, 10MB or 1MiB";
	unit = take_unit(&rest, sizes, ARRAY_LENGTH(sizes));
	if (!unit || rest.length)
		return "is not a size such as 4096, 10MB or 1MiB";
	*ret_bytes = (double)number * (double)unit->factor;
	return NULL;
}

static const char *parse_whole(const char *text, double *ret_number)
{
	struct bytes rest = bytes_from_string(text);
	uint64_t number;

	if (!take_number(&rest, &number) || rest.length)
		return "is not a whole number";
	*ret_number = (double)number;
	return NULL;
}

static const char *parse_number(enum option_type type, const char *text, double *ret_number)
{
	if (type == OPTION_DURATION)
		return parse_duration(text, ret_number);
	if (type == OPTION_SIZE)
		return parse_size(text, ret_number);
	return parse_whole(text, ret_number);
}

/* YAML 1.1's words, as people have them in their files. */
static const char *parse_bool(const char *text, bool *ret_value)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (!strcasecmp(text, words[i])) {
			*ret_value = i % 2;
			return NULL;
		}
	}
	return "is neither true nor false";
}

/* 200, 200-299 or 2xx. */
static const char *parse_status(const char *text, struct status_range *ret_range)
{
	static const char wrong[] = "is no status code: expected 200, 200-299 or 2xx";
	struct bytes rest = bytes_from_string(text);
	uint64_t first, last;

	if (!take_number(&rest, &first))
		return wrong;
	last = first;
	if (bytes_equal(rest, "xx")) {
		first *= 100;
		last = first + 99;
	} else if (bytes_starts_with(rest, "-")) {
		rest = (struct bytes){ rest.data + 1, rest.length - 1 };
		if (!take_number(&rest, &last) || rest.length)
			return wrong;
	} else if (rest.length) {
		return wrong;
	}
	if (first < 100 || last > 999 || last < first)
		return wrong;
	*ret_range = (struct status_range){ (unsigned)first, (unsigned)last };
	return NULL;
}

static int refuse(struct arena *arena, const char *text, const char *wrong, struct error *err)
{
	return error_set(err, -EINVAL, "%s %s", problem_quote(arena, text), wrong);
}

static int read_number(const struct option *option, const char *text, struct arena *arena,
		       double *ret_number, struct error *err)
{
	const char *least = option->between.minimum, *most = option->between.maximum;
	double number = 0, minimum = 0, maximum = 0;
	const char *wrong = parse_number(option->type, text, &number);

	if (wrong)
		return refuse(arena, text, wrong, err);
	wrong = parse_number(option->type, least, &minimum);
	assert(!wrong);
	wrong = parse_number(option->type, most, &maximum);
	assert(!wrong);
	if (number < minimum || number > maximum)
		return error_set(err, -EINVAL, "%s is %s than %s", problem_quote(arena, text),
				 number < minimum ? "less" : "more",
				 number < minimum ? least : most);
	*ret_number = number;
	return 0;
}

static void store_number(enum option_type type, double number, void *field)
{
	switch (type) {
	case OPTION_COUNT:
		*(unsigned *)field = (unsigned)number;
		break;
	case OPTION_PID:
		*(pid_t *)field = (pid_t)number;
		break;
	case OPTION_PORT:
		*(uint16_t *)field = (uint16_t)number;
		break;
	case OPTION_SIZE:
		*(uint64_t *)field = (uint64_t)number;
		break;
	default:
		*(double *)field = number;
	}
}

static const struct choice *find_choice(const struct choice *choices, const char *word)
{
	for (const struct choice *choice = choices; choice->word; choice++) {
		if (!strcmp(choice->word, word))
			return choice;
	}
	return NULL;
}

static void list_choices(const struct choice *choices, struct text *text)
{
	for (const struct choice *choice = choices; choice->word; choice++) {
		if (choice > choices)
			text_append_string(text, choice[1].word ? ", " : " or ");
		text_append_string(text, choice->word);
	}
}

static int refuse_choice(const struct option *option, const char *text, struct arena *arena,
			 struct error *err)
{
	CLEANUP(text_deinit) struct text message = { 0 };
	struct nearest nearest;

	nearest_init(&nearest, text);
	for (const struct choice *choice = option->choices; choice->word; choice++)
		nearest_offer(&nearest, choice->word);
	text_append_string(&message, "is not ");
	list_choices(option->choices, &message);
	if (nearest.found)
		text_printf(&message, ", did you mean \"%s\"?", nearest.found);
	return refuse(arena, text, text_string(&message), err);
}

/* Programs that write YAML make `false` of `off`, and people `off` of `false`. */
static int read_choice(const struct option *option, const char *text, struct arena *arena,
		       void *field, struct error *err)
{
	const struct choice *choice = find_choice(option->choices, text);
	bool value = false;

	if (!choice && !parse_bool(text, &value)) {
		choice = find_choice(option->choices, value ? "true" : "false");
		choice = choice ? choice : find_choice(option->choices, value ? "on" : "off");
	}
	if (!choice)
		return refuse_choice(option, text, arena, err);
	memcpy(field, &choice->value, sizeof(choice->value));
	return 0;
}

/* Where an empty text is as good as none, as it is in blackbox_exporter's files. */
static bool may_be_empty(enum option_type type)
{
	return type == OPTION_TEXT || type == OPTION_WORD || type == OPTION_FILE ||
	       type == OPTION_PROXY || type == OPTION_SOURCE;
}

/* Values of headers and URLs of proxies may be secrets, or hold them. */
static int refuse_string(const struct option *option, const char *text, const char *wrong,
			 struct arena *arena, struct error *err)
{
	if (option->is_secret || option->type == OPTION_VALUE ||
	    option->type == OPTION_VALUES || option->type == OPTION_PROXY)
		return error_set(err, -EINVAL, "the value %s", wrong);
	return refuse(arena, text, wrong, err);
}

static int read_string(const struct option *option, const char *text, struct arena *arena,
		       const char **ret_string, struct error *err)
{
	bool is_comm = option->type == OPTION_COMMS;
	CLEANUP(text_deinit) struct text whole = { 0 };
	const char *wrong;

	if (!*text && may_be_empty(option->type)) {
		*ret_string = NULL;
		return 0;
	}
	wrong = word_check(option->type, text);
	if (wrong)
		return refuse_string(option, text, wrong, arena, err);
	if (option->choices && !find_choice(option->choices, text))
		return refuse_choice(option, text, arena, err);
	if (option->type == OPTION_URL && url_parse(text, &(struct url){ 0 }, err) < 0)
		return -EINVAL;
	text_append(&whole, text, strnlen(text, is_comm ? COMM_BYTES_MAX : SIZE_MAX));
	if (option->type == OPTION_UNITS && !word_has_unit_suffix(text))
		text_append_string(&whole, ".service");
	*ret_string = arena_copy_string(arena, text_string(&whole));
	return 0;
}

static int read_prefix(const struct option *option, const char *text, struct arena *arena,
		       struct prefix *ret_prefix, struct error *err)
{
	bool is_network = option->type == OPTION_NETWORK;

	if (is_network != !!strchr(text, '/') || prefix_parse(text, ret_prefix) < 0)
		return refuse(arena, text,
			      is_network ? "is not a network such as 10.1.0.0/16 or fd00::/8" :
					   "is not an address such as 10.0.0.5 or fd00::5",
			      err);
	return 0;
}

int option_read(const struct option *option, const char *text, struct arena *arena, void *field,
		struct error *err)
{
	const char *wrong;
	double number = 0;
	int r;

	switch (option->type) {
	case OPTION_BOOL:
		wrong = parse_bool(text, field);
		return wrong ? refuse(arena, text, wrong, err) : 0;
	case OPTION_STATUS_CODES:
		wrong = parse_status(text, field);
		return wrong ? refuse(arena, text, wrong, err) : 0;
	case OPTION_CHOICE:
	case OPTION_FLAGS:
		return read_choice(option, text, arena, field, err);
	case OPTION_COUNT:
	case OPTION_PID:
	case OPTION_PORT:
	case OPTION_SIZE:
	case OPTION_DURATION:
		r = read_number(option, text, arena, &number, err);
		if (!r)
			store_number(option->type, number, field);
		return r;
	case OPTION_ADDRESS:
	case OPTION_NETWORK:
		return read_prefix(option, text, arena, field, err);
	case OPTION_REGEX:
	case OPTION_REGEXES:
		return regex_new(text, field, err);
	default:
		return read_string(option, text, arena, field, err);
	}
}

size_t option_element_size(const struct option *option)
{
	switch (option->type) {
	case OPTION_STRINGS:
	case OPTION_WORDS:
	case OPTION_FILES:
	case OPTION_VALUES:
	case OPTION_RESOLVES:
	case OPTION_COMMS:
	case OPTION_CONTAINERS:
	case OPTION_UNITS:
	case OPTION_GLOBS:
		return sizeof(const char *);
	case OPTION_REGEXES:
		return sizeof(struct regex *);
	case OPTION_STATUS_CODES:
		return sizeof(struct status_range);
	case OPTION_LIST:
	case OPTION_MAP:
	case OPTION_PAIRS:
		return option->section->size;
	default:
		return 0;
	}
}

const char *option_kind(const struct option *option)
{
	static const char *const kinds[] = {
		[OPTION_BOOL] = "true or false",
		[OPTION_CHOICE] = "a word",
		[OPTION_COUNT] = "a whole number",
		[OPTION_PID] = "a process number",
		[OPTION_PORT] = "a port",
		[OPTION_SIZE] = "a size",
		[OPTION_DURATION] = "a duration",
		[OPTION_NAME] = "a name",
		[OPTION_TEMPLATE] = "a name",
		[OPTION_STRING] = "a word",
		[OPTION_TEXT] = "text",
		[OPTION_BYTES] = "text",
		[OPTION_WORD] = "a word",
		[OPTION_PATH] = "an absolute path",
		[OPTION_FILE] = "a path",
		[OPTION_VARIABLE] = "a variable's name",
		[OPTION_HOST] = "a host name",
		[OPTION_URL] = "a URL",
		[OPTION_PROXY] = "a URL",
		[OPTION_METHOD] = "a method",
		[OPTION_HEADER] = "a header's name",
		[OPTION_VALUE] = "text",
		[OPTION_LABEL] = "a label's name",
		[OPTION_SOURCE] = "an IP address",
		[OPTION_REGEX] = "a regular expression",
		[OPTION_ADDRESS] = "an IP address",
		[OPTION_NETWORK] = "a network",
		[OPTION_ANYTHING] = "anything",
		[OPTION_SECTION] = "a mapping",
		[OPTION_FLAGS] = "a word or a list of them",
		[OPTION_STRINGS] = "a word or a list of them",
		[OPTION_WORDS] = "a word or a list of them",
		[OPTION_FILES] = "a path or a list of them",
		[OPTION_VALUES] = "text or a list of it",
		[OPTION_RESOLVES] = "host:port:address or a list of them",
		[OPTION_COMMS] = "a word or a list of them",
		[OPTION_CONTAINERS] = "a name or id, or a list of them",
		[OPTION_UNITS] = "a unit or a list of them",
		[OPTION_GLOBS] = "a path pattern or a list of them",
		[OPTION_REGEXES] = "a regular expression or a list of them",
		[OPTION_STATUS_CODES] = "a status code or a list of them",
		[OPTION_LIST] = "a mapping or a list of them",
		[OPTION_MAP] = "a mapping of names to mappings",
		[OPTION_PAIRS] = "a mapping of names to values",
	};

	return kinds[option->type];
}
