/* The gzip format (RFC 1952). */
#pragma once

#include "base/text.h"

/* Appends `length` bytes of `data` as one gzip member, at zlib's fastest level. */
void gzip_append(struct text *text, const char *data, size_t length);
