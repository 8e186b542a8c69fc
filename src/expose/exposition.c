/*
 * Formats: prometheus/docs, instrumenting/exposition_formats.md (0.0.4), and the OpenMetrics
 * 1.0 specification. What differs between them, and why samples do not have to:
 *
 * - OpenMetrics names a counter or an info family without its _total or _info, 0.0.4 with it;
 *   the samples carry the suffix in both.
 * - 0.0.4 has no type info; it is a gauge there (promtool rejects the other word).
 * - OpenMetrics wants `le` as a float ("1.0"), 0.0.4 leaves it open; Prometheus before 3 keeps
 *   the text as it is, so both get "1.0" or the series would change with the format.
 * - HELP escapes backslash and newline, in OpenMetrics also the quote; labels escape the three
 *   of them in both.
 *
 * Label values may hold any character of UTF-8, control characters included, so only what is no
 * UTF-8 has to be repaired. Everything is formatted by hand, into room that is reserved once
 * per sample: printf would take most of a tick.
 */
#include "expose/exposition.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"

static const char *const type_names[] = {
	[FAMILY_GAUGE] = "gauge",
	[FAMILY_COUNTER] = "counter",
	[FAMILY_HISTOGRAM] = "histogram",
	[FAMILY_INFO] = "info",
};

const char *family_type_name(enum family_type type)
{
	assert(type < ARRAY_LENGTH(type_names));
	return type_names[type];
}

void exposition_deinit(struct exposition *exposition)
{
	for (size_t i = 0; i < PAGE_FORMAT_COUNT; i++)
		text_deinit(&exposition->text[i]);
	text_deinit(&exposition->bounds);
}

static void append_help(struct text *text, const char *help, bool quote)
{
	for (; *help; help++) {
		if (*help == '\\' || (*help == '"' && quote))
			text_append_char(text, '\\');
		if (*help == '\n')
			text_append_string(text, "\\n");
		else
			text_append_char(text, *help);
	}
}

/* The name of the family in OpenMetrics: without the suffix that its samples carry. */
static size_t openmetrics_length(const struct family *family)
{
	const char *suffix = family->type == FAMILY_COUNTER ? "_total" :
			     family->type == FAMILY_INFO    ? "_info" :
							      "";
	size_t length = strlen(family->name), cut = strlen(suffix);

	assert(length > cut && strcmp(family->name + length - cut, suffix) == 0);
	return length - cut;
}

static void append_about(struct text *text, const char *what, const struct family *family,
			 size_t name_length)
{
	text_append_string(text, what);
	text_append(text, family->name, name_length);
	text_append_char(text, ' ');
}

static void write_head_text(struct text *text, const struct family *family)
{
	enum family_type type = family->type == FAMILY_INFO ? FAMILY_GAUGE : family->type;
	size_t length = strlen(family->name);

	append_about(text, "# HELP ", family, length);
	append_help(text, family->help, false);
	append_about(text, "\n# TYPE ", family, length);
	text_append_string(text, type_names[type]);
	text_append_char(text, '\n');
}

/* The order the specification recommends: TYPE, UNIT, HELP. */
static void write_head_openmetrics(struct text *text, const struct family *family)
{
	size_t length = openmetrics_length(family);

	append_about(text, "# TYPE ", family, length);
	text_append_string(text, type_names[family->type]);
	if (family->unit) {
		append_about(text, "\n# UNIT ", family, length);
		text_append_string(text, family->unit);
	}
	append_about(text, "\n# HELP ", family, length);
	append_help(text, family->help, true);
	text_append_char(text, '\n');
}

void exposition_begin(struct exposition *exposition, const struct family *family)
{
	struct text *text = &exposition->text[PAGE_TEXT];

	assert(!exposition->family);
	exposition->family = family;
	exposition->count = 0;
	exposition->family_at = text->length;
	write_head_text(text, family);
	exposition->samples_at = text->length;
}

static char *put(char *out, const char *string, size_t length)
{
	memcpy(out, string, length);
	return out + length;
}

/* What may stand in a label as it is; the rest is to be escaped or may be no UTF-8. */
static bool is_plain(char c)
{
	return (unsigned char)c < 0x80 && c != '"' && c != '\\' && c != '\n';
}

/* Puts what is at `value`, which is not plain, and moves `value` behind it. */
static char *put_special(char *out, const char **value, const char *end)
{
	bool valid;
	size_t length;

	if ((unsigned char)**value < 0x80) {
		*out++ = '\\';
		*out++ = **value == '\n' ? 'n' : **value;
		*value += 1;
		return out;
	}
	length = utf8_measure(*value, (size_t)(end - *value), &valid);
	if (valid)
		out = put(out, *value, length);
	else
		out = put(out, UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT));
	*value += length;
	return out;
}

static char *put_label(char *out, char before, const char *name, const char *value,
		       size_t length)
{
	const char *end = value + length;

	*out++ = before;
	out = put(out, name, strlen(name));
	out = put(out, "=\"", 2);
	while (value < end) {
		if (is_plain(*value))
			*out++ = *value++;
		else
			out = put_special(out, &value, end);
	}
	*out++ = '"';
	return out;
}

/* What a label takes at most, when all of its bytes are replaced by the three of U+FFFD. */
static size_t label_room(const char *name, size_t length)
{
	return strlen(",=\"\"") + strlen(name) + 3 * length;
}

/* Name, labels and the blank after them; `le` is the text of a bound, NULL: none. */
static struct text *write_series(struct exposition *exposition, const char *suffix,
				 const char *const *labels, const char *le)
{
	const struct family *family = exposition->family;
	struct text *text = &exposition->text[PAGE_TEXT];
	size_t name = strlen(family->name), end = strlen(suffix);
	size_t lengths[FAMILY_LABELS] = { 0 };
	size_t room = name + end + strlen("} ") + (le ? label_room("le", strlen(le)) : 0);
	char before = '{';
	char *out;

	for (size_t i = 0; family->labels[i]; i++) {
		lengths[i] = labels[i] ? strlen(labels[i]) : 0;
		room += label_room(family->labels[i], lengths[i]);
	}
	out = put(text_reserve(text, room), family->name, name);
	out = put(out, suffix, end);
	for (size_t i = 0; family->labels[i]; i++) {
		if (!labels[i])
			continue;
		out = put_label(out, before, family->labels[i], labels[i], lengths[i]);
		before = ',';
	}
	if (le) {
		out = put_label(out, before, "le", le, strlen(le));
		before = ',';
	}
	if (before == ',')
		*out++ = '}';
	*out++ = ' ';
	text->length = (size_t)(out - text->data);
	exposition->count++;
	return text;
}

static void write_value(struct exposition *exposition, const char *suffix,
			const char *const *labels, double value)
{
	struct text *text = write_series(exposition, suffix, labels, NULL);

	text_append_double(text, value);
	text_append_char(text, '\n');
}

void exposition_sample(struct exposition *exposition, const char *const *labels, double value)
{
	if (!isnan(value))
		write_value(exposition, "", labels, value);
}

static void write_count(struct exposition *exposition, const char *suffix,
			const char *const *labels, const char *le, uint64_t value)
{
	struct text *text = write_series(exposition, suffix, labels, le);

	text_append_u64(text, value);
	text_append_char(text, '\n');
}

void exposition_count(struct exposition *exposition, const char *const *labels, uint64_t value)
{
	write_count(exposition, "", labels, NULL, value);
}

/* A float by OpenMetrics' rule: never without a point or an exponent. */
static void append_bound(struct text *text, double bound)
{
	size_t at = text->length;

	text_append_double(text, bound);
	if (isfinite(bound) && !strpbrk(text->data + at, ".e"))
		text_append_string(text, ".0");
	text_append_char(text, '\0');
}

/* The texts of the bounds, one behind the other; made once for all rows of a family. */
static const char *write_bounds(struct exposition *exposition, const double *bounds,
				size_t count)
{
	if (exposition->bounds_family != exposition->family) {
		text_clear(&exposition->bounds);
		for (size_t i = 0; i < count; i++)
			append_bound(&exposition->bounds, bounds[i]);
		append_bound(&exposition->bounds, INFINITY);
		exposition->bounds_family = exposition->family;
	}
	return exposition->bounds.data;
}

void exposition_histogram(struct exposition *exposition, const char *const *labels,
			  const double *bounds, const uint64_t *counts, size_t bound_count,
			  double sum)
{
	const char *le = write_bounds(exposition, bounds, bound_count);
	uint64_t cumulated = 0;

	for (size_t i = 0; i <= bound_count; i++) {
		cumulated += counts[i];
		write_count(exposition, "_bucket", labels, le, cumulated);
		le += strlen(le) + 1;
	}
	write_value(exposition, "_sum", labels, sum);
	write_count(exposition, "_count", labels, NULL, cumulated);
}

/* Samples are written once, behind the head of the first format, and copied to the other. */
static void publish_family(struct exposition *exposition)
{
	const struct text *from = &exposition->text[PAGE_TEXT];
	struct text *to = &exposition->text[PAGE_OPENMETRICS];

	write_head_openmetrics(to, exposition->family);
	text_append(to, from->data + exposition->samples_at,
		    from->length - exposition->samples_at);
	exposition->left -= exposition->count;
}

static void take_back_family(struct exposition *exposition)
{
	struct text *text = &exposition->text[PAGE_TEXT];

	text->length = exposition->family_at;
	text->data[text->length] = '\0';
	exposition->dropped += exposition->count;
}

void exposition_end(struct exposition *exposition)
{
	assert(exposition->family);
	if (exposition->count && exposition->count <= exposition->left)
		publish_family(exposition);
	else
		take_back_family(exposition);
	exposition->family = NULL;
}

void exposition_finish(struct exposition *exposition)
{
	assert(!exposition->family);
	text_append_string(&exposition->text[PAGE_OPENMETRICS], "# EOF\n");
}
