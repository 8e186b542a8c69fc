/*
 * Units are named as systemd.unit(5) says; of its kinds only these have processes
 * (systemd.kill(5)), beside slices, which have those of what is in them.
 */
#include "config/word.h"

#include <string.h>

#include "base/address.h"
#include "base/bytes.h"
#include "config/url.h"

#define NAME_BYTES_MAX 200
#define HOST_BYTES_MAX 253 /* RFC 1035, 2.3.4, less the length bytes at both ends */
#define ADDRESS_BYTES_MAX 45
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

/* A name made of these characters. */
static bool is_made_of(const char *text, const char *characters)
{
	size_t length = strspn(text, characters);

	return length && !text[length] && length <= NAME_BYTES_MAX;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Of the environment, and of a label: the same characters in both. */
static bool is_variable_name(const char *text)
{
	return is_made_of(text, LETTERS DIGITS "_") && !strchr(DIGITS, *text);
}

static const char *check_label(const char *text)
{
	if (!is_variable_name(text))
		return "is not the name of a label";
	return strncmp(text, "__", 2) != 0 ? NULL :
					     "begins with __, as only Prometheus' own do";
}

/* A field name is a token (RFC 9110, 5.1 and 5.6.2). */
static const char *check_header(const char *text)
{
	return is_made_of(text, LETTERS DIGITS "!#$%&'*+-.^_`|~") ?
		       NULL :
		       "is not the name of a header";
}

/* RFC 9110, 5.5: a line end would begin another header. */
static const char *check_value(const char *text)
{
	for (const char *c = text; *c; c++) {
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return "holds a line end or another control character";
	}
	return NULL;
}

static const char *check_address(const char *text)
{
	struct address address;

	return address_parse(text, &address) < 0 ?
		       "is not an address such as 10.0.0.5 or fd00::5" :
		       NULL;
}

/* Those that Go's net/http can, of which only the first two are of use to this program. */
static const char *check_proxy(const char *text)
{
	static const char *const schemes[] = { "http://", "https://", "socks5://",
					       "socks5h://" };
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text url = { 0 };
	bool is_known = false;

	for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++)
		is_known |= !strncmp(text, schemes[i], strlen(schemes[i]));
	if (!is_known)
		return "is not a URL that begins with http:// or https://";
	text_printf(&url, "http%s", strstr(text, "://"));
	return url_parse(text_string(&url), &(struct url){ 0 }, &err) < 0 ?
		       "is not the URL of a host" :
		       NULL;
}

/* IPv6 with brackets, as curl's manual has it, or without. */
static bool is_resolved_address(struct bytes text)
{
	char string[ADDRESS_BYTES_MAX + 1] = "";
	struct address address;

	if (text.length > 2 && text.data[0] == '[' && text.data[text.length - 1] == ']')
		text = (struct bytes){ text.data + 1, text.length - 2 };
	if (!text.length || text.length > ADDRESS_BYTES_MAX)
		return false;
	memcpy(string, text.data, text.length);
	return address_parse(string, &address) == 0;
}

static const char *check_resolve(const char *text)
{
	struct bytes rest = bytes_from_string(text), host, port, address;
	uint64_t number;

	if (!bytes_take_until(&rest, ':', &host) || !bytes_take_until(&rest, ':', &port))
		return "is not host:port:address";
	if (!url_is_host(host) || host.length > HOST_BYTES_MAX)
		return "does not begin with a host name";
	if (!bytes_parse_u64(port, 10, &number) || number < 1 || number > UINT16_MAX)
		return "has a port that is not 1 to 65535";
	while (bytes_take_until(&rest, ',', &address)) {
		if (!is_resolved_address(address))
			return "has an address that is none";
	}
	return is_resolved_address(rest) ? NULL : "has an address that is none";
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
	if (type == OPTION_VALUE || type == OPTION_VALUES)
		return check_value(text);
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
	case OPTION_FILE:
	case OPTION_FILES:
		return has_control_character(text) ? "holds a control character" : NULL;
	case OPTION_VARIABLE:
		return is_variable_name(text) ? NULL : "is not the name of a variable";
	case OPTION_HOST:
		return check_host(text);
	case OPTION_PROXY:
		return check_proxy(text);
	case OPTION_HEADER:
		return check_header(text);
	case OPTION_LABEL:
		return check_label(text);
	case OPTION_SOURCE:
		return check_address(text);
	case OPTION_RESOLVES:
		return check_resolve(text);
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
