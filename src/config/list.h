/* Lists of plain values, as the table of keys fills them. */
#pragma once

#include <stddef.h>

#include "base/regex.h"

struct string_list {
	const char **items;
	size_t count;
};

struct regex_list {
	struct regex **items; /* owned by the configuration, see its `regexes` */
	size_t count;
};

struct status_range {
	unsigned first, last;
};
