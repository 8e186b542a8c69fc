/*
 * Host names → addresses, by getaddrinfo(3) in threads, at most so many at once. A name has one
 * lookup under way: who asks meanwhile waits for the same one. A lookup cannot be cut short, so
 * giving up on one leaves its thread to itself; names that are known to hang get only a quarter
 * of the threads, so that they never hold up the others.
 *
 * The files of a view are read in these threads as well, since a file system of somebody else's
 * may hang, too.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"

/* More addresses than this of one name, or of one question about it, are not tried. */
#define NAME_ADDRESSES_MAX 16

struct resolver;
struct lookup;
struct view;

enum lookup_state {
	LOOKUP_WAITING, /* for a thread */
	LOOKUP_RUNNING,
	LOOKUP_FOUND,
	LOOKUP_NOT_FOUND, /* there is no such name, or it has no address */
	LOOKUP_TIMEOUT, /* the name servers did not answer */
	LOOKUP_FAILED, /* they answered that they cannot tell, or there are none */
	LOOKUP_IMPOSSIBLE, /* for want of threads, memory or descriptors here */
};

/* A lookup at one moment; times are monotonic seconds. */
struct lookup_view {
	enum lookup_state state;
	double began; /* when its thread took it up, unless it is waiting */
	double ended; /* unless it is waiting or running */
	const char *addresses; /* of LOOKUP_FOUND: "10.0.0.1,2001:db8::1"; the lookup's */
};

/* Counted references, for threads may outlive whoever made it. NULL, with errno, without
 * descriptors. */
struct resolver *resolver_new(void) MUST_CHECK;
struct resolver *resolver_acquire(struct resolver *resolver);
void resolver_release(struct resolver *resolver); /* takes NULL */

/* Its threads now, with those of lookups that were given up. */
unsigned resolver_threads(struct resolver *resolver);

/* Readable after any lookup began or ended, until resolver_read_event(). */
int resolver_event(const struct resolver *resolver);
void resolver_read_event(struct resolver *resolver);

/*
 * Asks for a name; `hangs` says that it took too long before. To be given to lookup_release().
 */
struct lookup *resolver_ask(struct resolver *resolver, const char *name, bool hangs);

/* What the programs of a view look names up by. A file that is not there is an empty one. */
struct view_files {
	int hosts_failure, resolv_conf_failure; /* -errno: it is there, and cannot be read */
	struct text hosts, resolv_conf;
};

/* Reads the view's files: LOOKUP_FOUND. `hangs` and releasing it are as above. */
struct lookup *resolver_read_files(struct resolver *resolver, struct view *view, bool hangs);

/* Of LOOKUP_FOUND: the lookup's. */
const struct view_files *lookup_files(const struct lookup *lookup);
struct lookup_view lookup_view(struct resolver *resolver, const struct lookup *lookup);
void lookup_release(struct resolver *resolver, struct lookup *lookup);
