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

/* Starts resolving every `host` of the configuration. NULL when it has none. */
struct names *names_new(const struct config *config);

/* Returns at once, also when the resolver hangs: the thread then frees what it has. Takes NULL.
 */
void names_free(struct names *names);

/* Waits until every name was tried once, but not longer than this. */
void names_wait(struct names *names, double seconds);

/* Whether `address` is one of `host`'s. Takes NULL. */
bool names_have(struct names *names, const char *host, const struct address *address);

/* Names that have no address at the moment. Takes NULL. */
size_t names_unresolved(struct names *names);
