/* The command line: THE TABLE of flags, in node_exporter's style. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"
#include "expose/catalog.h"

#define FLAGS_LISTEN_MAX 16

struct flags {
	const char *config_file; /* NULL: discovery */
	const char *listen[FLAGS_LISTEN_MAX];
	size_t listen_count;
	const char *telemetry_path, *procfs, *rootfs;
	double timeout_offset; /* seconds */
	const char *describe; /* NULL, or the section asked for */
	enum log_level log_level;
	enum log_format log_format;
	bool check, once, enable_lifecycle, help, version;
};

/*
 * Parses argv; strings point into it. 0, or -EINVAL with a message that names the flag and the
 * nearest one. Defaults are filled in.
 */
int flags_parse(int argc, char **argv, struct flags *ret_flags, struct error *err) MUST_CHECK;

/* Appends the text of --help, of --version, or a Markdown table. */
void flags_write_help(struct text *text);
void flags_write_version(struct text *text);
void flags_describe(struct text *text);

/* What this binary was built from. */
const struct catalog_build *flags_build(void);
