/* One value: the text of a scalar → the field of a key, within the key's bounds. */
#pragma once

#include "base/error.h"
#include "config/schema.h"

/*
 * Reads `text` and writes what it means to `field`: for arrays one element of it. Strings are
 * copied to `arena`; a struct regex is the caller's to free. 0, or -EINVAL with what is wrong
 * with it in `err`. Not for OPTION_BYTES, OPTION_ANYTHING and the types with a section; of
 * OPTION_FLAGS it is an int, the offset of a bool.
 */
int option_read(const struct option *option, const char *text, struct arena *arena, void *field,
		struct error *err) MUST_CHECK;

/* Size of an element of an array; 0 for what is none. */
size_t option_element_size(const struct option *option);

/* "a duration", "a word or a list of them": the kind of value that a key has. */
const char *option_kind(const struct option *option);
