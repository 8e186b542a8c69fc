#include "config/config.h"

#include <stdlib.h>

bool config_discovers(const struct config *config)
{
	return config->discover.enabled == DISCOVER_ON ||
	       (config->discover.enabled == DISCOVER_AUTO && !config->target_count);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->regexes.count; i++)
		regex_free(config->regexes.items[i]);
	free(config->regexes.items);
	arena_deinit(&config->arena);
	free(config);
}
