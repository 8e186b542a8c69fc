/*
 * A piece of memory that is read and never owned, and what a parser of kernel text needs to
 * walk it. Nothing here reads past the end, and nothing needs a terminating NUL.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

struct bytes {
	const char *data;
	size_t length;
};

struct bytes bytes_from_string(const char *string);
bool bytes_equal(struct bytes bytes, const char *string);
bool bytes_starts_with(struct bytes bytes, const char *prefix);

/* Takes the next line off the front, without its newline; false when nothing is left. */
bool bytes_take_line(struct bytes *rest, struct bytes *ret_line);

/* Takes the next run of non-blanks (space, tab) off the front; false when nothing is left. */
bool bytes_take_word(struct bytes *rest, struct bytes *ret_word);

/* Takes everything up to `separator` off the front, and the separator; false when it is absent.
 */
bool bytes_take_until(struct bytes *rest, char separator, struct bytes *ret_head);

/*
 * The whole of `bytes` as an unsigned number in base 10 or 16 (digits only, no sign, no
 * prefix). False when empty, when there is anything else, or on overflow.
 */
bool bytes_parse_u64(struct bytes bytes, unsigned base, uint64_t *ret_value) MUST_CHECK;
