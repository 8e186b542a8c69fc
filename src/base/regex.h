/*
 * Regular expressions (PCRE2, so also the RE2 syntax of process-exporter and
 * blackbox_exporter). Work per match is limited: an expression or a subject made to explode is
 * "no match".
 */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

/* One thread at a time: matching writes into the object. */
struct regex;

/* 0, or -EINVAL with the reason and the offset in `err`. */
int regex_new(const char *pattern, struct regex **ret_regex, struct error *err) MUST_CHECK;
void regex_free(struct regex *regex); /* takes NULL */

/* True when the expression matches anywhere in the subject (unanchored). */
bool regex_match(const struct regex *regex, struct bytes subject);

/*
 * The text of the group called `name` in the first match: true and a slice of
 * `subject`; false when it does not match, or has no such group, or the group took no part.
 */
bool regex_match_group(const struct regex *regex, struct bytes subject, const char *name,
		       struct bytes *ret_group);
