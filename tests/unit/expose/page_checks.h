/* What a page must have, and must not. */
#pragma once

#include "base/text.h"
#include "test.h"

static inline void check_has(const struct text *page, const char *line)
{
	CLEANUP(text_deinit) struct text whole = { 0 };

	text_printf(&whole, "\n%s\n", line);
	if (!strstr(text_string(page), text_string(&whole))) {
		printf("# missing: %s\n", line);
		CHECK(false);
	}
}

static inline void check_lacks(const struct text *page, const char *what)
{
	if (strstr(text_string(page), what)) {
		printf("# unexpected: %s\n", what);
		CHECK(false);
	}
}

static inline bool ends_with(const char *string, const char *end)
{
	size_t length = strlen(string), tail = strlen(end);

	return length >= tail && strcmp(string + length - tail, end) == 0;
}
