#include "config/option.h"

#include "base/memory.h"
#include "test.h"

/* One value read as a key of this type would be; the message when it is refused, else "". */
static char *read_as(struct option option, const char *text, void *field)
{
	struct arena arena = { 0 };
	struct error err = { 0 };
	int r;

	option.name = "key";
	r = option_read(&option, text, &arena, field, &err);
	CHECK_EQ_INT(r<0, err.text.length> 0);
	if (!r && option.type == OPTION_REGEXES)
		regex_free(*(struct regex **)field);
	arena_deinit(&arena);
	return text_release(&err.text);
}

#define CHECK_READ(option, text, field, expected)                                          \
	do {                                                                               \
		CLEANUP(memory_free_pointer) char *message = read_as(option, text, field); \
		CHECK_EQ_STR(message, expected);                                           \
	} while (0)

#define BETWEEN(option_type, least, most) \
	((struct option){ .type = (option_type), .between = { least, most } })
#define ANY(option_type) ((struct option){ .type = (option_type) })

static void check_duration(const char *text, double expected)
{
	double seconds = -1;

	CHECK_READ(BETWEEN(OPTION_DURATION, "0ms", "1000w"), text, &seconds, "");
	CHECK_EQ_DBL(seconds, expected);
}

TEST(durations)
{
	check_duration("500ms", 0.5);
	check_duration("100ms", 0.1);
	check_duration("5s", 5);
	check_duration("2m", 120);
	check_duration("1h", 3600);
	check_duration("1h30m", 5400);
	check_duration("1d", 86400);
	check_duration("1w2d3h4m5s6ms", 788645.006);
	check_duration("0s", 0);
	check_duration("010s", 10);
}

TEST(durations_that_are_none)
{
	static const char *const wrong[] = { "s",    "5 s",  "1.5s", "5sec", "-5s", "5s5",
					     "1m1h", "1s1s", "5S",   "5µs",  " 5s", "5s " };
	struct option option = BETWEEN(OPTION_DURATION, "1ms", "1h");
	double seconds = -1;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		CLEANUP(memory_free_pointer)
		char *message = read_as(option, wrong[i], &seconds);
		const char *reason = strchr(message + 1, '"');

		REQUIRE(reason);
		CHECK_EQ_STR(reason,
			     strcmp(wrong[i], "5s5") ?
				     "\" is not a duration such as 500ms, 5s, 2m, 1h30m or 1d" :
				     "\" needs a unit, such as \"5s\"");
	}
	CHECK_READ(option, "5", &seconds, "\"5\" needs a unit, such as \"5s\"");
	CHECK_READ(option, "0", &seconds, "\"0\" needs a unit, such as \"5s\"");
	CHECK_EQ_DBL(seconds, -1);
}

TEST(bounds_are_quoted_as_they_are_written)
{
	struct option option = BETWEEN(OPTION_DURATION, "100ms", "1h");
	double seconds = -1;

	CHECK_READ(option, "99ms", &seconds, "\"99ms\" is less than 100ms");
	CHECK_READ(option, "1h1ms", &seconds, "\"1h1ms\" is more than 1h");
	CHECK_READ(option, "99999999999999999999w", &seconds,
		   "\"99999999999999999999w\" is more than 1h");
	CHECK_READ(option, "60m", &seconds, "");
	CHECK_READ(option, "100ms", &seconds, "");
}

TEST(whole_numbers)
{
	struct option option = BETWEEN(OPTION_COUNT, "1", "4000000000");
	unsigned number = 7;

	CHECK_READ(option, "4000000000", &number, "");
	CHECK_EQ_U64(number, 4000000000);
	CHECK_READ(option, "010", &number, "");
	CHECK_EQ_U64(number, 10);
	CHECK_READ(option, "0", &number, "\"0\" is less than 1");
	CHECK_READ(option, "99999999999999999999999", &number,
		   "\"99999999999999999999999\" is more than 4000000000");
	CHECK_READ(option, "-1", &number, "\"-1\" is not a whole number");
	CHECK_READ(option, "1.0", &number, "\"1.0\" is not a whole number");
	CHECK_READ(option, "1e3", &number, "\"1e3\" is not a whole number");
	CHECK_READ(option, "0x10", &number, "\"0x10\" is not a whole number");
	CHECK_READ(option, "", &number, "\"\" is not a whole number");
	CHECK_EQ_U64(number, 10);
}

TEST(ports_and_process_numbers)
{
	uint16_t port = 0;
	pid_t pid = 0;

	CHECK_READ(BETWEEN(OPTION_PORT, "1", "65535"), "65535", &port, "");
	CHECK_EQ_U64(port, 65535);
	CHECK_READ(BETWEEN(OPTION_PORT, "1", "65535"), "65536", &port,
		   "\"65536\" is more than 65535");
	CHECK_READ(BETWEEN(OPTION_PID, "1", "4194304"), "4194304", &pid, "");
	CHECK_EQ_INT(pid, 4194304);
}

static void check_size(const char *text, uint64_t expected)
{
	uint64_t bytes = 0;

	CHECK_READ(BETWEEN(OPTION_SIZE, "0", "1000TiB"), text, &bytes, "");
	CHECK_EQ_U64(bytes, expected);
}

TEST(sizes)
{
	uint64_t bytes = 7;

	check_size("0", 0);
	check_size("512", 512);
	check_size("512B", 512);
	check_size("1kB", 1024);
	check_size("1KB", 1024);
	check_size("10MB", 10485760);
	check_size("2GB", 2147483648);
	check_size("1TB", 1099511627776);
	check_size("1KiB", 1024);
	check_size("1MiB", 1048576);
	check_size("3GiB", 3221225472);
	check_size("1TiB", 1099511627776);
	CHECK_READ(BETWEEN(OPTION_SIZE, "0", "1TB"), "10ZB", &bytes,
		   "\"10ZB\" is not a size such as 4096, 10MB or 1MiB");
	CHECK_READ(BETWEEN(OPTION_SIZE, "0", "1TB"), "MB", &bytes,
		   "\"MB\" is not a size such as 4096, 10MB or 1MiB");
	CHECK_READ(BETWEEN(OPTION_SIZE, "0", "1TB"), "1MB2", &bytes,
		   "\"1MB2\" is not a size such as 4096, 10MB or 1MiB");
	CHECK_READ(BETWEEN(OPTION_SIZE, "1", "1TB"), "2TB", &bytes, "\"2TB\" is more than 1TB");
	CHECK_EQ_U64(bytes, 7);
}

TEST(booleans_are_yaml_1_1_s)
{
	static const char *const yes[] = { "true", "True", "TRUE", "yes", "Yes", "on", "ON" };
	static const char *const no[] = { "false", "False", "FALSE", "no", "No", "off", "OFF" };
	bool value;

	for (size_t i = 0; i < ARRAY_LENGTH(yes); i++) {
		value = false;
		CHECK_READ(ANY(OPTION_BOOL), yes[i], &value, "");
		CHECK(value);
		CHECK_READ(ANY(OPTION_BOOL), no[i], &value, "");
		CHECK(!value);
	}
	CHECK_READ(ANY(OPTION_BOOL), "maybe", &value, "\"maybe\" is neither true nor false");
	CHECK_READ(ANY(OPTION_BOOL), "1", &value, "\"1\" is neither true nor false");
	CHECK_READ(ANY(OPTION_BOOL), "", &value, "\"\" is neither true nor false");
}

static const struct choice fruit[] = { { "apple", 3 },
				       { "pear", 4 },
				       { "plum", 5 },
				       { NULL, 0 } };
static const struct choice automatic[] = { { "auto", 1 }, { "off", 2 }, { NULL, 0 } };
static const struct choice truth[] = { { "auto", 1 },
				       { "true", 2 },
				       { "false", 3 },
				       { NULL, 0 } };

TEST(choices)
{
	int value = 0;

	CHECK_READ(((struct option){ .type = OPTION_CHOICE, .choices = fruit }), "pear", &value,
		   "");
	CHECK_EQ_INT(value, 4);
	CHECK_READ(((struct option){ .type = OPTION_CHOICE, .choices = fruit }), "appel",
		   &value, "\"appel\" is not apple, pear or plum, did you mean \"apple\"?");
	CHECK_READ(((struct option){ .type = OPTION_CHOICE, .choices = fruit }), "yes", &value,
		   "\"yes\" is not apple, pear or plum");
	CHECK_READ(((struct option){ .type = OPTION_CHOICE, .choices = automatic }), "on",
		   &value, "\"on\" is not auto or off");
	CHECK_EQ_INT(value, 4);
}

TEST(off_and_false_are_the_same_word)
{
	int value = 0;

	CHECK_READ(((struct option){ .type = OPTION_CHOICE, .choices = automatic }), "false",
		   &value, "");
	CHECK_EQ_INT(value, 2);
	CHECK_READ(((struct option){ .type = OPTION_CHOICE, .choices = truth }), "off", &value,
		   "");
	CHECK_EQ_INT(value, 3);
	CHECK_READ(((struct option){ .type = OPTION_CHOICE, .choices = truth }), "Yes", &value,
		   "");
	CHECK_EQ_INT(value, 2);
}

#define CHECK_STRING(option_type, text, expected)                      \
	do {                                                           \
		const char *string = NULL;                             \
		CHECK_READ(ANY(option_type), text, &string, expected); \
		CHECK_EQ_INT(string != NULL, (expected)[0] == '\0');   \
	} while (0)

TEST(names)
{
	char name[202];

	memset(name, 'x', sizeof(name));
	name[200] = '\0';
	CHECK_STRING(OPTION_NAME, name, "");
	name[200] = 'x';
	name[201] = '\0';
	CHECK_STRING(OPTION_NAME, name,
		     "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\" is "
		     "longer than 200 bytes");
	CHECK_STRING(OPTION_NAME, "Zahlungen für Käufe", "");
	CHECK_STRING(OPTION_NAME, "a \"quoted\" name", "");
	CHECK_STRING(OPTION_NAME, "", "\"\" is empty");
	CHECK_STRING(OPTION_NAME, "other",
		     "\"other\" is the name of what goes beyond a limit, choose another");
	CHECK_STRING(OPTION_NAME, "others", "");
	CHECK_STRING(OPTION_NAME, "a\nb", "\"a\nb\" holds a control character");
	CHECK_STRING(OPTION_NAME, "{{.Comm}}",
		     "\"{{.Comm}}\" has a template, which only process_names know");
}

TEST(templates)
{
	CHECK_STRING(OPTION_TEMPLATE, "fixed", "");
	CHECK_STRING(OPTION_TEMPLATE, "{{.Comm}}:{{ .ExeBase }}-{{.ExeFull}}{{.Username}}", "");
	CHECK_STRING(OPTION_TEMPLATE, "{{.PID}}{{.StartTime}}{{.Cgroups}}", "");
	CHECK_STRING(OPTION_TEMPLATE, "x{{.Matches.Cfgfile}}", "");
	CHECK_STRING(OPTION_TEMPLATE, "}} {{.Comm}}", "");
	CHECK_STRING(OPTION_TEMPLATE, "{{.Comm", "\"{{.Comm\" has {{ without }}");
	CHECK_STRING(OPTION_TEMPLATE, "other",
		     "\"other\" is the name of what goes beyond a limit, choose another");
	CHECK_STRING(OPTION_TEMPLATE, "{{.Matches.}}",
		     "\"{{.Matches.}}\" has a variable that is none of {{.Comm}}, "
		     "{{.ExeBase}}, {{.ExeFull}}, {{.Username}}, {{.Matches.x}}, {{.PID}}, "
		     "{{.StartTime}} and {{.Cgroups}}");
	CHECK_STRING(OPTION_TEMPLATE, "{{Comm}}",
		     "\"{{Comm}}\" has a variable that is none of {{.Comm}}, {{.ExeBase}}, "
		     "{{.ExeFull}}, {{.Username}}, {{.Matches.x}}, {{.PID}}, {{.StartTime}} "
		     "and {{.Cgroups}}");
}

TEST(paths_are_absolute)
{
	CHECK_STRING(OPTION_PATH, "/run/x.pid", "");
	CHECK_STRING(OPTION_PATH, "x.pid", "\"x.pid\" is not an absolute path");
	CHECK_STRING(OPTION_PATH, "", "\"\" is empty");
}

TEST(host_names)
{
	char name[256];

	CHECK_STRING(OPTION_HOST, "payments.internal", "");
	CHECK_STRING(OPTION_HOST, "db_1.example.org.", "");
	CHECK_STRING(OPTION_HOST, "10.0.0.1", "");
	CHECK_STRING(OPTION_HOST, "a b", "\"a b\" is not a host name");
	CHECK_STRING(OPTION_HOST, "-a", "\"-a\" is not a host name");
	CHECK_STRING(OPTION_HOST, "a:443",
		     "\"a:443\" is not a host name: a port has a key of its own, and so has "
		     "an address");
	CHECK_STRING(OPTION_HOST, "https://user:secret@a/",
		     "\"https://…\" is not a host name: write it without scheme and path");
	memset(name, 'a', sizeof(name));
	name[253] = '\0';
	CHECK_STRING(OPTION_HOST, name, "");
	name[253] = 'a';
	name[254] = '\0';
	CHECK_STRING(OPTION_HOST, name,
		     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…\" is "
		     "not a host name");
}

TEST(methods)
{
	CHECK_STRING(OPTION_METHOD, "GET", "");
	CHECK_STRING(OPTION_METHOD, "PROPFIND", "");
	CHECK_STRING(OPTION_METHOD, "get", "\"get\" is not a method such as GET or HEAD");
	CHECK_STRING(OPTION_METHOD, "GET\r\nX: y",
		     "\"GET\r\nX: y\" is not a method such as GET or HEAD");
}

TEST(addresses_and_networks)
{
	struct prefix prefix = { 0 };

	CHECK_READ(ANY(OPTION_ADDRESS), "10.0.0.5", &prefix, "");
	CHECK_EQ_INT(prefix.bits, 128);
	CHECK_READ(ANY(OPTION_ADDRESS), "::1", &prefix, "");
	CHECK_READ(ANY(OPTION_NETWORK), "10.1.0.0/16", &prefix, "");
	CHECK_EQ_INT(prefix.bits, 112);
	CHECK_READ(ANY(OPTION_NETWORK), "fd00::/8", &prefix, "");
	CHECK_EQ_INT(prefix.bits, 8);
	CHECK_READ(ANY(OPTION_ADDRESS), "10.0.0.0/8", &prefix,
		   "\"10.0.0.0/8\" is not an address such as 10.0.0.5 or fd00::5");
	CHECK_READ(ANY(OPTION_ADDRESS), "10.0.0.256", &prefix,
		   "\"10.0.0.256\" is not an address such as 10.0.0.5 or fd00::5");
	CHECK_READ(ANY(OPTION_NETWORK), "10.0.0.5", &prefix,
		   "\"10.0.0.5\" is not a network such as 10.1.0.0/16 or fd00::/8");
	CHECK_READ(ANY(OPTION_NETWORK), "10.0.0.0/33", &prefix,
		   "\"10.0.0.0/33\" is not a network such as 10.1.0.0/16 or fd00::/8");
	CHECK_READ(ANY(OPTION_NETWORK), "10.0.0.0/8/8", &prefix,
		   "\"10.0.0.0/8/8\" is not a network such as 10.1.0.0/16 or fd00::/8");
}

static void check_status(const char *text, unsigned first, unsigned last)
{
	struct status_range range = { 0, 0 };

	CHECK_READ(ANY(OPTION_STATUS_CODES), text, &range, "");
	CHECK_EQ_U64(range.first, first);
	CHECK_EQ_U64(range.last, last);
}

TEST(status_codes)
{
	static const char *const wrong[] = { "99",   "1000", "2x",	    "20x",
					     "0xx",  "10xx", "abc",	    "299-200",
					     "200-", "-200", "200-299-300", "" };
	struct status_range range;

	check_status("200", 200, 200);
	check_status("200-299", 200, 299);
	check_status("2xx", 200, 299);
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		CLEANUP(memory_free_pointer)
		char *message = read_as(ANY(OPTION_STATUS_CODES), wrong[i], &range);

		CHECK(strstr(message, "is no status code: expected 200, 200-299 or 2xx"));
	}
}

TEST(regular_expressions)
{
	struct regex *regex;

	CHECK_READ(ANY(OPTION_REGEXES), "a(?P<x>b)*$", &regex, "");
	CHECK_READ(ANY(OPTION_REGEXES), "(", &regex,
		   "regular expression \"(\": missing closing parenthesis at offset 1");
}

TEST(element_sizes)
{
	CHECK_EQ_U64(option_element_size(&ANY(OPTION_STRINGS)), sizeof(char *));
	CHECK_EQ_U64(option_element_size(&ANY(OPTION_COMMS)), sizeof(char *));
	CHECK_EQ_U64(option_element_size(&ANY(OPTION_REGEXES)), sizeof(struct regex *));
	CHECK_EQ_U64(option_element_size(&ANY(OPTION_STATUS_CODES)),
		     sizeof(struct status_range));
	CHECK_EQ_U64(option_element_size(&ANY(OPTION_DURATION)), 0);
	CHECK_EQ_U64(option_element_size(&ANY(OPTION_SECTION)), 0);
}

TEST_MAIN()
