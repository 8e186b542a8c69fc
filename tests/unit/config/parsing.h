/* Configurations as text in the tests. In messages the file is called "f". */
#pragma once

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "config/load.h"
#include "test.h"

static inline void free_config(struct config *const *config)
{
	config_free(*config);
}

/* NULL when it does not load; then the messages are printed. */
static inline struct config *parse(struct bytes yaml)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct config *config = NULL;

	if (config_parse("f", yaml, &config, &err) < 0)
		printf("# %s\n", error_string(&err));
	return config;
}

/* The messages; "" when it loads. Free with free(). */
static inline char *complaints(struct bytes yaml)
{
	struct error err = { 0 };
	struct config *config = NULL;
	int r = config_parse("f", yaml, &config, &err);

	CHECK_EQ_INT(r, config ? 0 : -EINVAL);
	config_free(config);
	return text_release(&err.text);
}

/* A variable that holds the configuration until the end of the scope. */
#define PARSED(variable, yaml)                                                         \
	CLEANUP(free_config) struct config *variable = parse(bytes_from_string(yaml)); \
	REQUIRE(variable)

#define CHECK_COMPLAINTS_OF(bytes, expected)                         \
	do {                                                         \
		CLEANUP(memory_free_pointer) char *complaint = NULL; \
		complaint = complaints(bytes);                       \
		CHECK_EQ_STR(complaint, expected);                   \
	} while (0)

#define CHECK_COMPLAINTS(yaml, expected) CHECK_COMPLAINTS_OF(bytes_from_string(yaml), expected)

/* Of literals that hold NULs. */
#define LITERAL(string) ((struct bytes){ string, sizeof(string) - 1 })
