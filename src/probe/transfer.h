/*
 * libcurl: one easy handle for each run under way, one multi handle for all of them. Every
 * connection is new, and is opened and closed through struct connections.
 */
#pragma once

#include "config/config.h"
#include "probe/connections.h"
#include "probe/outcome.h"

struct transfer;
struct transfers;

/*
 * All transfers under way; for one thread, but for transfers_wake(). Initialises libcurl, once
 * in the life of the process. NULL when there is no memory or no descriptor for it.
 */
struct transfers *transfers_new(void) MUST_CHECK;
void transfers_free(struct transfers *transfers); /* takes NULL; none may be under way */

/* Goes on with all of them, without waiting. */
void transfers_perform(struct transfers *transfers);

/* One that has ended since; NULL: none. Its leg is to be measured. */
struct transfer *transfers_take(struct transfers *transfers);

/* Waits until there is something to do, `fd` is readable, or so many seconds have passed. */
void transfers_wait(struct transfers *transfers, int fd, double seconds);

/* Ends a transfers_wait() in another thread, or the next one. */
void transfers_wake(struct transfers *transfers);

/*
 * A run's transfer; `owner` is the caller's. The rest is borrowed; a view of NULL is that of
 * this program.
 */
struct transfer *transfer_new(const struct probe_config *probe, const struct view *view,
			      struct connections *connections, void *owner);

/* Takes NULL. Ends the transfer without waiting for anything. */
void transfer_free(struct transfer *transfer);

/* Ends the leg that is under way, if any, without measuring it. */
void transfer_stop(struct transfer *transfer);

void *transfer_owner(const struct transfer *transfer);

/*
 * Aims the next leg at a URL: the probe's, or where a redirect leads. User name and password in
 * the first URL go along, as long as scheme, host and port stay the same. 0 or -EINVAL.
 */
int transfer_aim(struct transfer *transfer, const char *url) MUST_CHECK;

/* The host name to look up first; NULL when there is none, but an address or localhost. */
const char *transfer_name(const struct transfer *transfer);

const char *transfer_host(const struct transfer *transfer);

/* Whether libcurl only connects. */
bool transfer_is_tcp(const struct transfer *transfer);

/*
 * Starts the leg. `addresses` are those of transfer_name(), as lookup_view has them. It ends
 * after `timeout` seconds at the latest.
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

/* The leg that ended. */
void transfer_measure(const struct transfer *transfer, struct leg *ret_leg);

/* Where the answer wants us to go instead; NULL: nowhere. Until the next leg. */
const char *transfer_redirect(const struct transfer *transfer);

/* The beginning of the answer's body, if the module looks at bodies. Until the next leg. */
struct bytes transfer_body(const struct transfer *transfer);
