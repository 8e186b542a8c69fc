/*
 * A conversation over TCP on a connection that stands: TLS, and the script of the module. It
 * never waits; a `watch` wakes the thread when it can go on, and watch_look() lets it know.
 */
#pragma once

#include "config/module.h"
#include "model/probe_report.h"
#include "probe/connections.h"
#include "probe/watch.h"

struct dialogue;

/* Who it is held with. All is borrowed but `fd`, a socket of `connections`. */
struct dialogue_peer {
	int fd;
	const char *host; /* whom certificates are to be of, unless the module knows better */
	struct connections *connections;
	struct watch *watch;
};

/*
 * What is found out goes into the report, and so does the time it takes: to the phases TLS,
 * processing (until the first byte), transfer. `deadline` is the end of it (monotonic seconds).
 */
struct dialogue *dialogue_new(const struct dialogue_peer *peer, const struct tcp_module *module,
			      struct probe_report *report, double now, double deadline);
void dialogue_free(struct dialogue *dialogue); /* takes NULL; ends the connection */

/* Goes on with it for a moment, or gives it up for lack of time. True when it is over. */
bool dialogue_advance(struct dialogue *dialogue, double now);

/* When to go on with it at the latest; a time that has passed: now. */
double dialogue_next(const struct dialogue *dialogue);

/* Once it is over: why it failed; PROBE_REASON_COUNT: it did not. */
enum probe_reason dialogue_reason(const struct dialogue *dialogue);

/* Likewise: whether it was given up for lack of time. */
bool dialogue_ran_out(const struct dialogue *dialogue);
