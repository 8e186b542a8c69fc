/*
 * Which local endpoints of a network namespace accept connections: this tells inbound from
 * outbound. An endpoint counts for an hour after it was last seen listening, so that the
 * clients of a server that drains, or restarts while they stay, never look like destinations of
 * its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"

struct listener {
	struct endpoint local;
	double last_seen; /* monotonic seconds */
};

struct listeners {
	struct listener *items; /* sorted by port, then address */
	size_t count, capacity;
};

void listeners_deinit(struct listeners *listeners);

/* The endpoint listens now. */
void listeners_add(struct listeners *listeners, const struct endpoint *local, double now);

/* Forgets what was last seen listening before `oldest`. */
void listeners_expire(struct listeners *listeners, double oldest);

/*
 * Whether something listens (or did) on exactly this endpoint or on its port at any address.
 * IPv4 and IPv6 wildcards count for both families: a listener of :: takes IPv4 connections,
 * too.
 */
bool listeners_have(const struct listeners *listeners, const struct endpoint *local);
