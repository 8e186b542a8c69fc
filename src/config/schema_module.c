/*
 * The table's rows about `modules`, in blackbox_exporter's words (version 0.28,
 * CONFIGURATION.md and config/config.go there). What it has and this program has not is known
 * here too, so that a file of its loads as it is, and only the module cannot be used.
 */
#include "config/schema.h"

#include <stddef.h>

const char schema_modules[] = "http_2xx: { prober: http }\n"
			      "tcp_connect: { prober: tcp }\n";

static const struct choice probers[] = {
	{ "http", PROBER_HTTP },	   { "tcp", PROBER_TCP },
	{ "icmp", PROBER_ICMP },	   { "dns", PROBER_DNS },
	{ "grpc", PROBER_GRPC },	   { "unix", PROBER_UNIX },
	{ "websocket", PROBER_WEBSOCKET }, { NULL, 0 }
};
static const struct choice tls_versions[] = { { "TLS10", TLS_VERSION_1_0 },
					      { "TLS11", TLS_VERSION_1_1 },
					      { "TLS12", TLS_VERSION_1_2 },
					      { "TLS13", TLS_VERSION_1_3 },
					      { NULL, 0 } };
const struct choice schema_ip_protocols[] = { { "ip4", IP_PROTOCOL_4 },
					      { "ip6", IP_PROTOCOL_6 },
					      { NULL, 0 } };

static const struct option tls_options[] = {
	{
		.name = "insecure_skip_verify",
		.type = OPTION_BOOL,
		.offset = offsetof(struct tls_config, insecure_skip_verify),
		.fallback = "false",
		.help = "Whether any certificate will do.",
	},
	{
		.name = "ca_file",
		.type = OPTION_FILE,
		.offset = offsetof(struct tls_config, ca_file),
		.help = "Certificates to trust, PEM, instead of the system's.",
	},
	{
		.name = "ca",
		.type = OPTION_TEXT,
		.offset = offsetof(struct tls_config, ca),
		.help = "The same, itself.",
	},
	{
		.name = "cert_file",
		.type = OPTION_FILE,
		.offset = offsetof(struct tls_config, cert_file),
		.help = "Certificate to show to the server, PEM, with those in between.",
	},
	{
		.name = "cert",
		.type = OPTION_TEXT,
		.offset = offsetof(struct tls_config, cert),
		.help = "The same, itself.",
	},
	{
		.name = "key_file",
		.type = OPTION_FILE,
		.offset = offsetof(struct tls_config, key_file),
		.help = "Key of that certificate, PEM.",
	},
	{
		.name = "key",
		.type = OPTION_TEXT,
		.is_secret = true,
		.offset = offsetof(struct tls_config, key),
		.help = "The same, itself.",
	},
	{
		.name = "server_name",
		.type = OPTION_TEXT,
		.offset = offsetof(struct tls_config, server_name),
		.help = "Name to ask for, and to find in the certificate, instead of the "
			"URL's.",
	},
	{
		.name = "min_version",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct tls_config, min_version),
		.choices = tls_versions,
		.help = "Oldest version of TLS to agree to.",
	},
	{
		.name = "max_version",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct tls_config, max_version),
		.choices = tls_versions,
		.help = "Newest version of TLS to agree to.",
	},
	{ 0 },
};

const struct section schema_tls = { "tls_config", sizeof(struct tls_config), tls_options };

static const struct option label_options[] = {
	{
		.name = "name",
		.type = OPTION_LABEL,
		.required = true,
		.offset = offsetof(struct label_config, name),
		.help = "Name of the label.",
	},
	{
		.name = "value",
		.type = OPTION_TEXT,
		.offset = offsetof(struct label_config, value),
		.help = "Its value; `${1}` is the first group of `expect`.",
	},
	{ 0 },
};

static const struct section label_section = { "a label", sizeof(struct label_config),
					      label_options };

static const struct option query_options[] = {
	{
		.name = "expect",
		.type = OPTION_REGEX,
		.offset = offsetof(struct query_config, expect),
		.help = "Reads lines until this matches one.",
	},
	{
		.name = "expect_bytes",
		.type = OPTION_BYTES,
		.offset = offsetof(struct query_config, expect_bytes),
		.count_offset = offsetof(struct query_config, expect_bytes_length),
		.help = "Reads as many bytes as these, which they must be.",
	},
	{
		.name = "labels",
		.type = OPTION_LIST,
		.offset = offsetof(struct query_config, labels),
		.count_offset = offsetof(struct query_config, label_count),
		.section = &label_section,
		.help = "Labels of `probe_expect_info`, once the line was found.",
	},
	{
		.name = "send",
		.type = OPTION_BYTES,
		.is_secret = true,
		.offset = offsetof(struct query_config, send),
		.count_offset = offsetof(struct query_config, send_length),
		.help = "Then sends this and a newline; `${1}` is the first group of "
			"`expect`.",
	},
	{
		.name = "starttls",
		.type = OPTION_BOOL,
		.offset = offsetof(struct query_config, starttls),
		.fallback = "false",
		.help = "Then begins TLS.",
	},
	{ 0 },
};

static const struct section query_section = { "query_response", sizeof(struct query_config),
					      query_options };

static const struct option tcp_options[] = {
	{
		.name = "query_response",
		.type = OPTION_LIST,
		.offset = offsetof(struct tcp_module, queries),
		.count_offset = offsetof(struct tcp_module, query_count),
		.section = &query_section,
		.help = "Steps of a conversation, once connected.",
	},
	{
		.name = "tls",
		.type = OPTION_BOOL,
		.offset = offsetof(struct tcp_module, tls_from_start),
		.fallback = "false",
		.help = "Whether it begins with TLS.",
	},
	{
		.name = "tls_config",
		.type = OPTION_SECTION,
		.offset = offsetof(struct tcp_module, tls),
		.section = &schema_tls,
		.help = "How to do TLS, at the beginning or by `starttls`.",
	},
	{
		.name = "preferred_ip_protocol",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct tcp_module, address.preferred),
		.choices = schema_ip_protocols,
		.help = "As of `http`.",
	},
	{
		.name = "ip_protocol_fallback",
		.type = OPTION_BOOL,
		.offset = offsetof(struct tcp_module, address.fallback),
		.fallback = "true",
		.help = "As of `http`.",
	},
	{
		.name = "source_ip_address",
		.type = OPTION_SOURCE,
		.offset = offsetof(struct tcp_module, address.source),
		.help = "Address to connect from.",
	},
	{ 0 },
};

const struct section schema_tcp = { "tcp", sizeof(struct tcp_module), tcp_options };

#define NOT_READ "Not read: a module with this prober cannot be used."

static const struct option module_options[] = {
	{
		.name = "prober",
		.type = OPTION_CHOICE,
		.required = true,
		.offset = offsetof(struct module_config, prober),
		.choices = probers,
		.help = "What a probe does: `http` sends a request, `tcp` connects and talks "
			"as it is told. The others are blackbox_exporter's: a module with one "
			"of them loads, and cannot be used.",
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
		.offset = offsetof(struct module_config, http),
		.section = &schema_http,
		.help = "For the prober `http`.",
	},
	{
		.name = "tcp",
		.type = OPTION_SECTION,
		.offset = offsetof(struct module_config, tcp),
		.section = &schema_tcp,
		.help = "For the prober `tcp`.",
	},
	{
		.name = "icmp",
		.type = OPTION_ANYTHING,
		.has_no_field = true,
		.help = NOT_READ,
	},
	{
		.name = "dns",
		.type = OPTION_ANYTHING,
		.has_no_field = true,
		.help = NOT_READ,
	},
	{
		.name = "grpc",
		.type = OPTION_ANYTHING,
		.has_no_field = true,
		.help = NOT_READ,
	},
	{
		.name = "unix",
		.type = OPTION_ANYTHING,
		.has_no_field = true,
		.help = NOT_READ,
	},
	{
		.name = "websocket",
		.type = OPTION_ANYTHING,
		.has_no_field = true,
		.help = NOT_READ,
	},
	{ 0 },
};

const struct section schema_module = { "a module", sizeof(struct module_config),
				       module_options };
