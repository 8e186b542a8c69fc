/*
 * What Go's regexp.Expand makes of a template: "$1", "${1}", "$name", "${name}" are groups of
 * a match, "$$" is a dollar sign; a group that is not there is empty.
 */
#pragma once

#include "base/bytes.h"
#include "base/regex.h"
#include "base/text.h"

/*
 * Appends `template` to `ret_text` with the groups of a match of `regex`. 0, or -E2BIG when the
 * text would become longer than `max`; then some of it is there.
 */
int expand_template(struct bytes template, const struct regex *regex,
		    const struct regex_groups *groups, size_t max,
		    struct text *ret_text) MUST_CHECK;
