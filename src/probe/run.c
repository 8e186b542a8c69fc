#include "probe/run.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* As many as browsers and curl(1) take, within a factor of two. */
#define REDIRECTS_MAX 10

/* A lookup that took longer than this share of the timeout may hang the next time. */
#define HANGS_SHARE 0.5

struct run {
	struct run_context *context;
	const struct probe_config *probe;
	struct view *view;
	void *owner;
	enum run_state state;
	bool name_hangs;
	unsigned redirects;
	struct transfer *transfer;
	struct lookup *lookup;
	double asked; /* when the lookup was asked for */
	struct probe_report report;
};

static void finish(struct run *run, enum probe_reason reason)
{
	run->report.success = reason == PROBE_REASON_COUNT;
	if (!run->report.success)
		run->report.reason = reason;
	run->report.duration = outcome_duration(&run->report);
	run->state = RUN_DONE;
}

static void begin_leg(struct run *run, const char *url, double now)
{
	const char *name;

	if (transfer_aim(run->transfer, url) < 0) {
		finish(run, run->redirects ? PROBE_PROTOCOL : PROBE_OTHER);
		return;
	}
	name = transfer_name(run->transfer);
	run->state = name ? RUN_LOOKUP : RUN_READY;
	if (!name)
		return;
	run->lookup = resolver_ask(run->context->resolver, name, run->name_hangs);
	run->asked = now;
}

struct run *run_new(struct run_context *context, const struct probe_config *probe,
		    struct view *view, bool name_hangs, double now, void *owner)
{
	struct run *run = memory_new(1, sizeof(*run));

	run->context = context;
	run->probe = probe;
	run->view = view_acquire(view);
	run->owner = owner;
	run->name_hangs = name_hangs;
	run->transfer = transfer_new(probe, context->connections, run);
	probe_report_init(&run->report);
	run->report.timeout = probe->timeout;
	begin_leg(run, probe->url, now);
	run->report.is_http = !transfer_is_tcp(run->transfer);
	return run;
}

static void release_lookup(struct run *run)
{
	if (run->lookup)
		lookup_release(run->context->resolver, run->lookup);
	run->lookup = NULL;
}

void run_free(struct run *run)
{
	if (!run)
		return;
	release_lookup(run);
	transfer_free(run->transfer);
	view_release(run->view);
	probe_report_deinit(&run->report);
	free(run);
}

enum run_state run_state(const struct run *run)
{
	return run->state;
}

void *run_owner(const struct run *run)
{
	return run->owner;
}

static double time_left(const struct run *run)
{
	return run->probe->timeout - outcome_duration(&run->report);
}

/* The clock of this run: a lookup may be older, when others asked for it before. */
static double lookup_began(const struct run *run, const struct lookup_view *view)
{
	return fmax(run->asked, view->began);
}

double run_deadline(const struct run *run)
{
	struct lookup_view view = lookup_view(run->context->resolver, run->lookup);

	if (view.state == LOOKUP_WAITING)
		return INFINITY;
	return lookup_began(run, &view) + time_left(run);
}

static void fail_lookup(struct run *run, enum lookup_state state)
{
	static const enum probe_reason reasons[] = {
		[LOOKUP_RUNNING] = PROBE_DNS_TIMEOUT, [LOOKUP_NOT_FOUND] = PROBE_DNS_NOT_FOUND,
		[LOOKUP_TIMEOUT] = PROBE_DNS_TIMEOUT, [LOOKUP_FAILED] = PROBE_DNS_FAILED,
		[LOOKUP_IMPOSSIBLE] = PROBE_OTHER,
	};

	probe_report_log(&run->report, "error", "Could not resolve the name", "name",
			 transfer_name(run->transfer), "reason",
			 probe_reason_name(reasons[state]), NULL);
	release_lookup(run);
	finish(run, reasons[state]);
}

void run_check_lookup(struct run *run, double now)
{
	struct lookup_view view = lookup_view(run->context->resolver, run->lookup);
	bool over = view.state != LOOKUP_WAITING && view.state != LOOKUP_RUNNING;
	double left = time_left(run), took;

	assert(run->state == RUN_LOOKUP);
	if (view.state == LOOKUP_WAITING)
		return;
	took = (over ? view.ended : now) - lookup_began(run, &view);
	if (!over && took < left)
		return;
	took = fmin(fmax(took, 0), left);
	run->report.phases[PROBE_PHASE_RESOLVE] += took;
	run->report.lookup += took;
	run->name_hangs = took > HANGS_SHARE * run->probe->timeout;
	if (took >= left || view.state != LOOKUP_FOUND)
		fail_lookup(run, took >= left ? LOOKUP_RUNNING : view.state);
	else
		run->state = RUN_READY;
}

void run_start(struct run *run, struct transfers *transfers)
{
	const char *addresses = NULL;

	assert(run->state == RUN_READY);
	if (run->lookup)
		addresses = lookup_view(run->context->resolver, run->lookup).addresses;
	transfer_start(run->transfer, transfers, addresses, time_left(run));
	release_lookup(run);
	run->state = RUN_TRANSFER;
}

static void follow(struct run *run, const char *url, double now)
{
	CLEANUP(memory_free_pointer) char *copy = memory_copy_string(url);

	if (run->redirects++ < REDIRECTS_MAX)
		begin_leg(run, copy, now);
	else
		finish(run, PROBE_REDIRECTS);
}

static enum probe_reason judge(struct run *run)
{
	if (transfer_is_tcp(run->transfer))
		return PROBE_REASON_COUNT;
	return outcome_answer_reason(run->probe->module, transfer_answer(run->transfer),
				     &run->report);
}

struct run *run_finish_leg(struct transfer *transfer, double now)
{
	struct run *run = transfer_owner(transfer);
	const char *redirect = transfer_redirect(transfer);
	enum probe_reason reason;
	struct leg leg;

	assert(run->state == RUN_TRANSFER);
	transfer_measure(transfer, &leg);
	outcome_add_leg(&run->report, &leg);
	transfer_report(transfer, &run->report);
	reason = outcome_leg_reason(&leg);
	if (reason != PROBE_REASON_COUNT)
		finish(run, reason);
	else if (redirect)
		follow(run, redirect, now);
	else
		finish(run, judge(run));
	return run;
}

struct probe_report *run_report(struct run *run)
{
	return &run->report;
}
