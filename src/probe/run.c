#include "probe/run.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "probe/dialogue.h"
#include "probe/script.h"

/* As many as browsers and curl(1) take, within a factor of two. */
#define REDIRECTS_MAX 10

/* A lookup that took longer than this share of the timeout may hang the next time. */
#define HANGS_SHARE 0.5

/* What a run may have waited for, in the log. */
static const char its_turn[] = "its turn";
static const char a_thread[] = "a thread that looks names up";

struct run {
	struct run_context *context;
	const struct probe_config *probe;
	struct view *view;
	void *owner;
	enum run_state state;
	bool name_hangs;
	unsigned redirects;
	struct transfer *transfer;
	struct lookup *lookup; /* without a view, */
	struct view_lookup *view_lookup; /* with one */
	double asked; /* when the lookup was asked for */
	struct dialogue *dialogue;
	double deadline; /* whatever happens; INFINITY: none */
	double began, until; /* of the leg, or the dialogue */
	const char *waited_for; /* in the log */
	bool has_waited; /* and lost time by it that was the server's */
	bool was_late;
	struct probe_report report;
};

static void log_begin(struct run *run)
{
	CLEANUP(text_deinit) struct text seconds = { 0 };

	text_append_double(&seconds, run->probe->timeout);
	probe_report_log(&run->report, "info", "Beginning probe", "probe",
			 run->report.is_http ? "http" : "tcp", "timeout_seconds",
			 text_string(&seconds), NULL);
}

static void log_end(struct run *run)
{
	CLEANUP(text_deinit) struct text seconds = { 0 };

	text_append_double(&seconds, run->report.duration);
	if (run->report.success)
		probe_report_log(&run->report, "info", "Probe succeeded", "duration_seconds",
				 text_string(&seconds), NULL);
	else
		probe_report_log(&run->report, "error", "Probe failed", "reason",
				 probe_reason_name(run->report.reason), "duration_seconds",
				 text_string(&seconds), NULL);
}

static void finish(struct run *run, enum probe_reason reason)
{
	run->report.success = reason == PROBE_REASON_COUNT;
	if (!run->report.success)
		run->report.reason = reason;
	run->report.duration = outcome_duration(&run->report);
	log_end(run);
	run->state = RUN_DONE;
}

static void finish_late(struct run *run)
{
	run->was_late = true;
	probe_report_log(&run->report, "error", "This program was late", "waited_for",
			 run->waited_for, NULL);
	finish(run, PROBE_OTHER);
}

/*
 * Of a time that ended at `until`, as was found at `found`: whether what came in time may have
 * been overlooked, since the thread woke late or was in the middle of a long turn; or it ended
 * before the server had its time.
 */
static bool is_late(const struct run *run, double until, double found)
{
	const struct run_context *context = run->context;
	double late = found - until;

	if (until < context->slept)
		late = fmax(late, context->turned);
	return run->has_waited || late > outcome_tolerance(run->probe->timeout);
}

static void begin_leg(struct run *run, const char *url, double now)
{
	const char *name;

	if (transfer_aim(run->transfer, url) < 0) {
		finish(run, run->redirects ? PROBE_PROTOCOL : PROBE_OTHER);
		return;
	}
	run->report.has_host = true;
	name = transfer_name(run->transfer);
	run->state = name ? RUN_LOOKUP : RUN_READY;
	if (!name)
		return;
	if (run->view)
		run->view_lookup = view_lookup_new(&run->context->name_servers,
						   run->context->resolver, run->view, name,
						   run->name_hangs, now);
	else
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
	run->deadline = INFINITY;
	run->waited_for = its_turn;
	run->transfer = transfer_new(probe, view, context->connections, run);
	probe_report_init(&run->report);
	run->report.is_http = probe->module->prober == PROBER_HTTP;
	run->report.timeout = probe->timeout;
	run->report.wants_log = probe->wants_log;
	log_begin(run);
	begin_leg(run, probe->url, now);
	run->report.is_http &= !transfer_is_tcp(run->transfer);
	return run;
}

static void release_lookup(struct run *run)
{
	if (run->lookup)
		lookup_release(run->context->resolver, run->lookup);
	view_lookup_free(run->view_lookup);
	run->lookup = NULL;
	run->view_lookup = NULL;
}

void run_free(struct run *run)
{
	if (!run)
		return;
	release_lookup(run);
	dialogue_free(run->dialogue);
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

/* When something has to be over that began at `began`. */
static double end_of(const struct run *run, double began)
{
	return fmin(began + time_left(run), run->deadline);
}

/* Whether it has less time until then than it should, for it has waited. */
static bool is_cut(const struct run *run, double began)
{
	return began + time_left(run) - run->deadline > outcome_tolerance(run->probe->timeout);
}

void run_set_deadline(struct run *run, double deadline)
{
	run->deadline = deadline;
}

/* The clock of this run: a lookup may be older, when others asked for it before. */
static double lookup_began(const struct run *run, const struct lookup_view *view)
{
	return fmax(run->asked, view->began);
}

static struct lookup_view look(const struct run *run, double now)
{
	if (run->view_lookup)
		return view_lookup_check(run->view_lookup, now);
	return lookup_view(run->context->resolver, run->lookup);
}

static double lookup_deadline(const struct run *run)
{
	struct lookup_view view;

	if (run->view_lookup)
		return fmin(end_of(run, run->asked), view_lookup_deadline(run->view_lookup));
	view = lookup_view(run->context->resolver, run->lookup);
	if (view.state == LOOKUP_WAITING)
		return run->deadline;
	return end_of(run, lookup_began(run, &view));
}

double run_deadline(const struct run *run)
{
	if (run->state == RUN_LOOKUP)
		return lookup_deadline(run);
	if (run->state == RUN_READY)
		return run->deadline;
	return run->state == RUN_DIALOGUE ? dialogue_next(run->dialogue) : INFINITY;
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

/* What it is when time is up: a view's files that hang say nothing about name servers. */
static enum lookup_state late_state(const struct run *run)
{
	return run->view_lookup && view_lookup_is_reading(run->view_lookup) ?
		       LOOKUP_IMPOSSIBLE :
		       LOOKUP_RUNNING;
}

/* Of a lookup that ended at `ended`, or at the end of its time. */
static void count_lookup(struct run *run, double began, double ended)
{
	double took = fmax(ended - began, 0);

	run->report.phases[PROBE_PHASE_RESOLVE] += took;
	run->report.lookup += took;
	run->name_hangs = took > HANGS_SHARE * run->probe->timeout;
}

/*
 * The threads of the resolver know themselves when they ended, but may have begun late; what a
 * view finds out is to be noticed in time, too.
 */
static void time_out_lookup(struct run *run, double began, double until, double now)
{
	bool late;

	run->has_waited = is_cut(run, began);
	late = run->view_lookup ? is_late(run, until, now) : run->has_waited;
	count_lookup(run, began, until);
	if (!late) {
		fail_lookup(run, late_state(run));
		return;
	}
	release_lookup(run);
	finish_late(run);
}

static void check_lookup(struct run *run, double now)
{
	struct lookup_view view = look(run, now);
	bool waits = view.state == LOOKUP_WAITING;
	bool over = !waits && view.state != LOOKUP_RUNNING;
	double began = waits ? now : lookup_began(run, &view);
	double ended = over ? view.ended : now, until = end_of(run, began);

	if (waits)
		run->waited_for = a_thread;
	if (ended >= until) {
		time_out_lookup(run, began, until, now);
	} else if (over) {
		count_lookup(run, began, ended);
		run->state = RUN_READY;
		if (view.state != LOOKUP_FOUND)
			fail_lookup(run, view.state);
	}
}

static void check_dialogue(struct run *run, double now)
{
	if (!dialogue_advance(run->dialogue, now))
		return;
	if (dialogue_ran_out(run->dialogue) && is_late(run, run->until, now))
		finish_late(run);
	else
		finish(run, dialogue_reason(run->dialogue));
	dialogue_free(run->dialogue);
	run->dialogue = NULL;
}

void run_check(struct run *run, double now)
{
	if (run->state == RUN_LOOKUP)
		check_lookup(run, now);
	else if (run->state == RUN_DIALOGUE)
		check_dialogue(run, now);
	else if (run->state == RUN_READY && now >= run->deadline)
		finish_late(run);
}

static void begin_stage(struct run *run, double now)
{
	run->began = now;
	run->until = end_of(run, now);
	run->has_waited = is_cut(run, now);
}

void run_start(struct run *run, struct transfers *transfers)
{
	const char *addresses = NULL;

	assert(run->state == RUN_READY);
	if (run->lookup || run->view_lookup)
		addresses = look(run, run->asked).addresses;
	begin_stage(run, clock_monotonic());
	transfer_start(run->transfer, transfers, addresses, run->until - run->began);
	release_lookup(run);
	run->state = RUN_TRANSFER;
}

static void follow(struct run *run, const char *url, double now)
{
	CLEANUP(memory_free_pointer) char *copy = memory_copy_string(url);

	if (run->redirects++ >= REDIRECTS_MAX) {
		finish(run, PROBE_REDIRECTS);
		return;
	}
	/* Nobody's answer, if the next server cannot even be asked. */
	outcome_forget_answer(&run->report);
	begin_leg(run, copy, now);
}

static enum probe_reason judge(struct run *run)
{
	if (transfer_is_tcp(run->transfer))
		return PROBE_REASON_COUNT;
	return outcome_answer_reason(run->probe->module, transfer_answer(run->transfer),
				     &run->report);
}

static void begin_dialogue(struct run *run, double now)
{
	const char *host = run->probe->hostname;
	struct dialogue_peer peer = {
		.fd = transfer_socket(run->transfer),
		.host = host ? host : transfer_host(run->transfer),
		.connections = run->context->connections,
		.watch = &run->context->watch,
	};

	if (peer.fd < 0) {
		finish(run, PROBE_OTHER);
		return;
	}
	begin_stage(run, now);
	run->dialogue =
		dialogue_new(&peer, &run->probe->module->tcp, &run->report, now, run->until);
	run->state = RUN_DIALOGUE;
}

static bool wants_dialogue(const struct run *run)
{
	return transfer_is_tcp(run->transfer) && script_is_needed(&run->probe->module->tcp);
}

void run_finish_leg(struct transfer *transfer, double now)
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
	if (leg.end == LEG_TIMEOUT && is_late(run, run->until, run->began + leg.total))
		finish_late(run);
	else if (reason != PROBE_REASON_COUNT)
		finish(run, reason);
	else if (redirect)
		follow(run, redirect, now);
	else if (wants_dialogue(run))
		begin_dialogue(run, now);
	else
		finish(run, judge(run));
}

void run_cancel(struct run *run)
{
	if (run->state == RUN_DONE)
		return;
	release_lookup(run);
	dialogue_free(run->dialogue);
	run->dialogue = NULL;
	transfer_stop(run->transfer);
	finish(run, PROBE_CANCELED);
}

struct reuse *run_take_reuse(struct run *run, void *owner, double now)
{
	struct reuse *reuse;

	assert(run->state == RUN_DONE);
	if (!run->probe->reuse || !run->report.success || !run->transfer ||
	    transfer_is_tcp(run->transfer))
		return NULL;
	reuse = reuse_new(run->probe, run->transfer, &run->context->watch, now, owner);
	run->transfer = NULL;
	return reuse;
}

bool run_was_late(const struct run *run)
{
	return run->was_late;
}

struct probe_report *run_report(struct run *run)
{
	return &run->report;
}
