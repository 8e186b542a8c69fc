/*
 * The table's rows about the prober `http`. Its keys are those of blackbox_exporter's, among
 * them the ones of Prometheus' http_config (prometheus/common, config/http_config.go); secrets
 * from the environment, and an address to come from, are ours.
 */
#include "config/schema.h"

#include <stddef.h>

/* Content codings that it can ask for; versions as they stand in an answer. */
static const struct choice codings[] = { { "gzip", 0 },
					 { "br", 0 },
					 { "deflate", 0 },
					 { "identity", 0 },
					 { NULL, 0 } };
static const struct choice versions[] = { { "HTTP/1.0", 0 }, { "HTTP/1.1", 0 }, { "HTTP/2", 0 },
					  { "HTTP/2.0", 0 }, { "HTTP/3.0", 0 }, { NULL, 0 } };

static const struct option header_name = {
	.name = "name",
	.type = OPTION_HEADER,
	.offset = offsetof(struct header_config, name),
};

static const struct option values_name = {
	.name = "name",
	.type = OPTION_HEADER,
	.offset = offsetof(struct header_values_config, name),
};

static const struct option header_options[] = {
	{
		.name = "value",
		.type = OPTION_VALUE,
		.offset = offsetof(struct header_config, value.text),
		.help = "Value of the header.",
	},
	{ 0 },
};

static const struct section header_section = { "headers", sizeof(struct header_config),
					       header_options };

static const struct option http_header_options[] = {
	{
		.name = "values",
		.type = OPTION_VALUES,
		.offset = offsetof(struct header_values_config, values.items),
		.count_offset = offsetof(struct header_values_config, values.count),
		.help = "Values of the header, which is sent once for each.",
	},
	{
		.name = "secrets",
		.type = OPTION_VALUES,
		.is_secret = true,
		.offset = offsetof(struct header_values_config, secrets.items),
		.count_offset = offsetof(struct header_values_config, secrets.count),
		.help = "The same, never shown.",
	},
	{
		.name = "files",
		.type = OPTION_FILES,
		.offset = offsetof(struct header_values_config, files.items),
		.count_offset = offsetof(struct header_values_config, files.count),
		.help = "Files that hold a value each.",
	},
	{ 0 },
};

static const struct section http_header_section = { "a header",
						    sizeof(struct header_values_config),
						    http_header_options };

static const struct option connect_header_options[] = {
	{
		.name = "values",
		.type = OPTION_VALUES,
		.is_secret = true,
		.offset = offsetof(struct header_values_config, secrets.items),
		.count_offset = offsetof(struct header_values_config, secrets.count),
		.help = "Values of the header.",
	},
	{ 0 },
};

static const struct section connect_header_section = { "proxy_connect_header",
						       sizeof(struct header_values_config),
						       connect_header_options };

static const struct option header_match_options[] = {
	{
		.name = "header",
		.type = OPTION_HEADER,
		.required = true,
		.offset = offsetof(struct header_match_config, header),
		.help = "Name of the header.",
	},
	{
		.name = "regexp",
		.type = OPTION_REGEX,
		.required = true,
		.offset = offsetof(struct header_match_config, regexp),
		.help = "Regular expression for its value; of several values, for any of "
			"them.",
	},
	{
		.name = "allow_missing",
		.type = OPTION_BOOL,
		.offset = offsetof(struct header_match_config, allow_missing),
		.fallback = "false",
		.help = "Whether the header may be missing.",
	},
	{ 0 },
};

static const struct section header_match_section = { "a header match",
						     sizeof(struct header_match_config),
						     header_match_options };

static const struct option basic_auth_options[] = {
	{
		.name = "username",
		.type = OPTION_TEXT,
		.offset = offsetof(struct http_module, basic_auth.username.text),
		.help = "Name of the user.",
	},
	{
		.name = "username_file",
		.type = OPTION_FILE,
		.offset = offsetof(struct http_module, basic_auth.username.file),
		.help = "File that holds it.",
	},
	{
		.name = "username_env",
		.type = OPTION_VARIABLE,
		.offset = offsetof(struct http_module, basic_auth.username.variable),
		.help = "Variable of the environment that holds it.",
	},
	{
		.name = "password",
		.type = OPTION_TEXT,
		.is_secret = true,
		.offset = offsetof(struct http_module, basic_auth.password.text),
		.help = "Password.",
	},
	{
		.name = "password_file",
		.type = OPTION_FILE,
		.offset = offsetof(struct http_module, basic_auth.password.file),
		.help = "File that holds it.",
	},
	{
		.name = "password_env",
		.type = OPTION_VARIABLE,
		.offset = offsetof(struct http_module, basic_auth.password.variable),
		.help = "Variable of the environment that holds it.",
	},
	{ 0 },
};

static const struct section basic_auth_section = { "basic_auth", sizeof(struct http_module),
						   basic_auth_options };

static const struct option authorization_options[] = {
	{
		.name = "type",
		.type = OPTION_TEXT,
		.offset = offsetof(struct http_module, authorization.type),
		.fallback = "Bearer",
		.help = "First word of the header `Authorization`.",
	},
	{
		.name = "credentials",
		.type = OPTION_TEXT,
		.is_secret = true,
		.offset = offsetof(struct http_module, authorization.credentials.text),
		.help = "The rest of it.",
	},
	{
		.name = "credentials_file",
		.type = OPTION_FILE,
		.offset = offsetof(struct http_module, authorization.credentials.file),
		.help = "File that holds the rest.",
	},
	{
		.name = "credentials_env",
		.type = OPTION_VARIABLE,
		.offset = offsetof(struct http_module, authorization.credentials.variable),
		.help = "Variable of the environment that holds the rest.",
	},
	{ 0 },
};

static const struct section authorization_section = { "authorization",
						      sizeof(struct http_module),
						      authorization_options };

#define NOT_SUPPORTED "Not supported: a module that has it loads, and cannot be used."

static const struct option http_options[] = {
	{
		.name = "valid_status_codes",
		.type = OPTION_STATUS_CODES,
		.offset = offsetof(struct http_module, valid_status_codes),
		.count_offset = offsetof(struct http_module, valid_status_code_count),
		.fallback = "2xx",
		.help = "Status codes that are a success: 200, 200-299 or 2xx, or a list.",
	},
	{
		.name = "valid_http_versions",
		.type = OPTION_WORDS,
		.offset = offsetof(struct http_module, valid_http_versions.items),
		.count_offset = offsetof(struct http_module, valid_http_versions.count),
		.choices = versions,
		.help = "Versions of HTTP that are a success: `HTTP/1.1`, `HTTP/2.0`. Not "
			"given: all.",
	},
	{
		.name = "method",
		.type = OPTION_METHOD,
		.offset = offsetof(struct http_module, method),
		.fallback = "GET",
		.help = "Method of the request.",
	},
	{
		.name = "headers",
		.type = OPTION_PAIRS,
		.offset = offsetof(struct http_module, given.headers),
		.count_offset = offsetof(struct http_module, given.header_count),
		.key = &header_name,
		.section = &header_section,
		.help = "Headers of the request, each with a value. `Host` is one of them.",
	},
	{
		.name = "http_headers",
		.type = OPTION_MAP,
		.offset = offsetof(struct http_module, given.http_headers),
		.count_offset = offsetof(struct http_module, given.http_header_count),
		.key = &values_name,
		.section = &http_header_section,
		.help = "More headers, with any number of values, also secret ones.",
	},
	{
		.name = "body",
		.type = OPTION_BYTES,
		.is_secret = true,
		.offset = offsetof(struct http_module, body),
		.count_offset = offsetof(struct http_module, body_length),
		.help = "Body of the request.",
	},
	{
		.name = "body_file",
		.type = OPTION_FILE,
		.offset = offsetof(struct http_module, body_file),
		.help = "File that holds the body.",
	},
	{
		.name = "body_size_limit",
		.type = OPTION_SIZE,
		.offset = offsetof(struct http_module, body_size_limit),
		.between = { "0", "1TB" },
		.help = "The probe fails when the body of the answer is larger. Not given, "
			"or 0: than 10MB. A KB is 1024 bytes.",
	},
	{
		.name = "compression",
		.type = OPTION_WORD,
		.offset = offsetof(struct http_module, compression),
		.choices = codings,
		.help = "Content coding to ask for, and to undo.",
	},
	{
		.name = "follow_redirects",
		.type = OPTION_BOOL,
		.offset = offsetof(struct http_module, follow_redirects),
		.fallback = "true",
		.help = "Whether a redirect is followed, or is the answer.",
	},
	{
		.name = "no_follow_redirects",
		.type = OPTION_BOOL,
		.replaced_by = "follow_redirects",
		.offset = offsetof(struct http_module, given.no_follow_redirects),
		.help = "The opposite, as it was called before.",
	},
	{
		.name = "fail_if_ssl",
		.type = OPTION_BOOL,
		.offset = offsetof(struct http_module, fail_if_ssl),
		.fallback = "false",
		.help = "The probe fails when the answer came over TLS.",
	},
	{
		.name = "fail_if_not_ssl",
		.type = OPTION_BOOL,
		.offset = offsetof(struct http_module, fail_if_not_ssl),
		.fallback = "false",
		.help = "The probe fails when the answer did not come over TLS.",
	},
	{
		.name = "fail_if_body_matches_regexp",
		.type = OPTION_REGEXES,
		.offset = offsetof(struct http_module, fail_if_body_matches.items),
		.count_offset = offsetof(struct http_module, fail_if_body_matches.count),
		.help = "The probe fails when any of these matches the body.",
	},
	{
		.name = "fail_if_body_not_matches_regexp",
		.type = OPTION_REGEXES,
		.offset = offsetof(struct http_module, fail_if_body_not_matches.items),
		.count_offset = offsetof(struct http_module, fail_if_body_not_matches.count),
		.help = "The probe fails when any of these does not match the body.",
	},
	{
		.name = "fail_if_matches_regexp",
		.type = OPTION_REGEXES,
		.replaced_by = "fail_if_body_matches_regexp",
		.offset = offsetof(struct http_module, fail_if_body_matches.items),
		.count_offset = offsetof(struct http_module, fail_if_body_matches.count),
		.help = "The older name of `fail_if_body_matches_regexp`.",
	},
	{
		.name = "fail_if_not_matches_regexp",
		.type = OPTION_REGEXES,
		.replaced_by = "fail_if_body_not_matches_regexp",
		.offset = offsetof(struct http_module, fail_if_body_not_matches.items),
		.count_offset = offsetof(struct http_module, fail_if_body_not_matches.count),
		.help = "The older name of `fail_if_body_not_matches_regexp`.",
	},
	{
		.name = "fail_if_body_json_matches_cel",
		.type = OPTION_ANYTHING,
		.has_no_field = true,
		.is_unsupported = true,
		.help = NOT_SUPPORTED,
	},
	{
		.name = "fail_if_body_json_not_matches_cel",
		.type = OPTION_ANYTHING,
		.has_no_field = true,
		.is_unsupported = true,
		.help = NOT_SUPPORTED,
	},
	{
		.name = "fail_if_header_matches",
		.type = OPTION_LIST,
		.offset = offsetof(struct http_module, fail_if_header_matches),
		.count_offset = offsetof(struct http_module, fail_if_header_matches_count),
		.section = &header_match_section,
		.help = "The probe fails when any of these headers is there and matches.",
	},
	{
		.name = "fail_if_header_not_matches",
		.type = OPTION_LIST,
		.offset = offsetof(struct http_module, fail_if_header_not_matches),
		.count_offset = offsetof(struct http_module, fail_if_header_not_matches_count),
		.section = &header_match_section,
		.help = "The probe fails when any of these headers does not match.",
	},
	{
		.name = "tls_config",
		.type = OPTION_SECTION,
		.offset = offsetof(struct http_module, tls),
		.section = &schema_tls,
		.help = "How to do TLS.",
	},
	{
		.name = "basic_auth",
		.type = OPTION_SECTION,
		.section = &basic_auth_section,
		.help = "Name and password to send.",
	},
	{
		.name = "authorization",
		.type = OPTION_SECTION,
		.section = &authorization_section,
		.help = "The header `Authorization`.",
	},
	{
		.name = "bearer_token",
		.type = OPTION_TEXT,
		.is_secret = true,
		.replaced_by = "authorization",
		.offset = offsetof(struct http_module, authorization.credentials.text),
		.help = "The older way to write `authorization.credentials`.",
	},
	{
		.name = "bearer_token_file",
		.type = OPTION_FILE,
		.replaced_by = "authorization",
		.offset = offsetof(struct http_module, authorization.credentials.file),
		.help = "The older way to write `authorization.credentials_file`.",
	},
	{
		.name = "oauth2",
		.type = OPTION_ANYTHING,
		.has_no_field = true,
		.is_unsupported = true,
		.help = NOT_SUPPORTED,
	},
	{
		.name = "proxy_url",
		.type = OPTION_PROXY,
		.offset = offsetof(struct http_module, proxy_url),
		.help = "Proxy to go through: http://host:port.",
	},
	{
		.name = "no_proxy",
		.type = OPTION_TEXT,
		.offset = offsetof(struct http_module, no_proxy),
		.help = "Hosts to which it goes directly, separated by commas.",
	},
	{
		.name = "proxy_from_environment",
		.type = OPTION_BOOL,
		.offset = offsetof(struct http_module, proxy_from_environment),
		.fallback = "false",
		.help = "Whether the environment tells the proxy: `http_proxy`, "
			"`https_proxy`, `no_proxy`.",
	},
	{
		.name = "proxy_connect_header",
		.type = OPTION_PAIRS,
		.offset = offsetof(struct http_module, given.proxy_connect_headers),
		.count_offset = offsetof(struct http_module, given.proxy_connect_header_count),
		.key = &values_name,
		.section = &connect_header_section,
		.help = "Headers for the proxy itself, when it is asked to CONNECT.",
	},
	{
		.name = "skip_resolve_phase_with_proxy",
		.type = OPTION_BOOL,
		.offset = offsetof(struct http_module, skip_resolve_phase_with_proxy),
		.fallback = "false",
		.help = "Accepted: the proxy is given the name of the server in any case.",
	},
	{
		.name = "enable_http2",
		.type = OPTION_BOOL,
		.offset = offsetof(struct http_module, enable_http2),
		.fallback = "true",
		.help = "Whether HTTP/2 will do, where TLS finds that the server has it.",
	},
	{
		.name = "enable_http3",
		.type = OPTION_BOOL,
		.has_no_field = true,
		.is_unsupported = true,
		.fallback = "false",
		.help = "Only false: a module that has true loads, and cannot be used.",
	},
	{
		.name = "preferred_ip_protocol",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct http_module, address.preferred),
		.choices = schema_ip_protocols,
		.help = "Which of the addresses of a name: `ip4` or `ip6`. Not given: all "
			"of them, as clients do; for `/probe` one, `ip6` rather than "
			"`ip4`.",
	},
	{
		.name = "ip_protocol_fallback",
		.type = OPTION_BOOL,
		.offset = offsetof(struct http_module, address.fallback),
		.fallback = "true",
		.help = "Whether the other kind of address will do when there is none of "
			"the preferred one.",
	},
	{
		.name = "source_ip_address",
		.type = OPTION_SOURCE,
		.offset = offsetof(struct http_module, address.source),
		.help = "Address to connect from.",
	},
	{ 0 },
};

const struct section schema_http = { "http", sizeof(struct http_module), http_options };
