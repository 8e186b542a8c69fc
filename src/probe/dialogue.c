/*
 * The descriptor was made non-blocking by libcurl, which connected it.
 *
 * One that floods is served a piece at a time, so that others have their turn, and as many of
 * them as there is time for. What is left is then not waited for by the descriptor alone, since
 * OpenSSL may already have read it.
 *
 * Reasons are those of a leg that went the same way, so that there is one place to tell them.
 */
#include "probe/dialogue.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/memory.h"
#include "probe/outcome.h"
#include "probe/script.h"
#include "probe/tls.h"

/* Seconds at once: about what one read and its lines take. */
#define PIECE_MAX 0.0001

struct dialogue {
	struct dialogue_peer peer;
	const struct tcp_module *module;
	struct probe_report *report;
	struct script script;
	struct tls_session *tls; /* NULL: in the clear */
	bool handshaking, upgrading; /* now; because the script says so */
	bool hurried, ready; /* there is more to do at once; what is waited for is there */
	uint32_t events; /* that are waited for; 0: none */
	double since, deadline; /* when the time was last accounted for */
	enum probe_reason reason;
	bool over, ran_out; /* of time */
};

enum progress { WENT_ON, WAITS, OVER };

static enum progress finish(struct dialogue *dialogue, enum probe_reason reason)
{
	dialogue->reason = reason;
	dialogue->over = true;
	return OVER;
}

static enum progress wait_for(struct dialogue *dialogue, uint32_t events)
{
	if (dialogue->events != events)
		watch_set_flag(dialogue->peer.watch, dialogue->peer.fd, events,
			       &dialogue->ready);
	dialogue->events = events;
	dialogue->ready = false;
	return WAITS;
}

/* Of a call that returned `error`, -errno. */
static enum progress fail(struct dialogue *dialogue, int error, enum leg_end end)
{
	struct leg leg = {
		.end = end,
		.os_error = -error,
		.tls = dialogue->tls != NULL,
		.name_lookup = 1,
		.connected = 1,
		.tls_done = !dialogue->handshaking,
		.first_byte = dialogue->script.total > 0,
	};

	/* TLS 1.3 has no other way to tell that it does not like our certificate. */
	if (dialogue->handshaking || (error == -EPROTO && !dialogue->script.total))
		leg.end = LEG_NO_TLS;
	if (error == -EMSGSIZE)
		leg.end = LEG_CAPPED;
	return finish(dialogue, outcome_leg_reason(&leg));
}

static enum progress begin_tls(struct dialogue *dialogue)
{
	CLEANUP(error_deinit) struct error err = { 0 };

	if (dialogue->tls) /* not twice */
		return finish(dialogue, PROBE_CONFIG);
	dialogue->tls = tls_session_new(&dialogue->module->tls, dialogue->peer.host,
					dialogue->peer.fd, &err);
	if (!dialogue->tls) {
		probe_report_log(dialogue->report, "error", "no TLS is possible", "err",
				 error_string(&err), NULL);
		return finish(dialogue, PROBE_CONFIG);
	}
	dialogue->handshaking = true;
	return WENT_ON;
}

static enum progress fail_handshake(struct dialogue *dialogue, int error)
{
	struct leg leg = { .end = LEG_BAD_CERTIFICATE };

	probe_report_log(dialogue->report, "error", "the TLS handshake failed", NULL);
	leg.verify_result = tls_session_verify_result(dialogue->tls);
	if (!leg.verify_result)
		return fail(dialogue, error, LEG_NO_TLS);
	return finish(dialogue, outcome_leg_reason(&leg));
}

static enum progress handshake(struct dialogue *dialogue)
{
	int r = tls_session_handshake(dialogue->tls);

	if (r > 0)
		return wait_for(dialogue, r == TLS_WANT_READ ? EPOLLIN : EPOLLOUT);
	tls_session_report(dialogue->tls, dialogue->report);
	if (r < 0)
		return fail_handshake(dialogue, r);
	probe_report_log(dialogue->report, "info", "the TLS handshake is done", "version",
			 dialogue->report->tls.version, NULL);
	dialogue->handshaking = false;
	dialogue->report->used_tls = true;
	if (dialogue->upgrading)
		script_secured(&dialogue->script);
	return WENT_ON;
}

static enum progress receive(struct dialogue *dialogue)
{
	size_t room;
	char *to = script_room(&dialogue->script, &room);
	ssize_t n;

	if (dialogue->tls) {
		n = tls_session_read(dialogue->tls, to, room);
	} else {
		n = recv(dialogue->peer.fd, to, room, MSG_DONTWAIT);
		n = n < 0 ? -errno : n;
	}
	if (n == -EAGAIN)
		return wait_for(dialogue,
				dialogue->tls ? tls_session_wants(dialogue->tls) : EPOLLIN);
	if (n < 0)
		return fail(dialogue, (int)n, LEG_RECEIVE_FAILED);
	if (n > 0)
		script_received(&dialogue->script, (size_t)n);
	else
		script_closed(&dialogue->script);
	return WENT_ON;
}

static enum progress say(struct dialogue *dialogue)
{
	struct bytes unsent = script_unsent(&dialogue->script);
	ssize_t n;

	if (dialogue->tls) {
		n = tls_session_write(dialogue->tls, unsent.data, unsent.length);
	} else {
		n = send(dialogue->peer.fd, unsent.data, unsent.length,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		n = n < 0 ? -errno : n;
	}
	if (n == -EAGAIN)
		return wait_for(dialogue,
				dialogue->tls ? tls_session_wants(dialogue->tls) : EPOLLOUT);
	if (n <= 0)
		return fail(dialogue, (int)n, LEG_SEND_FAILED);
	script_sent(&dialogue->script, (size_t)n);
	return WENT_ON;
}

static enum progress go_on(struct dialogue *dialogue)
{
	if (dialogue->handshaking)
		return handshake(dialogue);
	switch (script_advance(&dialogue->script)) {
	case SCRIPT_RECEIVE:
		return receive(dialogue);
	case SCRIPT_PAUSE:
		return WENT_ON;
	case SCRIPT_SEND:
		return say(dialogue);
	case SCRIPT_TLS:
		dialogue->upgrading = true;
		return begin_tls(dialogue);
	case SCRIPT_DONE:
		return finish(dialogue, PROBE_REASON_COUNT);
	case SCRIPT_FAILED:
		break;
	}
	return finish(dialogue, dialogue->script.reason);
}

struct dialogue *dialogue_new(const struct dialogue_peer *peer, const struct tcp_module *module,
			      struct probe_report *report, double now, double deadline)
{
	struct dialogue *dialogue = memory_new(1, sizeof(*dialogue));

	*dialogue = (struct dialogue){
		.peer = *peer,
		.module = module,
		.report = report,
		.hurried = true,
		.since = now,
		.deadline = deadline,
	};
	script_init(&dialogue->script, module, report);
	if (module->tls_from_start)
		begin_tls(dialogue);
	return dialogue;
}

void dialogue_free(struct dialogue *dialogue)
{
	if (!dialogue)
		return;
	if (dialogue->events)
		watch_remove(dialogue->peer.watch, dialogue->peer.fd);
	tls_session_free(dialogue->tls);
	connections_close(dialogue->peer.connections, dialogue->peer.fd, clock_monotonic());
	script_deinit(&dialogue->script);
	free(dialogue);
}

/* The time since the last look went by in the state that it is in until now. */
static void account(struct dialogue *dialogue, double now)
{
	enum probe_phase phase = PROBE_PHASE_PROCESSING;

	if (dialogue->handshaking)
		phase = PROBE_PHASE_TLS;
	else if (dialogue->script.total)
		phase = PROBE_PHASE_TRANSFER;
	now = fmin(now, dialogue->deadline);
	dialogue->report->phases[phase] += fmax(0, now - dialogue->since);
	dialogue->since = fmax(dialogue->since, now);
}

static enum probe_reason late_reason(const struct dialogue *dialogue)
{
	return dialogue->handshaking ? PROBE_TLS_HANDSHAKE :
				       script_late_reason(&dialogue->script);
}

bool dialogue_advance(struct dialogue *dialogue, double now)
{
	enum progress progress = WENT_ON;
	double until;

	if (!dialogue->hurried && !dialogue->ready && now < dialogue->deadline)
		return dialogue->over;
	account(dialogue, now);
	until = clock_monotonic() + PIECE_MAX;
	while (!dialogue->over && progress == WENT_ON) {
		progress = go_on(dialogue);
		if (clock_monotonic() >= until)
			break;
	}
	dialogue->hurried = progress == WENT_ON;
	dialogue->ran_out = !dialogue->over && now >= dialogue->deadline;
	if (dialogue->ran_out)
		finish(dialogue, late_reason(dialogue));
	return dialogue->over;
}

double dialogue_next(const struct dialogue *dialogue)
{
	bool is_now = dialogue->hurried || dialogue->ready || dialogue->over;

	return is_now ? 0 : dialogue->deadline;
}

enum probe_reason dialogue_reason(const struct dialogue *dialogue)
{
	assert(dialogue->over);
	return dialogue->reason;
}

bool dialogue_ran_out(const struct dialogue *dialogue)
{
	assert(dialogue->over);
	return dialogue->ran_out;
}
