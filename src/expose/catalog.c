/*
 * The table comes in two parts: what is observed, which max_series limits, and the exporter
 * itself, which is always written and comes last because it says what was left out before.
 * To add a metric, add a row here and its function to samples.c; names follow
 * prometheus/docs, practices/naming.md, which the unit test checks.
 */
#include "expose/catalog.h"

#include <string.h>

#include "expose/samples.h"

struct metric {
	struct family family;
	/* One of these: */
	double (*target)(const struct target_row *target);
	double (*pair)(const struct pair_row *pair);
	double (*probe)(const struct probe_row *probe);
	double (*self)(const struct self_row *self);
	void (*write)(struct exposition *exposition, const struct samples *samples);
};

/* clang-format off */
static const struct metric observed[] = {
{ { "outbound_target_up", FAMILY_GAUGE, NULL, { "target" },
    "Whether the target has a process now (1) or none (0)." },
  .target = samples_target_up },
{ { "outbound_target_processes", FAMILY_GAUGE, NULL, { "target" },
    "Processes that belong to the target, found in /proc." },
  .target = samples_target_processes },
{ { "outbound_target_unreadable_processes", FAMILY_GAUGE, NULL, { "target", "reason" },
    "Processes of the target whose descriptors, hence connections, could not be seen, by why "
    "/proc/<pid>/fd could not be read." },
  .write = samples_write_unreadable },
{ { "outbound_target_threads", FAMILY_GAUGE, NULL, { "target" },
    "Threads of all processes of the target, from /proc/<pid>/stat (proc(5), num_threads)." },
  .target = samples_target_threads },
{ { "outbound_target_open_fds", FAMILY_GAUGE, NULL, { "target" },
    "Open file descriptors of all readable processes of the target, entries of "
    "/proc/<pid>/fd." },
  .target = samples_target_open_fds },
{ { "outbound_target_open_sockets", FAMILY_GAUGE, NULL, { "target" },
    "Those of the target's file descriptors that are sockets of any kind, links of "
    "/proc/<pid>/fd to socket:[inode]." },
  .target = samples_target_open_sockets },
{ { "outbound_target_max_fds", FAMILY_GAUGE, NULL, { "target" },
    "Sum over the target's processes of how many file descriptors each may open, the soft "
    "limit in /proc/<pid>/limits (RLIMIT_NOFILE, getrlimit(2))." },
  .target = samples_target_max_fds },
{ { "outbound_target_worst_fd_ratio", FAMILY_GAUGE, "ratio", { "target" },
    "Open file descriptors as a share (0 to 1) of the limit, of the one process of the target "
    "that is nearest to its limit." },
  .target = samples_target_worst_fd_ratio },
{ { "outbound_target_resident_memory_bytes", FAMILY_GAUGE, "bytes", { "target" },
    "Resident memory of all processes of the target in bytes, shared pages counted once per "
    "process, from /proc/<pid>/stat (proc(5), rss)." },
  .target = samples_target_resident_memory },
{ { "outbound_target_oldest_start_time_seconds", FAMILY_GAUGE, "seconds", { "target" },
    "When the oldest process of the target started, in seconds since 1970, from "
    "/proc/<pid>/stat (proc(5), starttime)." },
  .target = samples_target_oldest_start_time },
{ { "outbound_connections", FAMILY_GAUGE, NULL, { "target", "destination", "state" },
    "Outbound TCP connections of the target to the destination now, by state (kernel, "
    "include/net/tcp_states.h), from the TCP table of the processes' network namespace." },
  .write = samples_write_connections },
{ { "outbound_connections_idle", FAMILY_GAUGE, NULL, { "target", "destination" },
    "Established ones of these connections that have nothing to send or to read, wait for no "
    "answer, and carried no data for detect.idle_after, by tcp_info (tcp(7)); absent where "
    "only /proc/net/tcp can be read." },
  .pair = samples_connections_idle },
{ { "outbound_connections_awaiting", FAMILY_GAUGE, NULL, { "target", "destination" },
    "Established ones of these connections on which the target sent something and received "
    "nothing since, by tcp_info (tcp(7)); absent where only /proc/net/tcp can be read." },
  .pair = samples_connections_awaiting },
{ { "outbound_connections_unread", FAMILY_GAUGE, NULL, { "target", "destination" },
    "Those of these connections whose receive queue holds data of which the target read "
    "nothing for detect.stalled_after." },
  .pair = samples_connections_unread },
{ { "outbound_connections_send_stalled", FAMILY_GAUGE, NULL, { "target", "destination" },
    "Those of these connections whose send queue holds data of which the peer took nothing "
    "for detect.stalled_after." },
  .pair = samples_connections_send_stalled },
{ { "outbound_connection_oldest_age_seconds", FAMILY_GAUGE, "seconds",
    { "target", "destination" },
    "Age of the oldest open one (established or close_wait) of these connections in seconds, "
    "at least, for those older than this program; 0 without one." },
  .pair = samples_connection_oldest_age },
{ { "outbound_receive_queue_bytes", FAMILY_GAUGE, "bytes", { "target", "destination" },
    "Bytes of payload received on these connections that the target has not read yet "
    "(idiag_rqueue of sock_diag(7), rx_queue of /proc/net/tcp)." },
  .pair = samples_receive_queue },
{ { "outbound_send_queue_bytes", FAMILY_GAUGE, "bytes", { "target", "destination" },
    "Bytes of payload sent by the target on these connections that the peer has not "
    "acknowledged yet (idiag_wqueue of sock_diag(7), tx_queue of /proc/net/tcp)." },
  .pair = samples_send_queue },
{ { "outbound_round_trip_time_seconds", FAMILY_GAUGE, "seconds", { "target", "destination" },
    "Mean of the smoothed round trip time of these connections that are established, tcpi_rtt "
    "of tcp_info (tcp(7)), in seconds." },
  .pair = samples_round_trip_time },
{ { "outbound_connections_opened_total", FAMILY_COUNTER, NULL, { "target", "destination" },
    "Connections to the destination that reached established: all while "
    "outbound_exporter_source_up{source=\"tracepoint\"} is 1, but those counted in "
    "outbound_exporter_{events_lost,unattributed_connects,truncated}_total; else those there "
    "at a tick." },
  .pair = samples_connections_opened },
{ { "outbound_connections_closed_total", FAMILY_COUNTER, NULL, { "target", "destination" },
    "Connections that left established and close_wait, whoever closed them; exact as "
    "outbound_connections_opened_total is." },
  .pair = samples_connections_closed },
{ { "outbound_connections_failed_total", FAMILY_COUNTER, NULL,
    { "target", "destination", "reason" },
    "Connections that were begun and never reached established, by the error that the kernel "
    "reported (connect(2)); canceled: the program gave up first; unknown: nobody was told; "
    "what fails before the first SYN (ENETUNREACH, EMFILE) is not seen." },
  .write = samples_write_failed },
{ { "outbound_connect_duration_seconds", FAMILY_HISTOGRAM, "seconds",
    { "target", "destination" },
    "Time from SYN to established in seconds, by events of the kernel; of configured "
    "destinations." },
  .write = samples_write_connect_durations },
{ { "outbound_connection_lifetime_seconds", FAMILY_HISTOGRAM, "seconds",
    { "target", "destination" },
    "Time from established until closed of the connections that were closed, in seconds; of "
    "configured destinations." },
  .write = samples_write_lifetimes },
{ { "outbound_sent_bytes_total", FAMILY_COUNTER, "bytes", { "target", "destination" },
    "Bytes of payload that the target sent on these connections, tcpi_bytes_sent less "
    "tcpi_bytes_retrans (tcp_info); at least, since what a connection did after its last tick "
    "is not seen." },
  .pair = samples_sent },
{ { "outbound_received_bytes_total", FAMILY_COUNTER, "bytes", { "target", "destination" },
    "Bytes of payload that arrived on these connections, tcpi_bytes_received (tcp_info); at "
    "least, likewise." },
  .pair = samples_received },
{ { "outbound_retransmits_total", FAMILY_COUNTER, NULL, { "target", "destination" },
    "Segments that the kernel sent again on these connections, tcpi_total_retrans (tcp_info); "
    "at least, likewise." },
  .pair = samples_retransmits },
{ { "outbound_unowned_connections", FAMILY_GAUGE, NULL, { "netns", "destination", "state" },
    "Outbound TCP connections that no process owns any more (inode 0 in /proc/net/tcp: closed "
    "by their process, not yet gone) and no target is known for, by network namespace: host, "
    "self (the exporter's own) or its inode number." },
  .write = samples_write_unowned },
{ { "outbound_netns_connections", FAMILY_GAUGE, NULL, { "netns", "destination", "state" },
    "Outbound TCP connections of all processes of a network namespace in which a watched "
    "process hides which ones are its own; only of such namespaces." },
  .write = samples_write_netns_connections },
{ { "outbound_netns_info", FAMILY_INFO, NULL, { "netns", "source" },
    "A metric with a constant '1' value for each network namespace that watched processes "
    "live in, labeled by where its TCP table was read: sock_diag, procfs or none." },
  .write = samples_write_netns_info },
{ { "outbound_local_ports_used", FAMILY_GAUGE, NULL, { "netns", "destination" },
    "Local ports of the range for outgoing connections that are taken towards the destination, "
    "by all processes of the network namespace and in all states; of several endpoints of a "
    "destination, towards the one with the most." },
  .write = samples_write_local_ports_used },
{ { "outbound_local_ports_available", FAMILY_GAUGE, NULL, { "netns" },
    "Local ports that there are towards one remote endpoint: net.ipv4.ip_local_port_range "
    "without ip_local_reserved_ports (kernel, ip-sysctl.rst)." },
  .write = samples_write_local_ports_available },
{ { "outbound_probe_success", FAMILY_GAUGE, NULL, { "destination", "target" },
    "Whether the newest probe of the destination succeeded (1) or failed (0)." },
  .probe = samples_probe_success },
{ { "outbound_probe_duration_seconds", FAMILY_HISTOGRAM, "seconds", { "destination", "target" },
    "Duration of all probes since start in seconds, failed ones included, measured by "
    "libcurl." },
  .write = samples_write_probe_durations },
{ { "outbound_probe_phase_duration_seconds", FAMILY_GAUGE, "seconds",
    { "destination", "target", "phase" },
    "Duration of each phase of the newest probe in seconds, 0 for a phase that was not "
    "reached, measured by libcurl." },
  .write = samples_write_probe_phases },
{ { "outbound_probes_total", FAMILY_COUNTER, NULL, { "destination", "target" },
    "Probes that ended since start." },
  .probe = samples_probes },
{ { "outbound_probes_failed_total", FAMILY_COUNTER, NULL, { "destination", "target", "reason" },
    "Probes that failed since start, by reason; of the rarer reasons only those that "
    "occurred." },
  .write = samples_write_probe_failures },
{ { "outbound_probes_missed_total", FAMILY_COUNTER, NULL, { "destination", "target" },
    "Probes that were due since start and tell nothing: left out, because the one before was "
    "still going on or the target had no process to ask from, or run out of time while this "
    "program itself was late." },
  .probe = samples_probes_missed },
{ { "outbound_probe_http_status_code", FAMILY_GAUGE, NULL, { "destination", "target" },
    "Status code of the answer to the newest probe (RFC 9110, 15); absent without an HTTP "
    "answer." },
  .probe = samples_probe_http_status },
{ { "outbound_probe_tls_earliest_certificate_expiry_timestamp_seconds", FAMILY_GAUGE, "seconds",
    { "destination", "target" },
    "When the first certificate of the chain the server showed expires, in seconds since "
    "1970." },
  .probe = samples_probe_tls_expiry },
{ { "outbound_probe_connection_reusable", FAMILY_GAUGE, NULL, { "destination", "target" },
    "Whether the server answered a second request on the connection of the newest probe that "
    "sent one (1), or did not (0); only of probes that are configured to send one." },
  .probe = samples_probe_reusable },
{ { "outbound_probe_idle_close_seconds", FAMILY_GAUGE, "seconds", { "destination", "target" },
    "How long the server kept the unused connection of the newest probe that left it unused, "
    "before it closed it, in seconds; absent when it did not while the probe waited." },
  .probe = samples_probe_idle_close },
{ { "outbound_probe_view_up", FAMILY_GAUGE, NULL, { "destination", "target" },
    "Whether the probe is asked from inside the target's network namespace (1) or cannot be, "
    "for want of a process of the target or of the right to enter it (0); only of probes that "
    "are configured to ask from there." },
  .probe = samples_probe_view_up },
{ { "outbound_probe_last_timestamp_seconds", FAMILY_GAUGE, "seconds",
    { "destination", "target" },
    "When the newest probe ended, in seconds since 1970." },
  .probe = samples_probe_last_timestamp },
};

static const struct metric own[] = {
{ { "outbound_exporter_build_info", FAMILY_INFO, NULL,
    { "version", "revision", "branch", "compiler" },
    "A metric with a constant '1' value labeled by version, revision, branch and compiler from "
    "which outbound_exporter was built." },
  .write = samples_write_build },
{ { "outbound_exporter_source_up", FAMILY_GAUGE, NULL, { "source" },
    "Whether the source could be read in the newest tick (1) or not (0)." },
  .write = samples_write_source_up },
{ { "outbound_exporter_source_duration_seconds", FAMILY_GAUGE, "seconds", { "source" },
    "How long the source took in the newest tick, in seconds." },
  .write = samples_write_source_durations },
{ { "outbound_exporter_last_tick_timestamp_seconds", FAMILY_GAUGE, "seconds", { NULL },
    "When the tick that this page shows began, in seconds since 1970; ticks have a clock of "
    "their own, a scrape does not cause one." },
  .write = samples_write_last_tick },
{ { "outbound_exporter_truncated_total", FAMILY_COUNTER, NULL, { "what" },
    "What did not fit the limit max_<what> of the configuration since start; of cmdlines, "
    "how often the expressions of targets took too long on a command line and were given "
    "up." },
  .write = samples_write_truncated },
{ { "outbound_exporter_events_lost_total", FAMILY_COUNTER, NULL, { NULL },
    "Events of the kernel that were lost for want of room, since start; meanwhile, counts of "
    "connections are by ticks." },
  .self = samples_events_lost },
{ { "outbound_exporter_event_suspensions_total", FAMILY_COUNTER, NULL, { NULL },
    "How often events were more frequent than limits.max_event_rate since start, and done "
    "without for a minute." },
  .self = samples_event_suspensions },
{ { "outbound_exporter_unattributed_connects_total", FAMILY_COUNTER, NULL, { NULL },
    "Connections, opened or failed, of processes that ended before a tick could tell whose "
    "they were, on the whole host, since start." },
  .self = samples_unattributed_connects },
{ { "outbound_exporter_unreadable_processes", FAMILY_GAUGE, NULL, { "reason" },
    "Processes that the newest tick had to examine, for a target or to discover one, and could "
    "not, by why /proc could not be read." },
  .write = samples_write_own_unreadable },
{ { "outbound_exporter_unresolved_names", FAMILY_GAUGE, NULL, { NULL },
    "Host names of the configuration that have no address now, by getaddrinfo(3)." },
  .self = samples_unresolved_names },
{ { "outbound_exporter_resolver_threads", FAMILY_GAUGE, NULL, { NULL },
    "Threads that look up names for probes now, those given up on included, whose look-up has "
    "not returned yet." },
  .self = samples_resolver_threads },
{ { "outbound_exporter_config_last_reload_successful", FAMILY_GAUGE, NULL, { NULL },
    "Whether the newest attempt to load the configuration succeeded (1) or failed (0)." },
  .self = samples_reload_successful },
{ { "outbound_exporter_config_last_reload_success_timestamp_seconds", FAMILY_GAUGE, "seconds",
    { NULL },
    "When the configuration was last loaded with success, in seconds since 1970." },
  .self = samples_reload_success_time },
{ { "process_cpu_seconds_total", FAMILY_COUNTER, "seconds", { NULL },
    "Total user and system CPU time spent in seconds." },
  .self = samples_process_cpu },
{ { "process_open_fds", FAMILY_GAUGE, NULL, { NULL },
    "Number of open file descriptors." },
  .self = samples_process_open_fds },
{ { "process_max_fds", FAMILY_GAUGE, NULL, { NULL },
    "Maximum number of open file descriptors." },
  .self = samples_process_max_fds },
{ { "process_virtual_memory_bytes", FAMILY_GAUGE, "bytes", { NULL },
    "Virtual memory size in bytes." },
  .self = samples_process_virtual_memory },
{ { "process_resident_memory_bytes", FAMILY_GAUGE, "bytes", { NULL },
    "Resident memory size in bytes." },
  .self = samples_process_resident_memory },
{ { "process_start_time_seconds", FAMILY_GAUGE, "seconds", { NULL },
    "Start time of the process since unix epoch in seconds." },
  .self = samples_process_start_time },
{ { "process_threads", FAMILY_GAUGE, NULL, { NULL },
    "Number of OS threads in the process." },
  .self = samples_process_threads },
};
/* clang-format on */

static void write_targets(struct exposition *exposition, const struct snapshot *snapshot,
			  double (*read)(const struct target_row *))
{
	for (size_t i = 0; i < snapshot->target_count; i++)
		exposition_sample(exposition, &snapshot->targets[i].name,
				  read(&snapshot->targets[i]));
}

static void write_pairs(struct exposition *exposition, const struct snapshot *snapshot,
			double (*read)(const struct pair_row *))
{
	for (size_t i = 0; i < snapshot->pair_count; i++) {
		const struct pair_row *pair = &snapshot->pairs[i];
		const char *labels[] = { snapshot->targets[pair->target].name,
					 pair->destination };

		exposition_sample(exposition, labels, read(pair));
	}
}

static void write_probes(struct exposition *exposition, const struct snapshot *snapshot,
			 double (*read)(const struct probe_row *))
{
	for (size_t i = 0; i < snapshot->probe_count; i++) {
		const struct probe_row *probe = &snapshot->probes[i];
		const char *labels[] = { probe->destination, probe->target };

		exposition_sample(exposition, labels, read(probe));
	}
}

static void write_metric(struct exposition *exposition, const struct metric *metric,
			 const struct samples *samples)
{
	exposition_begin(exposition, &metric->family);
	if (metric->target)
		write_targets(exposition, samples->snapshot, metric->target);
	else if (metric->pair)
		write_pairs(exposition, samples->snapshot, metric->pair);
	else if (metric->probe)
		write_probes(exposition, samples->snapshot, metric->probe);
	else if (metric->self)
		exposition_sample(exposition, NULL, metric->self(&samples->snapshot->self));
	else
		metric->write(exposition, samples);
	exposition_end(exposition);
}

struct page *catalog_page(struct snapshot *snapshot, const struct catalog_build *build,
			  size_t max_series)
{
	CLEANUP(exposition_deinit) struct exposition exposition = { .left = max_series };
	struct samples samples = { snapshot, build };

	for (size_t i = 0; i < ARRAY_LENGTH(observed); i++)
		write_metric(&exposition, &observed[i], &samples);
	snapshot->self.truncated[TRUNCATED_SERIES] += exposition.dropped;
	exposition.left = SIZE_MAX;
	for (size_t i = 0; i < ARRAY_LENGTH(own); i++)
		write_metric(&exposition, &own[i], &samples);
	exposition_finish(&exposition);
	return page_new(&exposition.text[PAGE_TEXT], &exposition.text[PAGE_OPENMETRICS],
			snapshot->monotonic);
}

const struct family *catalog_family(size_t index)
{
	if (index < ARRAY_LENGTH(observed))
		return &observed[index].family;
	index -= ARRAY_LENGTH(observed);
	return index < ARRAY_LENGTH(own) ? &own[index].family : NULL;
}

static void describe_family(struct text *text, const struct family *family)
{
	text_printf(text, "| `%s` | %s | ", family->name, family_type_name(family->type));
	for (size_t i = 0; family->labels[i]; i++)
		text_printf(text, "%s`%s`", i ? ", " : "", family->labels[i]);
	text_append_string(text, " | ");
	for (const char *c = family->help; *c; c++) {
		if (strchr("<|", *c))
			text_append_char(text, '\\');
		text_append_char(text, *c);
	}
	text_append_string(text, " |\n");
}

void catalog_describe(struct text *text)
{
	const struct family *family;

	text_append_string(text, "| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; (family = catalog_family(i)); i++)
		describe_family(text, family);
}
