/* The table's rows about `destinations` and how they are probed. */
#include "config/schema.h"

#include <stddef.h>

static const struct choice origins[] = { { "host", offsetof(struct probe_config, from_host) },
					 { "target",
					   offsetof(struct probe_config, from_target) },
					 { NULL, 0 } };

static const struct option probe_options[] = {
	{
		.name = "url",
		.type = OPTION_URL,
		.required = true,
		.offset = offsetof(struct probe_config, url),
		.help = "http://…, https://… or tcp://host:port.",
	},
	{
		.name = "interval",
		.type = OPTION_DURATION,
		.offset = offsetof(struct probe_config, interval),
		.fallback = "15s",
		.between = { "100ms", "1d" },
		.help = "Time between the starts of two probes.",
	},
	{
		.name = "timeout",
		.type = OPTION_DURATION,
		.offset = offsetof(struct probe_config, timeout),
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
	{
		.name = "from",
		.type = OPTION_FLAGS,
		.fallback = "host",
		.choices = origins,
		.help = "Whose network namespace to connect from, and whose `resolv.conf` and "
			"`hosts` to go by: `host` is the exporter's, `target` each target's; a "
			"list of both: side by side.",
	},
	{
		.name = "targets",
		.type = OPTION_STRINGS,
		.offset = offsetof(struct probe_config, targets.items),
		.count_offset = offsetof(struct probe_config, targets.count),
		.help = "With `from: target`: whose, by name. Not given: all that are "
			"configured and are no templates.",
	},
	{
		.name = "resolve",
		.type = OPTION_RESOLVES,
		.offset = offsetof(struct probe_config, resolve.items),
		.count_offset = offsetof(struct probe_config, resolve.count),
		.help = "Addresses to take instead of looking them up, as curl has it: "
			"`host:port:address,address`.",
	},
	{
		.name = "reuse_after",
		.type = OPTION_DURATION,
		.offset = offsetof(struct probe_config, reuse_after),
		.between = { "0s", "1h" },
		.help = "Sends a second request over the same connection, this long after the "
			"answer to the first, to learn whether the server keeps it. Not given: "
			"no second request. Not for tcp://.",
	},
	{ 0 },
};

static const struct section probe_section = { "a probe", sizeof(struct probe_config),
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
		.offset = offsetof(struct destination_config, probe),
		.section = &probe_section,
		.word = "auto",
		.word_offset = offsetof(struct probe_config, automatic),
		.help = "A request made regularly, measured beside the connections. The word "
			"`auto` instead of a mapping: only connects to the host or address and "
			"port.",
	},
	{ 0 },
};

const struct section schema_destination = { "a destination", sizeof(struct destination_config),
					    destination_options };
