/*
 * A media range is matched as Prometheus' own libraries do (prometheus/common, expfmt): the
 * parameters decide, not only the type, and what is unknown is ignored.
 *
 * - Highest q first, equal ones in their order. q=0 is "not acceptable"; a q that is no number
 *   counts as 1.
 * - OpenMetrics without a version means 0.0.1, which nobody serves any more; text/plain without
 *   one is 0.0.4.
 * - "text/plain;version=1.0.0" (Prometheus 3) is not 0.0.4 and is passed over.
 */
#include "expose/accept.h"

#include <string.h>
#include <strings.h>

enum { QUALITY_MAX = 1000 };

static const char *const escaping_names[ACCEPT_ESCAPING_COUNT] = {
	[ACCEPT_ESCAPING_ALLOW_UTF8] = "allow-utf-8",
	[ACCEPT_ESCAPING_UNDERSCORES] = "underscores",
	[ACCEPT_ESCAPING_DOTS] = "dots",
	[ACCEPT_ESCAPING_VALUES] = "values",
};

static const char *const content_types[PAGE_FORMAT_COUNT][ACCEPT_ESCAPING_COUNT] = {
#define TYPES(type)                                                                 \
	{                                                                           \
		type, type "; escaping=allow-utf-8", type "; escaping=underscores", \
			type "; escaping=dots", type "; escaping=values"            \
	}
	[PAGE_TEXT] = TYPES("text/plain; version=0.0.4; charset=utf-8"),
	[PAGE_OPENMETRICS] =
		TYPES("application/openmetrics-text; version=1.0.0; charset=utf-8"),
#undef TYPES
};

/* One element of a header: what it names, and the parameters that matter here. */
struct range {
	struct bytes name, version;
	enum accept_escaping escaping;
	unsigned quality; /* thousandths */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct bytes trim(struct bytes bytes)
{
	while (bytes.length && is_blank(bytes.data[0])) {
		bytes.data++;
		bytes.length--;
	}
	while (bytes.length && is_blank(bytes.data[bytes.length - 1]))
		bytes.length--;
	return bytes;
}

static struct bytes unquote(struct bytes bytes)
{
	if (bytes.length >= 2 && bytes.data[0] == '"' && bytes.data[bytes.length - 1] == '"')
		return (struct bytes){ bytes.data + 1, bytes.length - 2 };
	return bytes;
}

static bool is_name(struct bytes bytes, const char *name)
{
	return bytes.length == strlen(name) && strncasecmp(bytes.data, name, bytes.length) == 0;
}

/* Takes the next part off the front; separators within quotes do not count. */
static bool take_part(struct bytes *rest, char separator, struct bytes *ret_part)
{
	bool quoted = false;
	size_t at = 0;

	if (!rest->data)
		return false;
	while (at < rest->length && (quoted || rest->data[at] != separator)) {
		if (rest->data[at] == '"')
			quoted = !quoted;
		else if (quoted && rest->data[at] == '\\' && at + 1 < rest->length)
			at++;
		at++;
	}
	*ret_part = trim((struct bytes){ rest->data, at });
	if (at == rest->length)
		*rest = (struct bytes){ 0 };
	else
		*rest = (struct bytes){ rest->data + at + 1, rest->length - at - 1 };
	return true;
}

/* "1", "0.5", "0.125" in thousandths. */
static unsigned parse_quality(struct bytes bytes)
{
	unsigned value = 0, digit = QUALITY_MAX;

	for (size_t i = 0; i < bytes.length; i++) {
		char c = bytes.data[i];

		if (i == 1 && c == '.')
			continue;
		if (c < '0' || c > '9' || (i == 0 && c > '1'))
			return QUALITY_MAX;
		value += (unsigned)(c - '0') * digit;
		digit /= 10;
	}
	return bytes.length && value < QUALITY_MAX ? value : QUALITY_MAX;
}

static enum accept_escaping parse_escaping(struct bytes bytes)
{
	for (int i = ACCEPT_ESCAPING_ABSENT + 1; i < ACCEPT_ESCAPING_COUNT; i++)
		if (is_name(bytes, escaping_names[i]))
			return (enum accept_escaping)i;
	return ACCEPT_ESCAPING_ABSENT;
}

static void parse_parameter(struct bytes parameter, struct range *range)
{
	struct bytes name, value;

	if (!take_part(&parameter, '=', &name) || !take_part(&parameter, '=', &value))
		return;
	value = unquote(value);
	if (is_name(name, "q"))
		range->quality = parse_quality(value);
	else if (is_name(name, "version"))
		range->version = value;
	else if (is_name(name, "escaping"))
		range->escaping = parse_escaping(value);
}

static bool take_range(struct bytes *rest, struct range *ret_range)
{
	struct range range = { .quality = QUALITY_MAX };
	struct bytes element, parameter;

	if (!take_part(rest, ',', &element) || !take_part(&element, ';', &range.name))
		return false;
	while (take_part(&element, ';', &parameter))
		parse_parameter(parameter, &range);
	*ret_range = range;
	return true;
}

static bool match_format(const struct range *range, enum page_format *ret_format)
{
	if (is_name(range->name, "application/openmetrics-text")) {
		*ret_format = PAGE_OPENMETRICS;
		return is_name(range->version, "1.0.0");
	}
	*ret_format = PAGE_TEXT;
	if (is_name(range->name, "text/plain"))
		return !range->version.length || is_name(range->version, "0.0.4");
	return is_name(range->name, "text/*") || is_name(range->name, "*/*");
}

struct accept accept_parse(const char *header)
{
	struct bytes rest = { header, header ? strlen(header) : 0 };
	struct accept best = { PAGE_TEXT, ACCEPT_ESCAPING_ABSENT };
	unsigned best_quality = 0;
	struct range range;

	while (take_range(&rest, &range)) {
		enum page_format format;

		if (range.quality <= best_quality || !match_format(&range, &format))
			continue;
		best = (struct accept){ format, range.escaping };
		best_quality = range.quality;
	}
	return best;
}

const char *accept_content_type(struct accept accept)
{
	return content_types[accept.format][accept.escaping];
}

bool accept_gzip(const char *header)
{
	struct bytes rest = { header, header ? strlen(header) : 0 };
	unsigned gzip = 0, any = 0, identity = 0;
	bool named = false;
	struct range range;

	while (take_range(&rest, &range)) {
		if (is_name(range.name, "gzip") || is_name(range.name, "x-gzip")) {
			gzip = range.quality;
			named = true;
		} else if (is_name(range.name, "*")) {
			any = range.quality;
		} else if (is_name(range.name, "identity")) {
			identity = range.quality;
		}
	}
	if (!named)
		gzip = any;
	return gzip && gzip >= identity;
}
