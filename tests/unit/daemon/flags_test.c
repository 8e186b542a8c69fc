#include "daemon/flags.h"

#include <errno.h>

#include "test.h"

static int parse(struct flags *flags, struct error *err, char **arguments, int count)
{
	char *argv[32] = { (char[]){ "outbound_exporter" } };

	for (int i = 0; i < count; i++)
		argv[i + 1] = arguments[i];
	return flags_parse(count + 1, argv, flags, err);
}

#define PARSE(flags, err, ...)                       \
	parse(flags, err, (char *[]){ __VA_ARGS__ }, \
	      (int)ARRAY_LENGTH(((char *[]){ __VA_ARGS__ })))

#define CHECK_WRONG(message, ...)                                             \
	do {                                                                  \
		CLEANUP(error_deinit) struct error err = { 0 };               \
		struct flags untouched;                                       \
		memset(&untouched, 0x5a, sizeof(untouched));                  \
		CHECK_EQ_INT(PARSE(&untouched, &err, __VA_ARGS__), -EINVAL);  \
		CHECK_EQ_STR(error_string(&err), message);                    \
		CHECK_EQ_INT(*(const unsigned char *)&untouched.check, 0x5a); \
	} while (0)

TEST(defaults)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct flags flags;

	REQUIRE(!parse(&flags, &err, NULL, 0));
	CHECK_EQ_STR(flags.config_file, NULL);
	CHECK_EQ_INT(flags.listen_count, 1);
	CHECK_EQ_STR(flags.listen[0], "127.0.0.1:10063");
	CHECK_EQ_STR(flags.telemetry_path, "/metrics");
	CHECK_EQ_STR(flags.procfs, "/proc");
	CHECK_EQ_STR(flags.rootfs, "/");
	CHECK_EQ_STR(flags.describe, NULL);
	CHECK_EQ_INT(flags.log_level, LOG_INFO);
	CHECK_EQ_INT(flags.log_format, LOG_LOGFMT);
	CHECK(!flags.check && !flags.once && !flags.enable_lifecycle);
	CHECK(!flags.help && !flags.version);
}

/* Without a configuration everything is watched: that is for this machine's eyes only. */
TEST(listens_everywhere_only_with_a_configuration)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct flags flags;

	REQUIRE(!PARSE(&flags, &err, "--config.file=x.yml"));
	CHECK_EQ_STR(flags.config_file, "x.yml");
	CHECK_EQ_STR(flags.listen[0], ":10063");
	REQUIRE(!PARSE(&flags, &err, "--web.listen-address=:1"));
	CHECK_EQ_INT(flags.listen_count, 1);
	CHECK_EQ_STR(flags.listen[0], ":1");
}

TEST(every_flag)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct flags flags;

	REQUIRE(!PARSE(&flags, &err, "--config.file=a=b.yml", "--config.check", "--once",
		       "--web.listen-address=[::1]:1", "--web.listen-address", "127.0.0.1:2",
		       "--web.telemetry-path=/m", "--web.enable-lifecycle", "--path.procfs=/p",
		       "--path.rootfs=/r", "--log.level=debug", "--log.format=json",
		       "--version", "--help"));
	CHECK_EQ_STR(flags.config_file, "a=b.yml");
	CHECK(flags.check && flags.once && flags.enable_lifecycle);
	CHECK_EQ_INT(flags.listen_count, 2);
	CHECK_EQ_STR(flags.listen[0], "[::1]:1");
	CHECK_EQ_STR(flags.listen[1], "127.0.0.1:2");
	CHECK_EQ_STR(flags.telemetry_path, "/m");
	CHECK_EQ_STR(flags.procfs, "/p");
	CHECK_EQ_STR(flags.rootfs, "/r");
	CHECK_EQ_INT(flags.log_level, LOG_DEBUG);
	CHECK_EQ_INT(flags.log_format, LOG_JSON);
	CHECK(flags.version && flags.help);
}

/* As Go's flag package has it: one dash is as good as two, a value may come behind a blank. */
TEST(spellings)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct flags flags;

	REQUIRE(!PARSE(&flags, &err, "-config.file", "x.yml", "-h", "-once"));
	CHECK_EQ_STR(flags.config_file, "x.yml");
	CHECK(flags.help && flags.once);
}

TEST(sections_are_optional)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct flags flags;

	REQUIRE(!PARSE(&flags, &err, "--describe"));
	CHECK_EQ_STR(flags.describe, "all");
	REQUIRE(!PARSE(&flags, &err, "--describe=metrics"));
	CHECK_EQ_STR(flags.describe, "metrics");
	/* Not "--describe once". */
	REQUIRE(!PARSE(&flags, &err, "--describe", "--once"));
	CHECK_EQ_STR(flags.describe, "all");
	CHECK(flags.once);
}

TEST(unknown_flags)
{
	CHECK_WRONG("unknown flag --config.fil=x, did you mean --config.file?",
		    "--config.fil=x");
	CHECK_WRONG("unknown flag --onc, did you mean --once?", "--onc");
	CHECK_WRONG("unknown flag --web.listen, see --help", "--web.listen");
	CHECK_WRONG("unknown flag --kubernetes, see --help", "--kubernetes");
}

TEST(values_that_are_missing_or_too_many)
{
	CHECK_WRONG("--config.file needs a value: FILE", "--config.file");
	CHECK_WRONG("--log.level needs a value: LEVEL", "--once", "--log.level");
	CHECK_WRONG("--once takes no value", "--once=yes");
	CHECK_WRONG("unexpected argument \"status\", see --help", "status");
	CHECK_WRONG("unexpected argument \"\", see --help", "");
	CHECK_WRONG("unexpected argument \"-\", see --help", "-");
	CHECK_WRONG("unexpected argument \"--\", see --help", "--");
}

TEST(values_that_are_wrong)
{
	CHECK_WRONG("--log.level: \"loud\" is not a valid value: debug, info, warn or error.",
		    "--log.level=loud");
	CHECK_WRONG("--log.format: \"xml\" is not a valid value: logfmt or json; on stderr.",
		    "--log.format", "xml");
	CHECK_WRONG(
		"--web.telemetry-path: \"metrics\" is not a valid value: it must begin with a "
		"slash, and not be one",
		"--web.telemetry-path=metrics");
	CHECK_WRONG("--web.telemetry-path: \"/\" is not a valid value: it must begin with a "
		    "slash, and not be one",
		    "--web.telemetry-path=/");
	CHECK_WRONG(
		"--path.procfs: \"\" is not a valid value: it must be the name of a directory",
		"--path.procfs=");
	CHECK_WRONG(
		"--path.rootfs: \"\" is not a valid value: it must be the name of a directory",
		"--path.rootfs=");
	CHECK_WRONG("--config.file: \"\" is not a valid value: it must be the name of a file",
		    "--config.file=");
}

TEST(addresses)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	char *many[FLAGS_LISTEN_MAX + 1], address[] = "--web.listen-address=:1",
					  wrong[] = "--web.listen-address=10063";
	struct flags flags;

	for (int i = 0; i <= FLAGS_LISTEN_MAX; i++)
		many[i] = address;
	CHECK_EQ_INT(parse(&flags, &err, many, FLAGS_LISTEN_MAX), 0);
	CHECK_EQ_INT(flags.listen_count, FLAGS_LISTEN_MAX);
	CHECK_EQ_INT(parse(&flags, &err, many, FLAGS_LISTEN_MAX + 1), -EINVAL);
	CHECK(strstr(error_string(&err), "up to 16 times") != NULL);
	error_clear(&err);
	many[0] = wrong;
	CHECK_EQ_INT(parse(&flags, &err, many, 1), -EINVAL);
	CHECK(strstr(error_string(&err), "\"10063\" is not a valid value") != NULL);
}

TEST(help_and_reference_name_every_flag)
{
	static const char *const names[] = {
		"config.file",
		"config.check",
		"once",
		"describe",
		"web.listen-address",
		"web.telemetry-path",
		"web.enable-lifecycle",
		"path.procfs",
		"path.rootfs",
		"log.level",
		"log.format",
		"version",
		"help",
	};
	CLEANUP(text_deinit) struct text help = { 0 }, reference = { 0 };

	flags_write_help(&help);
	flags_describe(&reference);
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		CLEANUP(text_deinit) struct text in_help = { 0 }, in_reference = { 0 };

		text_printf(&in_help, "\n  --%s", names[i]);
		text_printf(&in_reference, "\n| `--%s", names[i]);
		CHECK(strstr(text_string(&help), text_string(&in_help)) != NULL);
		CHECK(strstr(text_string(&reference), text_string(&in_reference)) != NULL);
	}
	CHECK(strstr(text_string(&help), "Default: /metrics.\n") != NULL);
	CHECK(strstr(text_string(&reference), "| `/proc` |") != NULL);
}

TEST(the_version_is_told_as_prometheus_does)
{
	CLEANUP(text_deinit) struct text version = { 0 };
	const char *start = "outbound_exporter, version ";

	flags_write_version(&version);
	CHECK(!strncmp(text_string(&version), start, strlen(start)));
	CHECK(strstr(text_string(&version), "revision: ") != NULL);
	CHECK(strcmp(flags_build()->version, "unknown") != 0);
	CHECK(*flags_build()->compiler);
}

TEST_MAIN()
