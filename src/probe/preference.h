/* Which address of a name to try first: RFC 6724, section 6, as getaddrinfo(3) does. */
#pragma once

#include "base/address.h"

/* An address, and the one of ours that a connection to it would come from. */
struct preference {
	struct address destination, source;
	bool reachable; /* there is a way to it; else `source` means nothing */
	unsigned order; /* where it was before */
};

/* The best one first; those that are equal stay in their order. */
void preference_sort(struct preference *items, size_t count);
