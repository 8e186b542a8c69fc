/*
 * GET /probe: which module, how long it may take, and what came of it. Requests arrive in
 * threads of the web server, reports in that of the inquiries.
 */
#pragma once

#include "config/config.h"
#include "expose/http.h"
#include "probe/inquiry.h"

struct ask;

/* `inquiry` is borrowed. `offset`: seconds by which answers are to be ahead of the time-out. */
struct ask *ask_new(struct inquiry *inquiry, double offset);

/* None may be waiting any more: after inquiry_free(). */
void ask_free(struct ask *ask); /* takes NULL */

/* Modules are this configuration's from now on; NULL: nobody is let in any more. */
void ask_set_config(struct ask *ask, struct config *config);

/*
 * In a thread of the web server: answers at once, or once there is a report. `client` is the
 * socket of who asks, which lives for the call; the probe ends when it hangs up.
 */
void ask_probe(struct ask *ask, struct http_wait *wait, const struct http_query *query,
	       int client);
