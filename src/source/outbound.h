/*
 * An outbound connection of the ledger from its first look to its end, and what of it counts on
 * its pair: each connection once as opened, and once as closed, whether looks or events told of
 * it first.
 */
#pragma once

#include "source/attempt.h"
#include "source/ledger.h"

/* Whether the row is still the connection of the entry, not another one with its addresses. */
bool outbound_is_same(const struct ledger_entry *entry, const struct socket_row *row);

/*
 * A look at the connection; entry->pair is set. `old`: at the first look it may be older than
 * our watching it, so that neither its opening nor what it carried so far is news.
 */
void outbound_look(struct ledger_entry *entry, const struct socket_row *row, double now,
		   bool old);

/* What an event told. */
void outbound_opened(struct ledger_entry *entry, const struct news *news);
void outbound_closed(struct ledger_entry *entry, const struct news *news);
void outbound_failed(struct ledger_entry *entry, const struct news *news);

/*
 * The rest takes entries of any kind; those that count nowhere end without a word.
 *
 * It is not there any more. False when an event is to tell how it ended, which the entry waits
 * for; true when it is over, and counted.
 */
bool outbound_vanished(struct ledger_entry *entry, double now);

/* It makes room for another one with the same addresses. */
void outbound_replaced(struct ledger_entry *entry, double now);

/* Adds the row to the gauges of a pair: its own or that of another target that shares it. */
void outbound_measure(const struct ledger_entry *entry, const struct socket_row *row,
		      struct pair *pair, const struct config *config, double now);
