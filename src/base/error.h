/*
 * Why something could not be done, for people. Functions return 0, -errno or a documented
 * positive outcome; a `struct error *err`, always the last parameter and never NULL, carries
 * the sentence to show.
 */
#pragma once

#include "base/text.h"

struct error {
	struct text text; /* one line per problem, the last without a newline */
};

/* An error of all zeroes is valid and empty. Safe as CLEANUP(error_deinit). */
void error_deinit(struct error *err);

/* Forgets what was said so far. */
void error_clear(struct error *err);

/* Adds a line; returns `code` (a -errno), so that callers can write `return error_set(…)`. */
int error_set(struct error *err, int code, const char *format, ...) PRINTF(3, 4);

/* What was said; "" when nothing was. */
const char *error_string(const struct error *err);
