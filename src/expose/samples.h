/*
 * The values of the catalog's rows: from a snapshot to samples. A row of the table has either a
 * function that writes all samples of its family, or one that reads a number from a row of the
 * snapshot (NAN: not known, no sample), labelled by who the row is about.
 */
#pragma once

#include "expose/catalog.h"

struct samples {
	const struct snapshot *snapshot;
	const struct catalog_build *build;
};

/* Of a target; label `target`. */
double samples_target_up(const struct target_row *target);
double samples_target_processes(const struct target_row *target);
double samples_target_threads(const struct target_row *target);
double samples_target_open_fds(const struct target_row *target);
double samples_target_open_sockets(const struct target_row *target);
double samples_target_max_fds(const struct target_row *target);
double samples_target_worst_fd_ratio(const struct target_row *target);
double samples_target_resident_memory(const struct target_row *target);
double samples_target_oldest_start_time(const struct target_row *target);

/* Of a pair; labels `target`, `destination`. */
double samples_connections_idle(const struct pair_row *pair);
double samples_connections_awaiting(const struct pair_row *pair);
double samples_connections_unread(const struct pair_row *pair);
double samples_connections_send_stalled(const struct pair_row *pair);
double samples_connection_oldest_age(const struct pair_row *pair);
double samples_receive_queue(const struct pair_row *pair);
double samples_send_queue(const struct pair_row *pair);
double samples_round_trip_time(const struct pair_row *pair);
double samples_connections_opened(const struct pair_row *pair);
double samples_connections_closed(const struct pair_row *pair);
double samples_sent(const struct pair_row *pair);
double samples_received(const struct pair_row *pair);
double samples_retransmits(const struct pair_row *pair);

/*
 * Of a probe; labels `destination`, `target`. What the newest run found is NAN before the first
 * run.
 */
double samples_probe_success(const struct probe_row *probe);
double samples_probes(const struct probe_row *probe);
double samples_probes_missed(const struct probe_row *probe);
double samples_probe_http_status(const struct probe_row *probe);
double samples_probe_tls_expiry(const struct probe_row *probe);
double samples_probe_reusable(const struct probe_row *probe);
double samples_probe_idle_close(const struct probe_row *probe);
double samples_probe_view_up(const struct probe_row *probe);
double samples_probe_last_timestamp(const struct probe_row *probe);

/* Of the exporter; no label. */
double samples_reload_successful(const struct self_row *self);
double samples_reload_success_time(const struct self_row *self);
double samples_events_lost(const struct self_row *self);
double samples_event_suspensions(const struct self_row *self);
double samples_unattributed_connects(const struct self_row *self);
double samples_unresolved_names(const struct self_row *self);
double samples_resolver_threads(const struct self_row *self);
double samples_process_cpu(const struct self_row *self);
double samples_process_resident_memory(const struct self_row *self);
double samples_process_virtual_memory(const struct self_row *self);
double samples_process_open_fds(const struct self_row *self);
double samples_process_max_fds(const struct self_row *self);
double samples_process_threads(const struct self_row *self);
double samples_process_start_time(const struct self_row *self);

/* Whole families. */
void samples_write_unreadable(struct exposition *exposition, const struct samples *samples);
void samples_write_connections(struct exposition *exposition, const struct samples *samples);
void samples_write_failed(struct exposition *exposition, const struct samples *samples);
void samples_write_connect_durations(struct exposition *exposition,
				     const struct samples *samples);
void samples_write_lifetimes(struct exposition *exposition, const struct samples *samples);
void samples_write_unowned(struct exposition *exposition, const struct samples *samples);
void samples_write_netns_connections(struct exposition *exposition,
				     const struct samples *samples);
void samples_write_netns_info(struct exposition *exposition, const struct samples *samples);
void samples_write_local_ports_used(struct exposition *exposition,
				    const struct samples *samples);
void samples_write_local_ports_available(struct exposition *exposition,
					 const struct samples *samples);
void samples_write_probe_durations(struct exposition *exposition,
				   const struct samples *samples);
void samples_write_probe_phases(struct exposition *exposition, const struct samples *samples);
void samples_write_probe_failures(struct exposition *exposition, const struct samples *samples);
void samples_write_build(struct exposition *exposition, const struct samples *samples);
void samples_write_source_up(struct exposition *exposition, const struct samples *samples);
void samples_write_source_durations(struct exposition *exposition,
				    const struct samples *samples);
void samples_write_last_tick(struct exposition *exposition, const struct samples *samples);
void samples_write_truncated(struct exposition *exposition, const struct samples *samples);
void samples_write_own_unreadable(struct exposition *exposition, const struct samples *samples);
