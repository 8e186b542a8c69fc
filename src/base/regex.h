/*
 * Regular expressions (PCRE2, so also the RE2 syntax of process-exporter and
 * blackbox_exporter). Work per match is limited: an expression or a subject made to explode is
 * "no match".
 */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

/* Unchanged once it is made: any number of threads may match at once. */
struct regex;

/* 0, or -EINVAL with the reason and the offset in `err`. */
int regex_new(const char *pattern, struct regex **ret_regex, struct error *err) MUST_CHECK;
void regex_free(struct regex *regex); /* takes NULL */

/* What it was made of. */
const char *regex_pattern(const struct regex *regex);

/* True when the expression matches anywhere in the subject (unanchored). */
bool regex_match(const struct regex *regex, struct bytes subject);

/*
 * The groups of the first match: the match itself, then those in parentheses, at most
 * `count`; a group that took no part is empty. The number of groups that were written; 0 when
 * it does not match.
 */
size_t regex_match_groups(const struct regex *regex, struct bytes subject,
			  struct bytes *ret_groups, size_t count);

/*
 * The text of the group called `name` in the first match: true and a slice of
 * `subject`; false when it does not match, or has no such group, or the group took no part.
 */
bool regex_match_group(const struct regex *regex, struct bytes subject, const char *name,
		       struct bytes *ret_group);
