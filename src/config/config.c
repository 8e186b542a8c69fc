#include "config/config.h"

#include <stdlib.h>

#define NAMED_MAX 20 /* modules in one line */

bool config_discovers(const struct config *config)
{
	return config->discover.enabled == DISCOVER_ON ||
	       (config->discover.enabled == DISCOVER_AUTO && !config->target_count);
}

struct config *config_acquire(struct config *config)
{
	atomic_fetch_add(&config->references, 1);
	return config;
}

void config_free(struct config *config)
{
	if (!config || atomic_fetch_sub(&config->references, 1) > 0)
		return;
	for (size_t i = 0; i < config->regexes.count; i++)
		regex_free(config->regexes.items[i]);
	free(config->regexes.items);
	arena_deinit(&config->arena);
	free(config);
}

void config_write_unsupported(const struct config *config, struct text *text)
{
	size_t count = 0;

	for (size_t i = 0; i < config->module_count; i++) {
		const struct module_config *module = &config->modules[i];

		if (module->unsupported && count++ < NAMED_MAX)
			text_printf(text, "%s%s (%s)", count > 1 ? ", " : "", module->name,
				    module->unsupported);
	}
	if (count > NAMED_MAX)
		text_printf(text, " and %zu more", count - NAMED_MAX);
}
