/* outbound_exporter: which of its outbound connections a service leaks, and who is to blame. */
#include <stdio.h>
#include <string.h>

#include "config/describe.h"
#include "config/load.h"
#include "daemon/daemon.h"
#include "source/source.h"

#define EXIT_USAGE 64 /* sysexits.h */

static int print(struct text *text)
{
	size_t written = fwrite(text_string(text), 1, text->length, stdout);

	return written == text->length && !fflush(stdout) ? 0 : 1;
}

static const struct section {
	const char *name, *title;
	void (*describe)(struct text *text);
} sections[] = {
	{ "metrics", "Metrics", catalog_describe },
	{ "config", "Configuration", describe_config },
	{ "flags", "Flags", flags_describe },
	{ "sources", "Sources", sources_describe },
};

static int describe(const char *wanted)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	bool all = !strcmp(wanted, "all");

	for (size_t i = 0; i < ARRAY_LENGTH(sections); i++) {
		if (!all && strcmp(wanted, sections[i].name) != 0)
			continue;
		if (all)
			text_printf(&text, "%s## %s\n\n", text.length ? "\n" : "",
				    sections[i].title);
		sections[i].describe(&text);
	}
	if (text.length)
		return print(&text);
	fprintf(stderr, "outbound_exporter: --describe knows no section \"%s\", see --help\n",
		wanted);
	return EXIT_USAGE;
}

static int load(const struct flags *flags, struct config **ret_config)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	int r;

	if (!flags->config_file) {
		*ret_config = config_default();
		return 0;
	}
	r = config_load(flags->config_file, ret_config, &err);
	if (r < 0)
		fprintf(stderr, "%s\n", error_string(&err));
	return r;
}

static int check(const struct flags *flags, const struct config *config)
{
	CLEANUP(text_deinit) struct text modules = { 0 };

	if (!flags->config_file) {
		printf("no --config.file given: the defaults are valid\n");
		return 0;
	}
	config_write_unsupported(config, &modules);
	printf("%s: the configuration is valid\n", flags->config_file);
	if (modules.length)
		printf("%s: modules that cannot be used: %s\n", flags->config_file,
		       text_string(&modules));
	return 0;
}

static int run(const struct flags *flags, char **argv)
{
	struct config *config;
	int r;

	if (load(flags, &config) < 0)
		return 1;
	if (flags->check) {
		r = check(flags, config);
		config_free(config);
		return r;
	}
	return flags->once ? daemon_once(flags, config, argv) : daemon_run(flags, config, argv);
}

int main(int argc, char **argv)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text text = { 0 };
	struct flags flags;

	if (flags_parse(argc, argv, &flags, &err) < 0) {
		fprintf(stderr, "outbound_exporter: %s\n", error_string(&err));
		return EXIT_USAGE;
	}
	log_init(flags.log_level, flags.log_format);
	if (flags.help)
		flags_write_help(&text);
	else if (flags.version)
		flags_write_version(&text);
	if (text.length)
		return print(&text);
	if (flags.describe)
		return describe(flags.describe);
	return run(&flags, argv);
}
