/*
 * THE TABLE of configuration keys. To add one: a field in config.h, a row here, and where the
 * row cannot say what is allowed (two keys that exclude each other), a line in check.c. The
 * words of `modules` are blackbox_exporter's, those of `process_names` are process-exporter's.
 */
#include "config/schema.h"

#include <stddef.h>

static const struct choice automatic_or_off[] = { { "auto", 0 }, { "off", 1 }, { NULL, 0 } };
static const struct choice events[] = { { "auto", EVENTS_AUTO },
					{ "off", EVENTS_OFF },
					{ NULL, 0 } };
static const struct choice sockets[] = { { "auto", SOCKETS_AUTO },
					 { "sock_diag", SOCKETS_SOCK_DIAG },
					 { "procfs", SOCKETS_PROCFS },
					 { NULL, 0 } };
static const struct choice discover_enabled[] = { { "auto", DISCOVER_AUTO },
						  { "true", DISCOVER_ON },
						  { "false", DISCOVER_OFF },
						  { NULL, 0 } };
static const struct choice discover_probe[] = { { "auto", DISCOVER_PROBE_AUTO },
						{ "off", DISCOVER_PROBE_OFF },
						{ NULL, 0 } };
static const struct option collect_options[] = {
	{
		.name = "interval",
		.type = OPTION_DURATION,
		.offset = offsetof(struct config, collect.interval),
		.fallback = "5s",
		.between = { "100ms", "1h" },
		.help = "Time between two looks at the processes and their connections.",
	},
	{
		.name = "sockets",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct config, collect.sockets),
		.fallback = "auto",
		.choices = sockets,
		.help = "Where the connections are read: `sock_diag` is the kernel's netlink "
			"interface, which also tells what each connection did; `procfs` is "
			"`/proc/<pid>/net/tcp` and `tcp6`; `auto` is `sock_diag`, and `procfs` "
			"for each network namespace where that is refused.",
	},
	{
		.name = "events",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct config, collect.events),
		.fallback = "auto",
		.choices = events,
		.help = "Events of the kernel between two looks (the tracepoint "
			"`sock:inet_sock_set_state`), which make counts of opened, failed and "
			"closed connections exact: `auto` uses them where they are allowed and "
			"not more frequent than `max_event_rate`; `off` never does.",
	},
	{ 0 },
};

static const struct option discover_options[] = {
	{
		.name = "enabled",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct config, discover.enabled),
		.fallback = "auto",
		.choices = discover_enabled,
		.help = "Whether each process with an outbound connection that no target "
			"matches becomes a target of its own, named after its executable; "
			"`auto`: only when no targets are configured.",
	},
	{
		.name = "max_targets",
		.type = OPTION_COUNT,
		.offset = offsetof(struct config, discover.max_targets),
		.fallback = "100",
		.between = { "1", "10000" },
		.help = "Targets made by discovery and by templates; what goes beyond is the "
			"target `other`.",
	},
	{
		.name = "probe",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct config, discover.probe),
		.fallback = "off",
		.choices = discover_probe,
		.help = "`auto`: destinations that have no name are probed, by a connection "
			"that is closed as soon as it is there; nothing is sent.",
	},
	{ 0 },
};

static const struct option match_options[] = {
	{
		.name = "pid",
		.type = OPTION_PID,
		.offset = offsetof(struct match_config, pid),
		.between = { "1", "4194304" },
		.help = "The process with this number.",
	},
	{
		.name = "pid_file",
		.type = OPTION_PATH,
		.offset = offsetof(struct match_config, pid_file),
		.help = "The process whose number is in this file, read anew each time.",
	},
	{
		.name = "comm",
		.type = OPTION_COMMS,
		.offset = offsetof(struct match_config, comm.items),
		.count_offset = offsetof(struct match_config, comm.count),
		.help = "Name of the process as `ps -o comm` shows it, any of these; of a name "
			"the kernel keeps 15 bytes, so longer ones are cut to that.",
	},
	{
		.name = "exe",
		.type = OPTION_STRINGS,
		.offset = offsetof(struct match_config, exe.items),
		.count_offset = offsetof(struct match_config, exe.count),
		.help = "Executable, any of these: with a slash the whole path, else the last "
			"part of it.",
	},
	{
		.name = "cmdline",
		.type = OPTION_REGEXES,
		.offset = offsetof(struct match_config, cmdline.items),
		.count_offset = offsetof(struct match_config, cmdline.count),
		.help = "Regular expressions that all match somewhere in the command line, its "
			"arguments joined by spaces.",
	},
	{
		.name = "user",
		.type = OPTION_STRING,
		.offset = offsetof(struct match_config, user),
		.help = "Effective user, by name or number.",
	},
	{
		.name = "container",
		.type = OPTION_CONTAINERS,
		.offset = offsetof(struct match_config, container.items),
		.count_offset = offsetof(struct match_config, container.count),
		.help = "Container, any of these: the beginning of its name, or 12 or more "
			"digits of its id, or the uid of its pod. Kubernetes' are named "
			"`<pod>_<namespace>_<container>`; names are read from files below "
			"`--path.rootfs`.",
	},
	{
		.name = "unit",
		.type = OPTION_UNITS,
		.offset = offsetof(struct match_config, unit.items),
		.count_offset = offsetof(struct match_config, unit.count),
		.help = "systemd unit, any of these, and what runs in cgroups below it; "
			"`.service` may be left out, a scope or slice needs its suffix; `*`, "
			"`?` and `[…]` as in a shell. Not the units inside of a container.",
	},
	{
		.name = "cgroup",
		.type = OPTION_GLOBS,
		.offset = offsetof(struct match_config, cgroup.items),
		.count_offset = offsetof(struct match_config, cgroup.count),
		.help = "Path of the cgroup as `/proc/<pid>/cgroup` shows it to the exporter, "
			"any of these: `*`, `?` and `[…]` do not cross a slash, `/**/` is any "
			"number of levels, none included: `/system.slice/*.service/**`.",
	},
	{
		.name = "listen",
		.type = OPTION_PORT,
		.offset = offsetof(struct match_config, listen),
		.between = { "1", "65535" },
		.help = "The process that listens on this TCP port.",
	},
	{ 0 },
};

static const struct section match_section = { "a match", sizeof(struct match_config),
					      match_options };

static const struct option target_options[] = {
	{
		.name = "name",
		.type = OPTION_NAME,
		.required = true,
		.offset = offsetof(struct target_config, name),
		.help = "Value of the label `target`. Unique; not `other`.",
	},
	{
		.name = "match",
		.type = OPTION_LIST,
		.required = true,
		.offset = offsetof(struct target_config, matches),
		.count_offset = offsetof(struct target_config, match_count),
		.section = &match_section,
		.help = "Conditions that all hold; a list of mappings: any of them. A process "
			"belongs to the first target that matches it.",
	},
	{
		.name = "children",
		.type = OPTION_BOOL,
		.offset = offsetof(struct target_config, children),
		.fallback = "false",
		.help = "Whether the descendants of a matching process belong to the target.",
	},
	{
		.name = "goroutines",
		.type = OPTION_CHOICE,
		.has_no_field = true,
		.fallback = "auto",
		.choices = automatic_or_off,
		.help = "How to count goroutines: `auto` is what this version has, which is "
			"nothing yet; `off` is never.",
	},
	{ 0 },
};

static const struct option process_name_options[] = {
	{
		.name = "name",
		.type = OPTION_TEMPLATE,
		.offset = offsetof(struct process_name, name),
		.fallback = "{{.ExeBase}}",
		.help = "Name of the target, with `{{.Comm}}`, `{{.ExeBase}}`, `{{.ExeFull}}`, "
			"`{{.Username}}`, `{{.PID}}`, `{{.StartTime}}`, `{{.Cgroups}}` and "
			"`{{.Matches.x}}` (the group `(?P<x>…)` of a cmdline) in it: one "
			"target for each name that comes out.",
	},
	{
		.name = "comm",
		.type = OPTION_COMMS,
		.offset = offsetof(struct process_name, match.comm.items),
		.count_offset = offsetof(struct process_name, match.comm.count),
		.help = "As in a match.",
	},
	{
		.name = "exe",
		.type = OPTION_STRINGS,
		.offset = offsetof(struct process_name, match.argv0.items),
		.count_offset = offsetof(struct process_name, match.argv0.count),
		.help = "First word of the command line, any of these: with a slash all of it, "
			"else its last part.",
	},
	{
		.name = "cmdline",
		.type = OPTION_REGEXES,
		.offset = offsetof(struct process_name, match.cmdline.items),
		.count_offset = offsetof(struct process_name, match.cmdline.count),
		.help = "As in a match.",
	},
	{ 0 },
};

static const struct option detect_options[] = {
	{
		.name = "idle_after",
		.type = OPTION_DURATION,
		.offset = offsetof(struct config, detect.idle_after),
		.fallback = "30s",
		.between = { "100ms", "1d" },
		.help = "A connection without traffic for this long is idle.",
	},
	{
		.name = "stalled_after",
		.type = OPTION_DURATION,
		.offset = offsetof(struct config, detect.stalled_after),
		.fallback = "10s",
		.between = { "100ms", "1d" },
		.help = "Data in a queue of which none was taken for this long is unread or "
			"stalled.",
	},
	{
		.name = "waiting_after",
		.type = OPTION_DURATION,
		.offset = offsetof(struct config, detect.waiting_after),
		.fallback = "120s",
		.between = { "100ms", "1d" },
		.help = "A request without an answer for this long is stuck. For the verdicts "
			"of a later version: checked, and of no other use in this one.",
	},
	{ 0 },
};

static const struct option limit_options[] = {
	{
		.name = "max_destinations",
		.type = OPTION_COUNT,
		.offset = offsetof(struct config, limits.max_destinations),
		.fallback = "20",
		.between = { "1", "10000" },
		.help = "Destinations named `ip:port` per target; what goes beyond is `other`.",
	},
	{
		.name = "max_pairs",
		.type = OPTION_COUNT,
		.offset = offsetof(struct config, limits.max_pairs),
		.fallback = "1000",
		.between = { "1", "1000000" },
		.help = "Pairs of a target, or a network namespace, and a destination.",
	},
	{
		.name = "max_series",
		.type = OPTION_COUNT,
		.offset = offsetof(struct config, limits.max_series),
		.fallback = "50000",
		.between = { "1", "10000000" },
		.help = "Series on the page.",
	},
	{
		.name = "max_connections",
		.type = OPTION_COUNT,
		.offset = offsetof(struct config, limits.max_connections),
		.fallback = "200000",
		.between = { "1", "10000000" },
		.help = "Connections that are remembered.",
	},
	{
		.name = "max_event_rate",
		.type = OPTION_COUNT,
		.offset = offsetof(struct config, limits.max_event_rate),
		.fallback = "20000",
		.between = { "1", "10000000" },
		.help = "Events a second, of all processes of the host; above that, `events: "
			"auto` does without them for a minute.",
	},
	{
		.name = "forget_after",
		.type = OPTION_DURATION,
		.offset = offsetof(struct config, limits.forget_after),
		.fallback = "1h",
		.between = { "1s", "30d" },
		.help = "What had no connection for this long loses its series.",
	},
	{ 0 },
};

static const struct section collect_section = { "collect", sizeof(struct config),
						collect_options };
static const struct section discover_section = { "discover", sizeof(struct config),
						 discover_options };
static const struct section detect_section = { "detect", sizeof(struct config),
					       detect_options };
static const struct section limits_section = { "limits", sizeof(struct config), limit_options };
static const struct section target_section = { "a target", sizeof(struct target_config),
					       target_options };
static const struct section process_name_section = { "process_names",
						     sizeof(struct process_name),
						     process_name_options };

static const struct option module_name = {
	.name = "name",
	.type = OPTION_STRING,
	.offset = offsetof(struct module_config, name),
};

static const struct option root_options[] = {
	{
		.name = "collect",
		.type = OPTION_SECTION,
		.offset = offsetof(struct draft, config),
		.section = &collect_section,
		.help = "How and how often it looks.",
	},
	{
		.name = "discover",
		.type = OPTION_SECTION,
		.offset = offsetof(struct draft, config),
		.section = &discover_section,
		.help = "Targets that nobody configured.",
	},
	{
		.name = "targets",
		.type = OPTION_LIST,
		.offset = offsetof(struct draft, config.targets),
		.count_offset = offsetof(struct draft, config.target_count),
		.section = &target_section,
		.help = "Groups of processes to watch.",
	},
	{
		.name = "process_names",
		.type = OPTION_LIST,
		.offset = offsetof(struct draft, process_names),
		.count_offset = offsetof(struct draft, process_name_count),
		.section = &process_name_section,
		.help = "Targets in process-exporter's words, after those of `targets`; with "
			"their descendants. Conditions in one item all hold.",
	},
	{
		.name = "destinations",
		.type = OPTION_LIST,
		.offset = offsetof(struct draft, config.destinations),
		.count_offset = offsetof(struct draft, config.destination_count),
		.section = &schema_destination,
		.help = "Names for remote endpoints; the first that fits a connection is its "
			"destination, the rest are named `ip:port`.",
	},
	{
		.name = "modules",
		.type = OPTION_MAP,
		.offset = offsetof(struct draft, config.modules),
		.count_offset = offsetof(struct draft, config.module_count),
		.key = &module_name,
		.section = &schema_module,
		.help = "Ways to probe, by name, in blackbox_exporter's words. Paths in "
			"them may be relative to the directory of this file.",
	},
	{
		.name = "detect",
		.type = OPTION_SECTION,
		.offset = offsetof(struct draft, config),
		.section = &detect_section,
		.help = "Thresholds.",
	},
	{
		.name = "limits",
		.type = OPTION_SECTION,
		.offset = offsetof(struct draft, config),
		.section = &limits_section,
		.help = "What keeps the page and the memory small.",
	},
	{ 0 },
};

const struct section schema_root = { "the file", sizeof(struct draft), root_options };
