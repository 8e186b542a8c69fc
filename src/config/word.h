/* What the text of a string in the configuration may be. */
#pragma once

#include <stdbool.h>

#include "config/schema.h"

/* What is wrong, as the end of a sentence that begins with the text; NULL: nothing. */
const char *word_check(enum option_type type, const char *text);

/* Whether the name of a systemd unit says what it is, ".service" or the like. */
bool word_has_unit_suffix(const char *unit);
