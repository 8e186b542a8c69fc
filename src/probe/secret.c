/* A pipe that nobody writes to would stop the thread of all probes: only files are read. */
#include "probe/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"

#define SECRET_MAX ((size_t)64 * 1024)

#define BLANKS " \t\r\n\v\f"

bool secret_is_set(const struct secret_config *secret)
{
	return secret->text || secret->file || secret->variable;
}

int secret_read_file(const char *path, size_t max, struct text *into, struct error *err)
{
	int r = file_read_regular(path, max, into);

	if (r == -EINVAL)
		return error_set(err, r, "%s: not a regular file", path);
	return r < 0 ? error_set(err, r, "%s: %s", path, strerror(-r)) : 0;
}

static void append_trimmed(const struct text *raw, struct text *into)
{
	struct bytes rest = { text_string(raw), raw->length };

	while (rest.length && rest.data[0] && strchr(BLANKS, rest.data[0])) {
		rest.data++;
		rest.length--;
	}
	while (rest.length && rest.data[rest.length - 1] &&
	       strchr(BLANKS, rest.data[rest.length - 1]))
		rest.length--;
	text_append(into, rest.data, rest.length);
}

static int read_variable(const char *name, struct text *into, struct error *err)
{
	const char *value = getenv(name);

	if (!value)
		return error_set(err, -ENOENT, "environment variable %s is not set", name);
	text_append_string(into, value);
	return 0;
}

int secret_read(const struct secret_config *secret, struct text *into, struct error *err)
{
	CLEANUP(text_deinit) struct text raw = { 0 };
	int r;

	if (secret->variable)
		return read_variable(secret->variable, into, err);
	if (!secret->file) {
		text_append_string(into, secret->text ? secret->text : "");
		return 0;
	}
	r = secret_read_file(secret->file, SECRET_MAX, &raw, err);
	if (!r)
		append_trimmed(&raw, into);
	if (raw.data)
		explicit_bzero(raw.data, raw.capacity);
	return r;
}
