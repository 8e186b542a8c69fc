/*
 * What a run asks for, through libcurl: one easy handle for all of its legs. Every connection
 * is new, and is opened and closed through struct connections.
 */
#pragma once

#include "config/config.h"
#include "probe/answer.h"
#include "probe/connections.h"
#include "probe/outcome.h"
#include "probe/transfers.h"

struct transfer;

/*
 * A run's transfer; `owner` is the caller's. The view is acquired, NULL is that of this
 * program; the rest is borrowed.
 */
struct transfer *transfer_new(const struct probe_config *probe, struct view *view,
			      struct connections *connections, void *owner);

/* Takes NULL. Ends the transfer without waiting for anything. */
void transfer_free(struct transfer *transfer);

/* Ends the leg that is under way, if any, without measuring it. */
void transfer_stop(struct transfer *transfer);

void *transfer_owner(const struct transfer *transfer);

/*
 * Aims the next leg at a URL: the probe's, or where a redirect leads. What only the probe's
 * server may know goes along as long as scheme, host and port stay the same. 0 or -EINVAL.
 */
int transfer_aim(struct transfer *transfer, const char *url) MUST_CHECK;

/*
 * The host name to look up first: the proxy's, if there is one. NULL when there is none, but an
 * address, localhost, or addresses that the probe has for it.
 */
const char *transfer_name(const struct transfer *transfer);

const char *transfer_host(const struct transfer *transfer);

/* Whether libcurl only connects. */
bool transfer_is_tcp(const struct transfer *transfer);

/*
 * Starts the leg. `addresses` are those of transfer_name(), as lookup_view has them. It ends
 * after `timeout` seconds at the latest; at once when what it needs cannot be read, or none of
 * the addresses is wanted.
 */
void transfer_start(struct transfer *transfer, struct transfers *transfers,
		    const char *addresses, double timeout);

/*
 * Once a leg is complete: with TCP alone, when there is more to do, the connected socket, the
 * caller's to close through its connections; else the idle connection of a probe that is to
 * try it again, until the transfer is freed. Negative: none.
 */
int transfer_socket(const struct transfer *transfer);

/* Starts the same leg again, over the connection that is kept or none; for another owner. */
void transfer_start_again(struct transfer *transfer, struct transfers *transfers,
			  double timeout, void *owner);

/* Whether the leg is such a second one. */
bool transfer_is_again(const struct transfer *transfer);

/* For transfers.c: it ended with this CURLcode. */
void transfer_end(struct transfer *transfer, int code);

/* The leg that ended. */
void transfer_measure(const struct transfer *transfer, struct leg *ret_leg);

/* What else is known of the leg that ended: address, TLS, body, and what happened. */
void transfer_report(const struct transfer *transfer, struct probe_report *report);

/* Where the answer wants us to go instead; NULL: nowhere. Until the next leg. */
const char *transfer_redirect(const struct transfer *transfer);

/* The answer, as far as the module looks at it. Until the next leg. */
const struct answer *transfer_answer(const struct transfer *transfer);
