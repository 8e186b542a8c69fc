/*
 * How many local ports are taken towards each remote endpoint, by whomever: a connection needs
 * a 4-tuple that nobody else has, so the range of local ports is used up for each remote
 * endpoint, and each own address, on its own. Filled anew in each tick.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

struct port_use_entry {
	struct address local;
	struct endpoint remote;
	bool wanted;
	uint32_t count; /* 0: no entry */
};

struct port_use {
	struct port_use_entry *slots; /* open addressing, half full at most */
	size_t capacity, count, max;
};

void port_use_deinit(struct port_use *use);

/* Forgets all; remembers at most `max` pairs of addresses until the next time. */
void port_use_begin(struct port_use *use, size_t max);

/* One more local port is taken. */
void port_use_add(struct port_use *use, const struct address *local,
		  const struct endpoint *remote);

/* Somebody who is watched connects there: its use is to be reported. */
void port_use_want(struct port_use *use, const struct address *local,
		   const struct endpoint *remote);
