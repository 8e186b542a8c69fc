/*
 * Host name → addresses, as programs of a view's target would find them: its hosts file, then
 * the name servers of its resolv.conf, asked from where it is. Both files are read anew each
 * time, as data, in a thread of the resolver; nothing here waits.
 */
#pragma once

#include "probe/name_servers.h"

struct view_lookup;

/*
 * Begins at once; `now` is monotonic seconds, as below. `hangs`: it took too long before. The
 * resolver's event tells of it as well as the list's watch.
 */
struct view_lookup *view_lookup_new(struct name_servers_list *list, struct resolver *resolver,
				    struct view *view, const char *name, bool hangs,
				    double now);
void view_lookup_free(struct view_lookup *lookup); /* takes NULL; gives up */

/*
 * Goes on, and tells how it stands: never LOOKUP_WAITING. The addresses are in the order of
 * getaddrinfo(3), and the lookup's.
 */
struct lookup_view view_lookup_check(struct view_lookup *lookup, double now);

/* Whether it has come no further than to the files: if it hangs, no name server is at fault. */
bool view_lookup_is_reading(const struct view_lookup *lookup);

/* When to check at the latest although nothing woke us; in the past when it is over. */
double view_lookup_deadline(const struct view_lookup *lookup);
