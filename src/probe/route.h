/*
 * Which addresses can be reached at all from where a probe asks, as routes and addresses there
 * say; nothing is sent to find out.
 */
#pragma once

#include <stdbool.h>

#include "base/address.h"
#include "base/text.h"
#include "config/module.h"

struct sockaddr;
struct view;

/*
 * Whether there is a way to `remote` (`length` bytes), and an address to come from. Here, as
 * below, a view of NULL is that of this program.
 */
bool route_exists(const struct view *view, const struct sockaddr *remote, unsigned length);

/*
 * Appends those of the addresses, separated by commas, that there is a way to; when there is
 * none to any, all of them.
 */
void route_filter(const struct view *view, const char *addresses, struct text *into);

/* Puts addresses in the order in which getaddrinfo(3) would have them; 64 at most. */
void route_sort(const struct view *view, struct address *addresses, size_t count);

/*
 * Appends the one address that blackbox_exporter would take: the first of the preferred family
 * (IPv6 when there is none), else, with `fallback`, of the other. False: there is none.
 */
bool route_choose(const char *addresses, enum ip_protocol preferred, bool fallback,
		  struct text *into) MUST_CHECK;
