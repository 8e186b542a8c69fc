/*
 * Regular expressions (PCRE2, so also the RE2 syntax of process-exporter and
 * blackbox_exporter). What one may cost is limited, whatever the expression and the subject.
 */
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

/*
 * Steps of a match, some 30 ms of CPU: the same ones for the same expression and subject. An
 * expression that begins with a word takes 20 of them a byte, others fewer.
 */
#define REGEX_STEPS_MAX 40000000

#define REGEX_GROUPS_MAX 100

/* Unchanged once it is made: any number of threads may match at once. */
struct regex;

enum regex_result {
	REGEX_MISMATCH,
	REGEX_MATCH,
	REGEX_TOO_EXPENSIVE, /* whether it matches is not known */
};

/* Of a match: itself, then those in parentheses; without data: it took no part. */
struct regex_groups {
	struct bytes items[REGEX_GROUPS_MAX];
	size_t count;
};

/* 0, or -EINVAL with the reason and the offset in `err`. */
int regex_new(const char *pattern, struct regex **ret_regex, struct error *err) MUST_CHECK;
void regex_free(struct regex *regex); /* takes NULL */

/* What it was made of. */
const char *regex_pattern(const struct regex *regex);

/*
 * Whether the expression matches anywhere in the subject (unanchored). `steps` may be taken,
 * and what is left of them is there afterwards, 0 when they did not suffice; NULL:
 * REGEX_STEPS_MAX.
 */
enum regex_result regex_match(const struct regex *regex, struct bytes subject,
			      uint64_t *steps) MUST_CHECK;

/* Likewise; the groups of the first match are slices of `subject`. */
enum regex_result regex_find(const struct regex *regex, struct bytes subject, uint64_t *steps,
			     struct regex_groups *ret_groups) MUST_CHECK;

/* The group called `name`; without data when there is none. */
struct bytes regex_group(const struct regex *regex, const struct regex_groups *groups,
			 const char *name);
bool regex_has_group(const struct regex *regex, const char *name);
