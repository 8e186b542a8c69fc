/*
 * The limits are in PCRE2's units (pcre2api(3), "The match context"): calls of the matcher and
 * kilobytes of heap. A command line is at most 2 MB and usually 100 bytes; a sane expression
 * needs a few calls a byte.
 */
#include "base/regex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/memory.h"
#include "base/text.h"

#define MATCH_LIMIT 1000000
#define DEPTH_LIMIT 10000
#define HEAP_LIMIT_KIB 10240
#define FIXES_MAX 16 /* compilations of one pattern */

struct regex {
	pcre2_code *code;
	pcre2_match_context *context;
	char *pattern;
};

static void compile_failed(const char *pattern, int code, size_t offset, struct error *err)
{
	PCRE2_UCHAR message[256];

	if (pcre2_get_error_message(code, message, sizeof(message)) < 0)
		message[0] = '\0';
	error_set(err, -EINVAL, "regular expression \"%s\": %s at offset %zu", pattern,
		  (const char *)message, offset);
}

/*
 * RE2 lets what matches nothing be repeated ("^+OK", in the file that blackbox_exporter comes
 * with), PCRE2 only in parentheses. Length of what stands before a quantifier that PCRE2
 * refused, if it is such a thing, else 0.
 */
static size_t assertion_length(const char *pattern, size_t quantifier)
{
	const char *end = pattern + quantifier;

	if (quantifier >= 2 && end[-2] == '\\' && memchr("AbBz", end[-1], 4))
		return 2;
	return quantifier && (end[-1] == '^' || end[-1] == '$') ? 1 : 0;
}

/* PCRE2 says where a quantifier ends; one in braces begins before that. */
static size_t quantifier_start(const char *pattern, size_t end)
{
	size_t at = end;

	while (pattern[end] == '}' && at && pattern[at] != '{')
		at--;
	return at;
}

/* Replaces the pattern by one with parentheses there. */
static void add_parentheses(struct text *pattern, size_t start, size_t end)
{
	CLEANUP(text_deinit) struct text fixed = { 0 };

	text_printf(&fixed, "%.*s(?:%.*s)%s", (int)start, pattern->data, (int)(end - start),
		    pattern->data + start, pattern->data + end);
	text_clear(pattern);
	text_append(pattern, fixed.data, fixed.length);
}

/* RE2's `$` is the very end, without a newline before it. */
static pcre2_code *compile(const char *original, struct error *err)
{
	CLEANUP(text_deinit) struct text pattern = { 0 };

	text_append_string(&pattern, original);
	for (unsigned fixes = 0;; fixes++) {
		size_t offset, start, length;
		int number;
		pcre2_code *code =
			pcre2_compile((PCRE2_SPTR)text_string(&pattern), PCRE2_ZERO_TERMINATED,
				      PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
					      PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY,
				      &number, &offset, NULL);

		if (code)
			return code;
		start = quantifier_start(text_string(&pattern), offset);
		length = number == PCRE2_ERROR_QUANTIFIER_INVALID && fixes < FIXES_MAX ?
				 assertion_length(pattern.data, start) :
				 0;
		if (!length) {
			compile_failed(text_string(&pattern), number, offset, err);
			return NULL;
		}
		add_parentheses(&pattern, start - length, start);
	}
}

int regex_new(const char *pattern, struct regex **ret_regex, struct error *err)
{
	struct regex *regex;
	pcre2_code *code = compile(pattern, err);

	if (!code)
		return -EINVAL;
	regex = memory_new(1, sizeof(*regex));
	regex->code = code;
	regex->pattern = memory_copy_string(pattern);
	regex->context = pcre2_match_context_create(NULL);
	if (!regex->context)
		abort();
	pcre2_set_match_limit(regex->context, MATCH_LIMIT);
	pcre2_set_depth_limit(regex->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(regex->context, HEAP_LIMIT_KIB);
	*ret_regex = regex;
	return 0;
}

void regex_free(struct regex *regex)
{
	if (!regex)
		return;
	pcre2_match_context_free(regex->context);
	pcre2_code_free(regex->code);
	free(regex->pattern);
	free(regex);
}

const char *regex_pattern(const struct regex *regex)
{
	return regex->pattern;
}

static void free_match(pcre2_match_data **match)
{
	pcre2_match_data_free(*match);
}

/* How many groups there are in the match, with that of the whole; negative: none. */
static int match(const struct regex *regex, struct bytes subject, pcre2_match_data **ret_match)
{
	*ret_match = pcre2_match_data_create_from_pattern(regex->code, NULL);
	if (!*ret_match)
		abort();
	return pcre2_match(regex->code, (PCRE2_SPTR)subject.data, subject.length, 0, 0,
			   *ret_match, regex->context);
}

bool regex_match(const struct regex *regex, struct bytes subject)
{
	CLEANUP(free_match) pcre2_match_data *data = NULL;

	return match(regex, subject, &data) >= 0;
}

static struct bytes group_at(pcre2_match_data *data, struct bytes subject, size_t index)
{
	const PCRE2_SIZE *span = pcre2_get_ovector_pointer(data) + 2 * index;

	if (span[0] == PCRE2_UNSET)
		return (struct bytes){ 0 };
	return (struct bytes){ subject.data + span[0], span[1] - span[0] };
}

size_t regex_match_groups(const struct regex *regex, struct bytes subject,
			  struct bytes *ret_groups, size_t count)
{
	CLEANUP(free_match) pcre2_match_data *data = NULL;
	int found = match(regex, subject, &data);
	size_t groups = 0;

	if (found < 0)
		return 0;
	while (groups < count && groups < pcre2_get_ovector_count(data)) {
		ret_groups[groups] = groups < (size_t)found ? group_at(data, subject, groups) :
							      (struct bytes){ 0 };
		groups++;
	}
	return groups;
}

bool regex_match_group(const struct regex *regex, struct bytes subject, const char *name,
		       struct bytes *ret_group)
{
	CLEANUP(free_match) pcre2_match_data *data = NULL;
	int group;

	if (match(regex, subject, &data) < 0)
		return false;
	group = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);
	if (group < 0)
		return false;
	*ret_group = group_at(data, subject, (size_t)group);
	return ret_group->data != NULL;
}
