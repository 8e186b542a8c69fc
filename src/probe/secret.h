/*
 * What only a server is to know: it is read when it is needed, and never shown. Errors name
 * where it should be, not what it is.
 */
#pragma once

#include "base/error.h"
#include "config/module.h"

/* Whether the configuration names one. */
bool secret_is_set(const struct secret_config *secret);

/*
 * Appends it; a file's without the blanks around it, as Prometheus does. Nothing when none is
 * set. 0 or -errno.
 */
int secret_read(const struct secret_config *secret, struct text *into,
		struct error *err) MUST_CHECK;

/* Appends a regular file of at most `max` bytes as it is. 0 or -errno. */
int secret_read_file(const char *path, size_t max, struct text *into,
		     struct error *err) MUST_CHECK;
