/*
 * The addresses of the host names that destinations are configured with, resolved and
 * re-resolved on a thread of its own, since getaddrinfo(3) may hang for as long as it likes. An
 * address stays a name's for an hour after the last answer that had it: connections outlive DNS
 * records.
 */
#pragma once

#include "base/error.h"
#include "config/config.h"

struct names;

/*
 * Starts resolving every `host` of the configuration, beginning with the addresses that it has
 * in `previous` (NULL: there is none). NULL when the configuration has no host.
 */
struct names *names_new(const struct config *config, struct names *previous);

/* Returns at once, also when the resolver hangs: the thread then frees what it has. Takes NULL.
 */
void names_free(struct names *names);

/* Waits until every name was tried once, but not longer than this. */
void names_wait(struct names *names, double seconds);

/*
 * Whether `address` is one of the host of the destination with this index in the configuration;
 * never when it has no host. Takes NULL.
 */
bool names_have(struct names *names, size_t destination, const struct address *address);

/* How many names have no address at the moment, and which: "a.test, b.test". Take NULL. */
size_t names_unresolved(struct names *names);
void names_write_unresolved(struct names *names, struct text *text);
