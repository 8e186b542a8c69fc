/* The configurations that people start from load, and say what they seem to say. */
#include <fcntl.h>

#include "base/file.h"
#include "config/schema.h"
#include "parsing.h"

#define OUTBOUND "config/outbound.yml"

static struct config *load(const char *path)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct config *config = NULL;

	if (config_load(path, &config, &err) < 0)
		printf("# %s\n", error_string(&err));
	return config;
}

TEST(outbound_yml_is_the_defaults)
{
	CLEANUP(free_config) struct config *config = load(OUTBOUND);
	CLEANUP(free_config) struct config *usual = config_default();

	REQUIRE(config);
	CHECK(config_discovers(config));
	CHECK_EQ_U64(config->target_count, 0);
	CHECK_EQ_U64(config->destination_count, 0);
	CHECK_EQ_U64(config->module_count, usual->module_count);
	CHECK_EQ_MEM(&config->collect, &usual->collect, sizeof(usual->collect));
	CHECK_EQ_MEM(&config->discover, &usual->discover, sizeof(usual->discover));
	CHECK_EQ_MEM(&config->detect, &usual->detect, sizeof(usual->detect));
	CHECK_EQ_MEM(&config->limits, &usual->limits, sizeof(usual->limits));
}

/*
 * Takes the # away from examples. What it tells from a comment: no space follows it, or, in the
 * first column, two, the indentation.
 */
static void uncomment(struct bytes from, struct text *to)
{
	struct bytes line;

	while (bytes_take_line(&from, &line)) {
		size_t at = 0;

		while (at < line.length && line.data[at] == ' ')
			at++;
		if (at + 1 < line.length && line.data[at] == '#' &&
		    (line.data[at + 1] != ' ' || (!at && bytes_starts_with(line, "#  ")))) {
			text_append(to, line.data, at);
			line = (struct bytes){ line.data + at + 1, line.length - at - 1 };
		}
		text_append(to, line.data, line.length);
		text_append_char(to, '\n');
	}
}

TEST(what_is_commented_out_in_outbound_yml_loads)
{
	CLEANUP(text_deinit) struct text text = { 0 }, once = { 0 }, twice = { 0 };

	REQUIRE(file_read(AT_FDCWD, OUTBOUND, 1 << 20, &text) == 0);
	uncomment((struct bytes){ text.data, text.length }, &once);
	uncomment((struct bytes){ once.data, once.length }, &twice);
	{
		PARSED(config, text_string(&once));
		CHECK_EQ_U64(config->target_count, 6);
		CHECK_EQ_U64(config->destination_count, 4);
		CHECK_EQ_U64(config->module_count, 2);
		CHECK_EQ_U64(config->regexes.count, 2);
	}
	{
		PARSED(config, text_string(&twice));
		CHECK_EQ_U64(config->regexes.count, 4);
		CHECK(config->modules[0].http.tls.ca_file != NULL);
	}
}

/* What only files of others should have: it is old, or of no use here. */
static bool is_for_others(const struct option *option)
{
	return option->replaced_by || option->is_unsupported || option->type == OPTION_ANYTHING;
}

/* Keys of the table that the text does not have are printed and counted. */
static unsigned missing_keys(const struct section *section, const char *text)
{
	unsigned missing = 0;

	for (const struct option *option = section->options; option->name; option++) {
		CLEANUP(text_deinit) struct text key = { 0 };

		text_printf(&key, "%s:", option->name);
		if (!is_for_others(option) && !strstr(text, text_string(&key))) {
			printf("# %s is missing\n", option->name);
			missing++;
		}
		if (option->section && option->type != OPTION_PAIRS)
			missing += missing_keys(option->section, text);
	}
	return missing;
}

TEST(full_yml_has_every_key)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	REQUIRE(file_read(AT_FDCWD, "config/examples/full.yml", 1 << 20, &text) == 0);
	CHECK_EQ_U64(missing_keys(&schema_root, text_string(&text)), 0);
}

TEST(full_yml)
{
	CLEANUP(free_config) struct config *config = load("config/examples/full.yml");

	REQUIRE(config);
	CHECK_EQ_U64(config->target_count, 8);
	CHECK_EQ_U64(config->destination_count, 6);
	CHECK_EQ_U64(config->module_count, 9);
	CHECK_EQ_DBL(config->destinations[2].probe.interval, 1);
	CHECK_EQ_STR(config->destinations[2].probe.url, "https://old.example.org/");
}

TEST(minimal_yml)
{
	CLEANUP(free_config) struct config *config = load("config/examples/minimal.yml");

	REQUIRE(config);
	CHECK_EQ_U64(config->target_count, 1);
	CHECK_EQ_U64(config->destination_count, 1);
	CHECK(!config_discovers(config));
}

TEST(blackbox_yml)
{
	CLEANUP(free_config) struct config *config = load("config/examples/blackbox.yml");

	REQUIRE(config);
	CHECK(config_discovers(config));
	CHECK_EQ_U64(config->module_count, 5);
	for (size_t i = 0; i < config->module_count; i++)
		CHECK_EQ_STR(config->modules[i].unsupported, NULL);
	CHECK_EQ_STR(config->modules[1].http.basic_auth.password.file,
		     "config/examples/password.txt");
}

TEST(process_exporter_yml)
{
	CLEANUP(free_config)
	struct config *config = load("config/examples/process-exporter.yml");

	REQUIRE(config);
	CHECK_EQ_U64(config->target_count, 4);
	CHECK_EQ_STR(config->targets[2].name, "{{.ExeFull}}:{{.Matches.Cfgfile}}");
}

TEST_MAIN()
