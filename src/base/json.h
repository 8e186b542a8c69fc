/* As much of JSON (RFC 8259) as it takes to find one string in a file that others wrote. */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/text.h"

/*
 * Replaces `value` by the string that belongs to `key` in the object that `json` is; a key of
 * the same name further inside is another one. False when it is not there, or no string, or
 * holds a NUL, or what comes before it is not JSON. Its bytes need not be valid UTF-8.
 */
bool json_find_string(struct bytes json, const char *key, struct text *value) MUST_CHECK;
