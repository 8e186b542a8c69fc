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

/* What is shown of a module loads again and is shown the same, so it is what was read. */
static void check_dump(const char *dump)
{
	struct text yaml = { 0 };
	struct bytes rest = bytes_from_string(dump), line;
	struct error err = { 0 };
	struct config *config = NULL;
	int r;

	text_append_string(&yaml, "modules:\n  m:\n");
	while (bytes_take_line(&rest, &line))
		text_printf(&yaml, "    %.*s\n", (int)line.length, line.data);
	r = config_parse("f", (struct bytes){ yaml.data, yaml.length }, &config, &err);
	assert(!r && !strcmp(config->modules[0].dump, dump));
	config_free(config);
	error_deinit(&err);
	text_deinit(&yaml);
}

static void check_secret(const struct secret_config *secret)
{
	assert(!!secret->text + !!secret->file + !!secret->variable <= 1);
}

static void check_module(const struct module_config *module)
{
	const struct http_module *http = &module->http;

	assert(module->name && module->dump);
	check_secret(&http->basic_auth.username);
	check_secret(&http->basic_auth.password);
	check_secret(&http->authorization.credentials);
	for (size_t i = 0; i < http->header_count; i++)
		assert(http->headers[i].name && *http->headers[i].name);
	if (!module->unsupported && strlen(module->dump) < (1 << 19))
		check_dump(module->dump);
}

static void check_probe(const struct probe_config *probe)
{
	assert(!probe->module->unsupported);
	assert(probe->from_host || probe->from_target);
	assert(probe->from_target == (probe->targets.count > 0));
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
		if (destination->probe.url)
			check_probe(&destination->probe);
	}
	for (size_t i = 0; i < config->module_count; i++)
		check_module(&config->modules[i]);
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
