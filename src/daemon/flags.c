#include "daemon/flags.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

#ifndef OUTBOUND_VERSION
#define OUTBOUND_VERSION "unknown"
#endif
#ifndef OUTBOUND_REVISION
#define OUTBOUND_REVISION "unknown"
#endif
#ifndef OUTBOUND_BRANCH
#define OUTBOUND_BRANCH "unknown"
#endif

struct flag {
	const char *name;
	const char *argument; /* what its value is; NULL: it takes none */
	const char *fallback; /* as text through the same parser; NULL: none */
	const char *help;
	const char *wanted; /* what a valid value is; NULL: the help says it */
	int (*set)(struct flags *flags, const char *value); /* 0 or -EINVAL */
};

static int set_config_file(struct flags *flags, const char *value)
{
	flags->config_file = value;
	return *value ? 0 : -EINVAL;
}

static int set_check(struct flags *flags, const char *value)
{
	(void)value;
	flags->check = true;
	return 0;
}

static int set_once(struct flags *flags, const char *value)
{
	(void)value;
	flags->once = true;
	return 0;
}

static int set_describe(struct flags *flags, const char *value)
{
	flags->describe = value ? value : "all";
	return 0;
}

static int set_listen(struct flags *flags, const char *value)
{
	if (flags->listen_count == FLAGS_LISTEN_MAX || !strchr(value, ':'))
		return -EINVAL;
	flags->listen[flags->listen_count++] = value;
	return 0;
}

static int set_telemetry_path(struct flags *flags, const char *value)
{
	flags->telemetry_path = value;
	return value[0] == '/' && value[1] ? 0 : -EINVAL;
}

static int set_enable_lifecycle(struct flags *flags, const char *value)
{
	(void)value;
	flags->enable_lifecycle = true;
	return 0;
}

static int set_timeout_offset(struct flags *flags, const char *value)
{
	char *end;

	flags->timeout_offset = strtod(value, &end);
	return end != value && !*end && flags->timeout_offset >= 0 &&
			       flags->timeout_offset <= 60 ?
		       0 :
		       -EINVAL;
}

static int set_procfs(struct flags *flags, const char *value)
{
	flags->procfs = value;
	return *value ? 0 : -EINVAL;
}

static int set_rootfs(struct flags *flags, const char *value)
{
	flags->rootfs = value;
	return *value ? 0 : -EINVAL;
}

static int set_log_level(struct flags *flags, const char *value)
{
	return log_level_parse(value, &flags->log_level);
}

static int set_log_format(struct flags *flags, const char *value)
{
	return log_format_parse(value, &flags->log_format);
}

static int set_version(struct flags *flags, const char *value)
{
	(void)value;
	flags->version = true;
	return 0;
}

static int set_help(struct flags *flags, const char *value)
{
	(void)value;
	flags->help = true;
	return 0;
}

/* THE TABLE. */
static const struct flag table[] = {
	{
		.name = "config.file",
		.argument = "FILE",
		.wanted = "it must be the name of a file",
		.set = set_config_file,
		.help = "Configuration, YAML. Without it every process with an outbound "
			"connection is watched, and nothing is probed.",
	},
	{
		.name = "config.check",
		.set = set_check,
		.help = "Check the configuration, print the mistakes in it, and exit: 0 when "
			"there is none, 1 otherwise. How keys fit together is looked at once "
			"each of them is right.",
	},
	{
		.name = "once",
		.set = set_once,
		.help = "Look once, print the page in the text format, and exit. Configured "
			"probes are run once.",
	},
	{
		.name = "describe",
		.argument = "[=SECTION]",
		.set = set_describe,
		.help = "Print the reference as Markdown and exit. Sections: metrics, config, "
			"flags, sources; all of them when none is named.",
	},
	{
		.name = "web.listen-address",
		.argument = "ADDRESS",
		.set = set_listen,
		.help = "Address to serve on, such as :10063, 127.0.0.1:10063 or [::1]:10063. "
			"Repeatable, up to 16 times. Default: :10063 with a configuration, "
			"127.0.0.1:10063 without.",
	},
	{
		.name = "web.telemetry-path",
		.argument = "PATH",
		.fallback = "/metrics",
		.wanted = "it must begin with a slash, and not be one",
		.set = set_telemetry_path,
		.help = "Path of the metrics.",
	},
	{
		.name = "web.enable-lifecycle",
		.set = set_enable_lifecycle,
		.help = "Answer POST /-/reload. SIGHUP reloads in any case.",
	},
	{
		.name = "timeout-offset",
		.argument = "SECONDS",
		.fallback = "0.5",
		.wanted = "it must be a number of seconds, at most 60",
		.set = set_timeout_offset,
		.help = "How much earlier than the scraper's time is up, by its header "
			"X-Prometheus-Scrape-Timeout-Seconds, GET /probe answers.",
	},
	{
		.name = "path.procfs",
		.argument = "DIR",
		.fallback = "/proc",
		.wanted = "it must be the name of a directory",
		.set = set_procfs,
		.help = "Where procfs is mounted: the host's in a container, or a "
			"recorded tree.",
	},
	{
		.name = "path.rootfs",
		.argument = "DIR",
		.fallback = "/",
		.wanted = "it must be the name of a directory",
		.set = set_rootfs,
		.help = "Where the host's root is mounted in a container: names of containers "
			"are read from /var/log/containers and /var/lib/docker/containers "
			"below it.",
	},
	{
		.name = "log.level",
		.argument = "LEVEL",
		.fallback = "info",
		.set = set_log_level,
		.help = "debug, info, warn or error.",
	},
	{
		.name = "log.format",
		.argument = "FORMAT",
		.fallback = "logfmt",
		.set = set_log_format,
		.help = "logfmt or json; on stderr.",
	},
	{
		.name = "version",
		.set = set_version,
		.help = "Print the version and exit.",
	},
	{
		.name = "help",
		.set = set_help,
		.help = "Print this and exit. Also -h.",
	},
};

static const struct flag *find_flag(struct bytes name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		if (bytes_equal(name, table[i].name))
			return &table[i];
	}
	return NULL;
}

static int unknown_flag(const char *argument, struct bytes name, struct error *err)
{
	CLEANUP(text_deinit) struct text wanted = { 0 };
	struct nearest nearest;

	text_append(&wanted, name.data, name.length);
	nearest_init(&nearest, text_string(&wanted));
	for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
		nearest_offer(&nearest, table[i].name);
	if (nearest.found)
		return error_set(err, -EINVAL, "unknown flag %s, did you mean --%s?", argument,
				 nearest.found);
	return error_set(err, -EINVAL, "unknown flag %s, see --help", argument);
}

static int set_flag(const struct flag *flag, const char *value, struct flags *flags,
		    struct error *err)
{
	if (flag->set(flags, value) < 0)
		return error_set(err, -EINVAL, "--%s: \"%s\" is not a valid value: %s",
				 flag->name, value ? value : "",
				 flag->wanted ? flag->wanted : flag->help);
	return 0;
}

/* "--name=value", "--name value", "--name"; one dash is as good as two. Moves *at on. */
static int parse_argument(int argc, char **argv, int *at, struct flags *flags,
			  struct error *err)
{
	const char *argument = argv[*at], *value = strchr(argument, '=');
	struct bytes name = bytes_from_string(argument + strspn(argument, "-"));
	const struct flag *flag;

	if (argument[0] != '-' || !name.length)
		return error_set(err, -EINVAL, "unexpected argument \"%s\", see --help",
				 argument);
	if (value)
		name.length = (size_t)(value++ - name.data);
	flag = bytes_equal(name, "h") ? find_flag(bytes_from_string("help")) : find_flag(name);
	if (!flag)
		return unknown_flag(argument, name, err);
	if (value && !flag->argument)
		return error_set(err, -EINVAL, "--%s takes no value", flag->name);
	if (!value && flag->argument && flag->argument[0] != '[') {
		if (*at + 1 >= argc)
			return error_set(err, -EINVAL, "--%s needs a value: %s", flag->name,
					 flag->argument);
		value = argv[++*at];
	}
	return set_flag(flag, value, flags, err);
}

int flags_parse(int argc, char **argv, struct flags *ret_flags, struct error *err)
{
	struct flags flags = { 0 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(table) && !r; i++)
		r = table[i].fallback ? set_flag(&table[i], table[i].fallback, &flags, err) : 0;
	for (int at = 1; at < argc && !r; at++)
		r = parse_argument(argc, argv, &at, &flags, err);
	if (r < 0)
		return r;
	if (!flags.listen_count)
		flags.listen[flags.listen_count++] = flags.config_file ? ":10063" :
									 "127.0.0.1:10063";
	*ret_flags = flags;
	return 0;
}

void flags_write_help(struct text *text)
{
	text_append_string(
		text, "Usage: outbound_exporter [--config.file=FILE] [FLAG…]\n\n"
		      "Tells Prometheus which outbound connections a process has and in what "
		      "state, from\noutside, and how the same destinations answer.\n\n");
	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		const struct flag *flag = &table[i];
		const char *equals = flag->argument && flag->argument[0] != '[' ? "=" : "";

		text_printf(text, "  --%s%s%s\n        %s", flag->name, equals,
			    flag->argument ? flag->argument : "", flag->help);
		if (flag->fallback)
			text_printf(text, " Default: %s.", flag->fallback);
		text_append_char(text, '\n');
	}
}

void flags_write_version(struct text *text)
{
	const struct catalog_build *build = flags_build();

	text_printf(text,
		    "outbound_exporter, version %s (branch: %s, revision: %s)\n"
		    "  compiler:         %s\n",
		    build->version, build->branch, build->revision, build->compiler);
}

void flags_describe(struct text *text)
{
	text_append_string(text, "| flag | default | meaning |\n|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		const struct flag *flag = &table[i];
		const char *equals = flag->argument && flag->argument[0] != '[' ? "=" : "";

		text_printf(text, "| `--%s%s%s` | %s%s%s | %s |\n", flag->name, equals,
			    flag->argument ? flag->argument : "", flag->fallback ? "`" : "",
			    flag->fallback ? flag->fallback : "", flag->fallback ? "`" : "",
			    flag->help);
	}
}

const struct catalog_build *flags_build(void)
{
	static const struct catalog_build build = {
		.version = OUTBOUND_VERSION,
		.revision = OUTBOUND_REVISION,
		.branch = OUTBOUND_BRANCH,
#ifdef __clang__
		.compiler = "clang " __clang_version__,
#else
		.compiler = "gcc " __VERSION__,
#endif
	};

	return &build;
}
