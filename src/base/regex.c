/*
 * PCRE2 bounds the calls of its matcher (pcre2api(3), "The match context") anew for each place
 * where a match may begin, and a call may look at all of the subject: "[a-z]+[0-9]" takes n²/2
 * steps for n letters. So each item of the pattern is preceded by a callout (pcre2callout(3)),
 * which counts itself and how far the item before it went, and ends the match when that was too
 * much. It sees all that takes time but for
 * - an item that fails after a fixed number of characters, "[a-z]{1000}", or has to go back for
 *   a lookbehind: that number is known beforehand,
 * - a back reference that fails: no longer than the longest group,
 * - \X, for which flags are counted from the beginning of a row of them each time, and script
 *   runs. RE2 has neither, and they are refused here.
 * Measured with 10.42: a step takes 0.3 to 1.6 ns, with letters that are not ASCII in
 * any case up to 3, and the callouts make a match a third slower: `\w+ is up` on 1 MB of prose
 * takes 24 ms for 17, `"status":\s*"ok"` 1.3 for 1.1.
 */
#include "base/regex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/memory.h"
#include "base/text.h"

#define HEAP_LIMIT_KIB 32768
#define FIXES_MAX 16 /* compilations of one pattern */
#define CALLOUT_STEPS 8

struct regex {
	pcre2_code *code;
	char *pattern;
	uint32_t *prices; /* steps of the item at each place of what was compiled, besides */
	bool refers_back;
};

/* One match. */
struct effort {
	const struct regex *regex;
	pcre2_match_data *data;
	pcre2_match_context *context;
	uint64_t steps; /* left */
	size_t at; /* in the subject */
};

/* While the callouts of a pattern are gone through. */
struct pricing {
	const char *pattern;
	struct regex *regex;
	uint32_t lookbehind; /* characters, the longest */
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

/*
 * RE2's `$` is the very end, without a newline before it. `pattern` becomes what was compiled.
 */
static pcre2_code *compile(struct text *pattern, struct error *err)
{
	for (unsigned fixes = 0;; fixes++) {
		size_t offset, start, length;
		int number;
		pcre2_code *code =
			pcre2_compile((PCRE2_SPTR)text_string(pattern), PCRE2_ZERO_TERMINATED,
				      PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_AUTO_CALLOUT |
					      PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY,
				      &number, &offset, NULL);

		if (code)
			return code;
		start = quantifier_start(text_string(pattern), offset);
		length = number == PCRE2_ERROR_QUANTIFIER_INVALID && fixes < FIXES_MAX ?
				 assertion_length(pattern->data, start) :
				 0;
		if (!length) {
			compile_failed(text_string(pattern), number, offset, err);
			return NULL;
		}
		add_parentheses(pattern, start - length, start);
	}
}

/* How many characters an item of the pattern takes at least, if it says so; otherwise 0. */
static uint32_t fixed_length(struct bytes item)
{
	const char *brace = memrchr(item.data, '{', item.length), *end;
	struct bytes digits;
	uint64_t number;

	/* Not of "\x{2028}", but of "\d{4}". */
	if (!brace || (brace == item.data + 2 && strchr("xopPgkN", item.data[1])))
		return 0;
	for (end = ++brace; end < item.data + item.length && *end >= '0' && *end <= '9';)
		end++;
	digits = (struct bytes){ brace, (size_t)(end - brace) };
	return bytes_parse_u64(digits, 10, &number) && number <= UINT16_MAX ? (uint32_t)number :
									      0;
}

static int set_price(pcre2_callout_enumerate_block *block, void *user)
{
	struct pricing *pricing = user;
	struct bytes item = { pricing->pattern + block->pattern_position,
			      block->next_item_length };

	if (bytes_starts_with(item, "\\X") || bytes_starts_with(item, "(*"))
		return -EINVAL;
	pricing->regex->prices[block->pattern_position] =
		bytes_starts_with(item, "(?<") ? pricing->lookbehind : fixed_length(item);
	return 0;
}

static int set_prices(struct regex *regex, const struct text *pattern, struct error *err)
{
	struct pricing pricing = { .pattern = text_string(pattern), .regex = regex };
	uint32_t references;

	pcre2_pattern_info(regex->code, PCRE2_INFO_MAXLOOKBEHIND, &pricing.lookbehind);
	pcre2_pattern_info(regex->code, PCRE2_INFO_BACKREFMAX, &references);
	regex->refers_back = references > 0;
	regex->prices = memory_new(pattern->length + 1, sizeof(*regex->prices));
	if (!pcre2_callout_enumerate(regex->code, set_price, &pricing))
		return 0;
	error_set(err, -EINVAL, "regular expression \"%s\": \\X and (* are not supported",
		  pricing.pattern);
	return -EINVAL;
}

int regex_new(const char *pattern, struct regex **ret_regex, struct error *err)
{
	CLEANUP(text_deinit) struct text compiled = { 0 };
	struct regex *regex;
	pcre2_code *code;

	text_append_string(&compiled, pattern);
	code = compile(&compiled, err);
	if (!code)
		return -EINVAL;
	regex = memory_new(1, sizeof(*regex));
	regex->code = code;
	regex->pattern = memory_copy_string(pattern);
	if (set_prices(regex, &compiled, err) < 0) {
		regex_free(regex);
		return -EINVAL;
	}
	*ret_regex = regex;
	return 0;
}

void regex_free(struct regex *regex)
{
	if (!regex)
		return;
	pcre2_code_free(regex->code);
	free(regex->pattern);
	free(regex->prices);
	free(regex);
}

const char *regex_pattern(const struct regex *regex)
{
	return regex->pattern;
}

static size_t longest_group(const pcre2_callout_block *block)
{
	const PCRE2_SIZE *ends = block->offset_vector;
	size_t longest = 0;

	for (size_t i = 1; i < block->capture_top; i++) {
		size_t length = ends[2 * i] == PCRE2_UNSET ? 0 : ends[2 * i + 1] - ends[2 * i];

		longest = length > longest ? length : longest;
	}
	return longest;
}

static int count_steps(pcre2_callout_block *block, void *user)
{
	struct effort *effort = user;
	size_t at = block->current_position;
	uint64_t price = effort->regex->prices[block->pattern_position];
	uint64_t steps = CALLOUT_STEPS + price;

	if (at > effort->at)
		steps += at - effort->at;
	if (effort->regex->refers_back)
		steps += block->capture_top + (1 + price) * longest_group(block);
	effort->at = at;
	if (steps >= effort->steps)
		return PCRE2_ERROR_CALLOUT;
	effort->steps -= steps;
	return 0;
}

static void effort_init(struct effort *effort, const struct regex *regex, uint64_t steps)
{
	*effort = (struct effort){
		.regex = regex,
		.data = pcre2_match_data_create_from_pattern(regex->code, NULL),
		.context = pcre2_match_context_create(NULL),
		.steps = steps,
	};
	if (!effort->data || !effort->context)
		abort();
	pcre2_set_heap_limit(effort->context, HEAP_LIMIT_KIB);
	pcre2_set_callout(effort->context, count_steps, effort);
}

static void effort_deinit(struct effort *effort)
{
	pcre2_match_context_free(effort->context);
	pcre2_match_data_free(effort->data);
}

static enum regex_result match(struct effort *effort, struct bytes subject, uint64_t *steps)
{
	int found = pcre2_match(effort->regex->code, (PCRE2_SPTR)subject.data, subject.length,
				0, 0, effort->data, effort->context);
	bool is_known = found >= 0 || found == PCRE2_ERROR_NOMATCH;

	if (steps)
		*steps = is_known ? effort->steps : 0;
	if (!is_known)
		return REGEX_TOO_EXPENSIVE;
	return found >= 0 ? REGEX_MATCH : REGEX_MISMATCH;
}

enum regex_result regex_match(const struct regex *regex, struct bytes subject, uint64_t *steps)
{
	CLEANUP(effort_deinit) struct effort effort;

	effort_init(&effort, regex, steps ? *steps : REGEX_STEPS_MAX);
	return match(&effort, subject, steps);
}

/* A group that took no part is PCRE2_UNSET (pcre2api(3), "How pcre2_match() returns …"). */
static void take_groups(const struct effort *effort, struct bytes subject,
			struct regex_groups *groups)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(effort->data);
	size_t count = pcre2_get_ovector_count(effort->data);

	groups->count = count < REGEX_GROUPS_MAX ? count : REGEX_GROUPS_MAX;
	for (size_t i = 0; i < groups->count; i++) {
		groups->items[i] = (struct bytes){ 0 };
		if (ends[2 * i] != PCRE2_UNSET)
			groups->items[i] = (struct bytes){ subject.data + ends[2 * i],
							   ends[2 * i + 1] - ends[2 * i] };
	}
}

enum regex_result regex_find(const struct regex *regex, struct bytes subject, uint64_t *steps,
			     struct regex_groups *ret_groups)
{
	CLEANUP(effort_deinit) struct effort effort;
	enum regex_result result;

	effort_init(&effort, regex, steps ? *steps : REGEX_STEPS_MAX);
	result = match(&effort, subject, steps);
	if (result == REGEX_MATCH)
		take_groups(&effort, subject, ret_groups);
	return result;
}

static int group_number(const struct regex *regex, const char *name)
{
	return pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);
}

bool regex_has_group(const struct regex *regex, const char *name)
{
	return group_number(regex, name) >= 0;
}

struct bytes regex_group(const struct regex *regex, const struct regex_groups *groups,
			 const char *name)
{
	int number = group_number(regex, name);

	if (number < 0 || (size_t)number >= groups->count)
		return (struct bytes){ 0 };
	return groups->items[number];
}
