/*
 * Which series exist is decided here. A state, reason or kind that is part of the vocabulary is
 * written as 0 as long as it can be had for little, because a series that begins with its first
 * event hides that event from increase(). probes_failed_total has 27 reasons per probe, which
 * would cost too much: the six that explain nearly all failures start at 0, each of the rest
 * with its first failure.
 */
#include "expose/samples.h"

#include <math.h>

static const enum probe_reason common_reasons[] = {
	PROBE_DNS_NOT_FOUND,   PROBE_REFUSED,	PROBE_RESET,
	PROBE_CONNECT_TIMEOUT, PROBE_NO_ANSWER, PROBE_STATUS,
};

double samples_target_up(const struct target_row *target)
{
	return target->processes > 0;
}

double samples_target_processes(const struct target_row *target)
{
	return target->processes;
}

double samples_target_threads(const struct target_row *target)
{
	return target->threads;
}

double samples_target_open_fds(const struct target_row *target)
{
	return target->open_fds;
}

double samples_target_open_sockets(const struct target_row *target)
{
	return target->open_sockets;
}

double samples_target_max_fds(const struct target_row *target)
{
	return target->max_fds;
}

double samples_target_worst_fd_ratio(const struct target_row *target)
{
	return target->worst_fd_ratio;
}

double samples_target_resident_memory(const struct target_row *target)
{
	return target->resident_bytes;
}

double samples_target_oldest_start_time(const struct target_row *target)
{
	return target->oldest_start_time;
}

double samples_probe_success(const struct probe_row *probe)
{
	return probe->timestamp > 0 ? probe->success : NAN;
}

double samples_probes(const struct probe_row *probe)
{
	return (double)probe->runs;
}

double samples_probes_missed(const struct probe_row *probe)
{
	return (double)probe->missed;
}

double samples_probe_http_status(const struct probe_row *probe)
{
	return probe->timestamp > 0 && probe->http_status ? (double)probe->http_status : NAN;
}

double samples_probe_tls_expiry(const struct probe_row *probe)
{
	return probe->timestamp > 0 ? probe->tls_expiry : NAN;
}

double samples_probe_reusable(const struct probe_row *probe)
{
	return probe->reuse_known ? probe->reusable : NAN;
}

double samples_probe_idle_close(const struct probe_row *probe)
{
	return probe->reuse_known ? probe->idle_close : NAN;
}

double samples_probe_view_up(const struct probe_row *probe)
{
	return probe->target ? probe->view == PROBE_VIEW_TAKEN : NAN;
}

double samples_probe_last_timestamp(const struct probe_row *probe)
{
	return probe->timestamp > 0 ? probe->timestamp : NAN;
}

double samples_reload_successful(const struct self_row *self)
{
	return self->reload_successful;
}

double samples_reload_success_time(const struct self_row *self)
{
	return self->reload_success_time;
}

double samples_events_lost(const struct self_row *self)
{
	return (double)self->lost_events;
}

double samples_event_suspensions(const struct self_row *self)
{
	return (double)self->event_suspensions;
}

double samples_unattributed_connects(const struct self_row *self)
{
	return (double)self->unattributed_connects;
}

double samples_unresolved_names(const struct self_row *self)
{
	return (double)self->unresolved_names;
}

double samples_resolver_threads(const struct self_row *self)
{
	return self->resolver_threads;
}

double samples_process_cpu(const struct self_row *self)
{
	return self->cpu_seconds;
}

double samples_process_resident_memory(const struct self_row *self)
{
	return self->resident_bytes;
}

double samples_process_virtual_memory(const struct self_row *self)
{
	return self->virtual_bytes;
}

double samples_process_open_fds(const struct self_row *self)
{
	return self->open_fds;
}

double samples_process_max_fds(const struct self_row *self)
{
	return self->max_fds;
}

double samples_process_threads(const struct self_row *self)
{
	return self->threads;
}

double samples_process_start_time(const struct self_row *self)
{
	return self->start_time;
}

void samples_write_unreadable(struct exposition *exposition, const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->target_count; i++) {
		const struct target_row *target = &snapshot->targets[i];

		for (unsigned reason = 0; reason < UNREADABLE_COUNT; reason++) {
			const char *labels[] = { target->name, unreadable_name(reason) };

			exposition_count(exposition, labels, target->unreadable[reason]);
		}
	}
}

void samples_write_probe_durations(struct exposition *exposition, const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->probe_count; i++) {
		const struct probe_row *probe = &snapshot->probes[i];
		const char *labels[] = { probe->destination, probe->target };

		exposition_histogram(exposition, labels, probe_buckets, probe->buckets,
				     PROBE_BUCKET_COUNT, probe->duration_sum);
	}
}

void samples_write_probe_phases(struct exposition *exposition, const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->probe_count; i++) {
		const struct probe_row *probe = &snapshot->probes[i];

		for (unsigned phase = 0; probe->timestamp > 0 && phase < PROBE_PHASE_COUNT;
		     phase++) {
			const char *labels[] = { probe->destination, probe->target,
						 probe_phase_name(phase) };

			exposition_sample(exposition, labels, probe->phases[phase]);
		}
	}
}

static bool reason_is_common(enum probe_reason reason)
{
	for (size_t i = 0; i < ARRAY_LENGTH(common_reasons); i++)
		if (common_reasons[i] == reason)
			return true;
	return false;
}

void samples_write_probe_failures(struct exposition *exposition, const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->probe_count; i++) {
		const struct probe_row *probe = &snapshot->probes[i];

		for (unsigned reason = 0; reason < PROBE_REASON_COUNT; reason++) {
			const char *labels[] = { probe->destination, probe->target,
						 probe_reason_name(reason) };

			if (probe->failures[reason] || reason_is_common(reason))
				exposition_count(exposition, labels, probe->failures[reason]);
		}
	}
}

void samples_write_build(struct exposition *exposition, const struct samples *samples)
{
	const struct catalog_build *build = samples->build;
	const char *labels[] = { build->version, build->revision, build->branch,
				 build->compiler };

	exposition_count(exposition, labels, 1);
}

void samples_write_source_up(struct exposition *exposition, const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->source_count; i++)
		exposition_count(exposition, &snapshot->sources[i].name,
				 snapshot->sources[i].up);
}

void samples_write_source_durations(struct exposition *exposition,
				    const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->source_count; i++)
		exposition_sample(exposition, &snapshot->sources[i].name,
				  snapshot->sources[i].duration);
}

void samples_write_last_tick(struct exposition *exposition, const struct samples *samples)
{
	exposition_sample(exposition, NULL, samples->snapshot->wall);
}

void samples_write_truncated(struct exposition *exposition, const struct samples *samples)
{
	for (unsigned what = 0; what < TRUNCATED_COUNT; what++) {
		const char *label = truncated_name(what);

		exposition_count(exposition, &label, samples->snapshot->self.truncated[what]);
	}
}

void samples_write_own_unreadable(struct exposition *exposition, const struct samples *samples)
{
	for (unsigned reason = 0; reason < UNREADABLE_COUNT; reason++) {
		const char *label = unreadable_name(reason);

		exposition_count(exposition, &label,
				 samples->snapshot->self.unreadable[reason]);
	}
}
