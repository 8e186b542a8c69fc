/*
 * Probes that somebody asks for and waits for, as with blackbox_exporter's /probe: a thread of
 * their own, so that they take no time of those that have a schedule.
 */
#pragma once

#include "base/error.h"
#include "config/config.h"
#include "model/probe_report.h"
#include "model/snapshot.h"

struct inquiry;

struct inquiry_question {
	const struct module_config *module;
	const char
		*target; /* a URL, with or without its scheme; "host:port" for the prober tcp */
	const char *hostname; /* Host header and server name; NULL: the target's */
	double timeout; /* seconds, from now on */
	int client; /* the socket of who asks; lives for the call; negative: none */
	bool wants_log;
	/*
	 * Called once, in the thread, with a report that lives for the call; NULL: the thread
	 * was stopped first. A probe whose client has hung up is canceled.
	 */
	void (*answer)(void *context, const struct probe_report *report);
	void *context;
};

/* Does not start the thread, which begins with the first question. */
struct inquiry *inquiry_new(void);

/* Answers what is waiting with NULL. */
void inquiry_free(struct inquiry *inquiry); /* takes NULL */

/*
 * From any thread; strings are copied, `config` is the module's, and acquired until it is
 * answered. 0, and there will be an answer; or -errno: there is no thread or descriptor for it.
 */
int inquiry_ask(struct inquiry *inquiry, struct config *config,
		const struct inquiry_question *question, struct error *err) MUST_CHECK;

/* Adds its connections and threads to those of the snapshot, see probe_engine_copy(). */
void inquiry_copy(struct inquiry *inquiry, struct snapshot *snapshot);
