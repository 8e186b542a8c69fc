/* The table's rows about probes: `destinations`, and how to probe them, `modules`. */
#include "config/schema.h"

#include <stddef.h>

const char schema_modules[] = "http_2xx: { prober: http }\n"
			      "tcp_connect: { prober: tcp }\n";

static const struct choice probers[] = { { "http", PROBER_HTTP },
					 { "tcp", PROBER_TCP },
					 { NULL, 0 } };

static const struct option tls_options[] = {
	{
		.name = "insecure_skip_verify",
		.type = OPTION_BOOL,
		.offset = offsetof(struct module_config, http.tls.insecure_skip_verify),
		.fallback = "false",
		.help = "Whether any certificate will do.",
	},
	{
		.name = "ca_file",
		.type = OPTION_PATH,
		.offset = offsetof(struct module_config, http.tls.ca_file),
		.help = "Certificates to trust, PEM, instead of the system's.",
	},
	{ 0 },
};

static const struct section tls_section = { "tls_config", sizeof(struct module_config),
					    tls_options };

static const struct option http_options[] = {
	{
		.name = "valid_status_codes",
		.type = OPTION_STATUS_CODES,
		.offset = offsetof(struct module_config, http.valid_status_codes),
		.count_offset = offsetof(struct module_config, http.valid_status_code_count),
		.fallback = "2xx",
		.help = "Status codes that are a success: 200, 200-299 or 2xx, or a list.",
	},
	{
		.name = "method",
		.type = OPTION_METHOD,
		.offset = offsetof(struct module_config, http.method),
		.fallback = "GET",
		.help = "Method of the request, which has no body.",
	},
	{
		.name = "follow_redirects",
		.type = OPTION_BOOL,
		.offset = offsetof(struct module_config, http.follow_redirects),
		.fallback = "true",
		.help = "Whether a redirect is followed, or is the answer.",
	},
	{
		.name = "body_size_limit",
		.type = OPTION_SIZE,
		.offset = offsetof(struct module_config, http.body_size_limit),
		.fallback = "10MB",
		.between = { "1", "1TB" },
		.help = "The probe fails when the body is larger.",
	},
	{
		.name = "fail_if_body_matches_regexp",
		.type = OPTION_REGEXES,
		.offset = offsetof(struct module_config, http.fail_if_body_matches.items),
		.count_offset = offsetof(struct module_config, http.fail_if_body_matches.count),
		.help = "The probe fails when any of these matches the body.",
	},
	{
		.name = "fail_if_body_not_matches_regexp",
		.type = OPTION_REGEXES,
		.offset = offsetof(struct module_config, http.fail_if_body_not_matches.items),
		.count_offset =
			offsetof(struct module_config, http.fail_if_body_not_matches.count),
		.help = "The probe fails when any of these does not match the body.",
	},
	{
		.name = "tls_config",
		.type = OPTION_SECTION,
		.section = &tls_section,
		.help = "How the server's certificate is verified.",
	},
	{ 0 },
};

static const struct section http_section = { "http", sizeof(struct module_config),
					     http_options };

static const struct option tcp_options[] = { { 0 } };

static const struct section tcp_section = { "tcp", sizeof(struct module_config), tcp_options };

static const struct option module_options[] = {
	{
		.name = "prober",
		.type = OPTION_CHOICE,
		.required = true,
		.offset = offsetof(struct module_config, prober),
		.choices = probers,
		.help = "What a probe does: `http` sends a request, `tcp` only connects.",
	},
	{
		.name = "timeout",
		.type = OPTION_DURATION,
		.offset = offsetof(struct module_config, timeout),
		.between = { "1ms", "1h" },
		.help = "The timeout of probes that have none of their own.",
	},
	{
		.name = "http",
		.type = OPTION_SECTION,
		.section = &http_section,
		.help = "For the prober `http`.",
	},
	{
		.name = "tcp",
		.type = OPTION_SECTION,
		.section = &tcp_section,
		.help = "For the prober `tcp`; has no keys.",
	},
	{ 0 },
};

const struct section schema_module = { "a module", sizeof(struct module_config),
				       module_options };

static const struct option probe_options[] = {
	{
		.name = "url",
		.type = OPTION_URL,
		.required = true,
		.offset = offsetof(struct destination_config, probe.url),
		.help = "http://…, https://… or tcp://host:port.",
	},
	{
		.name = "interval",
		.type = OPTION_DURATION,
		.offset = offsetof(struct destination_config, probe.interval),
		.fallback = "15s",
		.between = { "100ms", "1d" },
		.help = "Time between the starts of two probes.",
	},
	{
		.name = "timeout",
		.type = OPTION_DURATION,
		.offset = offsetof(struct destination_config, probe.timeout),
		.fallback = "5s",
		.between = { "1ms", "1h" },
		.help = "When a probe has failed; not more than the interval. Not given: the "
			"module's, else the default, shortened to the interval.",
	},
	{
		.name = "module",
		.type = OPTION_STRING,
		.has_no_field = true,
		.help = "One of `modules`. Not given: `http_2xx`, or `tcp_connect` for tcp://; "
			"both exist without being configured.",
	},
	{ 0 },
};

static const struct section probe_section = { "a probe", sizeof(struct destination_config),
					      probe_options };

static const struct option destination_options[] = {
	{
		.name = "name",
		.type = OPTION_NAME,
		.required = true,
		.offset = offsetof(struct destination_config, name),
		.help = "Value of the label `destination`. Unique; not `other`.",
	},
	{
		.name = "host",
		.type = OPTION_HOST,
		.offset = offsetof(struct destination_config, host),
		.help = "Host name, resolved now and then; all its addresses belong.",
	},
	{
		.name = "address",
		.type = OPTION_ADDRESS,
		.offset = offsetof(struct destination_config, prefix),
		.help = "IP address, instead of `host`.",
	},
	{
		.name = "cidr",
		.type = OPTION_NETWORK,
		.offset = offsetof(struct destination_config, prefix),
		.help = "Network such as 10.1.0.0/16, instead of `host`.",
	},
	{
		.name = "port",
		.type = OPTION_PORT,
		.offset = offsetof(struct destination_config, port),
		.between = { "1", "65535" },
		.help = "Port. Not given: any. May stand alone.",
	},
	{
		.name = "probe",
		.type = OPTION_SECTION,
		.section = &probe_section,
		.help = "A request made regularly, measured beside the connections.",
	},
	{ 0 },
};

const struct section schema_destination = { "a destination", sizeof(struct destination_config),
					    destination_options };
