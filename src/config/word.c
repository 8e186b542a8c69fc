/*
 * Units are named as systemd.unit(5) says; of its kinds only these have processes
 * (systemd.kill(5)), beside slices, which have those of what is in them.
 */
#include "config/word.h"

#include <string.h>

#include "base/bytes.h"
#include "config/url.h"

#define NAME_BYTES_MAX 200
#define HOST_BYTES_MAX 253 /* RFC 1035, 2.3.4, less the length bytes at both ends */
#define UNIT_BYTES_MAX 255 /* UNIT_NAME_MAX in systemd's src/basic/unit-name.h, less the NUL */

static bool has_control_character(const char *text)
{
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return true;
	}
	return false;
}

static const char *check_name(const char *text)
{
	size_t length = strlen(text);

	if (length > NAME_BYTES_MAX)
		return "is longer than 200 bytes";
	if (!strcmp(text, "other"))
		return "is the name of what goes beyond a limit, choose another";
	return has_control_character(text) ? "holds a control character" : NULL;
}

/* The body of {{ .Variable }}. */
static bool is_variable(struct bytes body)
{
	static const char *const variables[] = { ".Comm", ".ExeBase",	".ExeFull", ".Username",
						 ".PID",  ".StartTime", ".Cgroups" };

	while (body.length && *body.data == ' ')
		body = (struct bytes){ body.data + 1, body.length - 1 };
	while (body.length && body.data[body.length - 1] == ' ')
		body.length--;
	for (size_t i = 0; i < ARRAY_LENGTH(variables); i++) {
		if (bytes_equal(body, variables[i]))
			return true;
	}
	return bytes_starts_with(body, ".Matches.") && body.length > strlen(".Matches.") &&
	       !memchr(body.data, ' ', body.length);
}

static const char *check_template(const char *text)
{
	const char *wrong = check_name(text), *open = text, *close;

	while (!wrong && (open = strstr(open, "{{"))) {
		close = strstr(open, "}}");
		if (!close)
			return "has {{ without }}";
		if (!is_variable((struct bytes){ open + 2, (size_t)(close - open - 2) }))
			return "has a variable that is none of {{.Comm}}, {{.ExeBase}}, "
			       "{{.ExeFull}}, {{.Username}}, {{.Matches.x}}, {{.PID}}, "
			       "{{.StartTime}} and {{.Cgroups}}";
		open = close + 2;
	}
	return wrong;
}

static const char *check_host(const char *text)
{
	size_t length = strlen(text);

	if (strchr(text, '/'))
		return "is not a host name: write it without scheme and path";
	if (strchr(text, ':'))
		return "is not a host name: a port has a key of its own, and so has an address";
	if (length > HOST_BYTES_MAX || !url_is_host((struct bytes){ text, length }))
		return "is not a host name";
	return NULL;
}

/* A method is a token (RFC 9110, 5.6.2); the ones in use are upper-case words. */
static const char *check_method(const char *text)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return length && !text[length] && length <= 32 ? NULL :
							 "is not a method such as GET or HEAD";
}

bool word_has_unit_suffix(const char *unit)
{
	static const char *const suffixes[] = { ".service", ".scope",  ".slice",    ".socket",
						".mount",   ".swap",   ".timer",    ".target",
						".path",    ".device", ".automount" };
	const char *dot = strrchr(unit, '.');

	for (size_t i = 0; dot && i < ARRAY_LENGTH(suffixes); i++) {
		if (!strcmp(dot, suffixes[i]))
			return true;
	}
	return false;
}

/* Of a text that has a suffix. */
static bool can_have_processes(const char *unit)
{
	static const char *const without[] = { ".timer", ".target", ".path", ".device",
					       ".automount" };
	const char *dot = strrchr(unit, '.');

	for (size_t i = 0; i < ARRAY_LENGTH(without); i++) {
		if (!strcmp(dot, without[i]))
			return false;
	}
	return true;
}

/* The characters of unit names, and those of patterns. */
static const char *check_unit(const char *text)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789:-_.\\@*?[]!";
	bool has_suffix = word_has_unit_suffix(text);
	size_t length = strlen(text);
	size_t stem = has_suffix ? (size_t)(strrchr(text, '.') - text) : length;

	if (strchr(text, '/'))
		return "is not a systemd unit: a path is for the key cgroup";
	if (!stem || strspn(text, characters) != length)
		return "is not the name of a systemd unit";
	if (stem + strlen(".service") > UNIT_BYTES_MAX)
		return "is longer than the name of a unit can be";
	if (text[stem - 1] == '@')
		return "is a template, of which only instances run: name one, or write @*";
	if (has_suffix && !can_have_processes(text))
		return "has no processes: the service that it is about has";
	return NULL;
}

static const char *check_container(const char *text)
{
	if (strchr(text, '/'))
		return "is not the name or id of a container: write it without a slash";
	if (strchr(text, ' ') || has_control_character(text))
		return "is not the name or id of a container";
	return NULL;
}

/* Stars within a component are fnmatch(3)'s; two of them there are a mistake. */
static const char *check_glob(const char *text)
{
	if (*text != '/')
		return "does not begin with a slash, as the path of a cgroup does";
	if (has_control_character(text))
		return "holds a control character";
	if (strstr(text, "//") || (text[1] && text[strlen(text) - 1] == '/'))
		return "has a slash too many";
	for (const char *at = text; (at = strstr(at, "**")); at += 2) {
		if (at[-1] != '/' || (at[2] && at[2] != '/'))
			return "has ** beside other characters: it stands between slashes";
	}
	return NULL;
}

const char *word_check(enum option_type type, const char *text)
{
	if (!*text)
		return "is empty";
	switch (type) {
	case OPTION_NAME:
		if (strstr(text, "{{"))
			return "has a template, which only process_names know";
		return check_name(text);
	case OPTION_TEMPLATE:
		return check_template(text);
	case OPTION_PATH:
		return *text == '/' ? NULL : "is not an absolute path";
	case OPTION_HOST:
		return check_host(text);
	case OPTION_METHOD:
		return check_method(text);
	case OPTION_CONTAINERS:
		return check_container(text);
	case OPTION_UNITS:
		return check_unit(text);
	case OPTION_GLOBS:
		return check_glob(text);
	default:
		return NULL;
	}
}
