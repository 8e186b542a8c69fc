/*
 * Any bytes as a configuration file: it loads or it says why, never both, and every line that
 * it says is about that file.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(struct bytes message)
{
	struct bytes line;
	unsigned lines = 0;

	while (bytes_take_line(&message, &line)) {
		assert(bytes_starts_with(line, "f:") || bytes_starts_with(line, "and "));
		lines++;
	}
	assert(lines >= 1 && lines <= 21);
}

/* What the rest of the program relies on. */
static void check_config(const struct config *config)
{
	for (size_t i = 0; i < config->target_count; i++) {
		assert(config->targets[i].name && *config->targets[i].name);
		assert(config->targets[i].match_count > 0);
	}
	for (size_t i = 0; i < config->destination_count; i++) {
		const struct destination_config *destination = &config->destinations[i];

		assert(destination->name && *destination->name);
		assert(destination->host || destination->has_prefix || destination->port);
		assert(!destination->probe.url == !destination->probe.module);
		assert(destination->probe.timeout <= destination->probe.interval);
	}
	assert(config->module_count >= 2 && config->collect.interval > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes yaml = { (const char *)data, size };
	struct error err = { 0 };
	struct config *config = NULL;
	int r = config_parse("f", yaml, &config, &err);

	if (r) {
		assert(r == -EINVAL && !config);
		check_message((struct bytes){ text_string(&err.text), err.text.length });
	} else {
		assert(config && !err.text.length);
		check_config(config);
	}
	config_free(config);
	error_deinit(&err);
	return 0;
}
