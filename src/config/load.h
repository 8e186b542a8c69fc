/* A YAML file → struct config, or every mistake in it with file:line:column. */
#pragma once

#include "base/error.h"
#include "config/config.h"

/*
 * Reads and checks a file. 0 and a configuration to config_free(); or -errno (-ENOENT and the
 * like when it cannot be read, -EINVAL when it is wrong) with all problems in `err`, one a
 * line: config.yml:3:3: unknown key "intervall", did you mean "interval"?
 */
int config_load(const char *path, struct config **ret_config, struct error *err) MUST_CHECK;

/* The same on text; `name` stands for the file, in messages and for paths relative to it. */
int config_parse(const char *name, struct bytes yaml, struct config **ret_config,
		 struct error *err) MUST_CHECK;

/* The configuration of an empty file: all defaults, hence discovery. */
struct config *config_default(void);
