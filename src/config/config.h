/*
 * What the user wants, as plain data: filled by load.c from a YAML file through the table of
 * keys in schema.c, unchanged afterwards, replaced as a whole by a reload. All of it lives in
 * one arena. The meaning of each field is the help text of its key in schema.c.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/arena.h"
#include "config/module.h"

/* One alternative of a target: every condition that is set must hold. */
struct match_config {
	pid_t pid; /* 0: not set */
	const char *pid_file; /* NULL: not set */
	struct string_list comm; /* any of; empty: not set */
	struct string_list exe; /* any of; with a slash the whole path, else the base name */
	struct string_list argv0; /* process-exporter's `exe`: the same against argv[0] */
	struct regex_list cmdline; /* all of, unanchored, arguments joined by spaces */
	const char *user; /* name or number; NULL: not set */
	uid_t uid; /* of user */
	struct string_list container; /* any of: beginning of an id or name */
	struct string_list unit; /* any of: systemd units with their suffix, fnmatch(3) */
	struct string_list cgroup; /* any of: globs, see base/glob.h */
	uint16_t listen; /* owner of this listening TCP port; 0: not set */
};

/*
 * A rule that makes targets: one, called `name`; or, where the name is a process-exporter
 * template ("{{.ExeBase}}"), one for each name that its processes give. Rules that come from
 * process_names may share a name, and then are one target.
 */
struct target_config {
	const char *name;
	bool is_template;
	bool children;
	struct match_config *matches; /* any of */
	size_t match_count;
};

struct probe_config {
	const char *url; /* http, https or tcp; NULL: no probe */
	double interval, timeout; /* seconds */
	const struct module_config *module; /* never NULL when url is set */
	bool from_host, from_target; /* this program's network namespace; a target's */
	struct string_list targets; /* of from_target: their names, none that is a template */
	struct string_list resolve; /* "host:port:address,address" instead of looking up */
	bool reuse; /* whether a second request goes over the connection, so long after: */
	double reuse_after; /* seconds */
	bool automatic; /* the URL is made of the destination: connects only */
	/* Of /probe only: */
	const char *hostname; /* Host header and server name; NULL: the URL's host */
	bool one_address; /* as blackbox_exporter does: one of IPv6, else of IPv4 */
	bool wants_log; /* see probe_report */
};

struct destination_config {
	const char *name;
	const char *host; /* resolved at run time; NULL: not set */
	bool has_prefix; /* `address` or `cidr` */
	struct prefix prefix;
	uint16_t port; /* 0: any */
	struct probe_config probe;
};

enum sockets_mode { SOCKETS_AUTO, SOCKETS_SOCK_DIAG, SOCKETS_PROCFS };
enum events_mode { EVENTS_AUTO, EVENTS_OFF };
enum discover_probe { DISCOVER_PROBE_OFF, DISCOVER_PROBE_AUTO };
enum discover_mode { DISCOVER_AUTO, DISCOVER_ON, DISCOVER_OFF };

struct config {
	atomic_uint references; /* beside the first one */
	struct arena arena;
	struct regex_list regexes; /* every one of it, to free them; the array is on the heap */
	struct {
		double interval; /* seconds */
		enum sockets_mode sockets;
		enum events_mode events;
	} collect;
	struct {
		enum discover_mode enabled;
		unsigned max_targets;
		enum discover_probe probe; /* connect to destinations without a name */
	} discover;
	struct target_config *targets;
	size_t target_count;
	struct destination_config *destinations;
	size_t destination_count;
	struct module_config *modules;
	size_t module_count;
	bool has_modules; /* there are some that the user wrote */
	struct {
		double idle_after, stalled_after, waiting_after; /* seconds */
	} detect;
	struct {
		unsigned max_destinations, max_pairs, max_series, max_connections;
		unsigned max_event_rate; /* a second */
		double forget_after; /* seconds */
	} limits;
};

/*
 * Configurations are shared by reference, since a probe that somebody asked for may outlive a
 * reload: config_free() gives one reference back.
 */
struct config *config_acquire(struct config *config);
void config_free(struct config *config); /* takes NULL */

/* Whether processes that no target matches become targets of their own. */
bool config_discovers(const struct config *config);

/* Appends which modules cannot be used, and why: "icmp (prober icmp is not supported), …". */
void config_write_unsupported(const struct config *config, struct text *text);
