/*
 * Which addresses this machine can reach at all, as its own routes and addresses say; nothing
 * is sent to find out.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "config/module.h"

struct sockaddr;

/* Whether there is a way to `remote` (`length` bytes), and an address of ours to come from. */
bool route_exists(const struct sockaddr *remote, unsigned length);

/*
 * Appends those of the addresses, separated by commas, that there is a way to; when there is
 * none to any, all of them.
 */
void route_filter(const char *addresses, struct text *into);

/*
 * Appends the one address that blackbox_exporter would take: the first of the preferred family
 * (IPv6 when there is none), else, with `fallback`, of the other. False: there is none.
 */
bool route_choose(const char *addresses, enum ip_protocol preferred, bool fallback,
		  struct text *into) MUST_CHECK;
