/* The text of a hosts(5) file. */
#pragma once

#include "base/address.h"
#include "base/bytes.h"

/*
 * Writes the addresses of a name, canonical or alias, upper case or lower, in the order of the
 * file, each once and at most `max`; returns how many there are.
 */
size_t hosts_find(struct bytes text, const char *name, struct address *addresses, size_t max);
