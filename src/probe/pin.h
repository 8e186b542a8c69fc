/* Addresses that the configuration gives to names, "host:port:address,address" as for curl. */
#pragma once

#include "base/text.h"
#include "config/module.h"

/*
 * Appends the addresses that the first entry for this host and port has, without brackets.
 * False: there is none. The host "*" is every one.
 */
bool pin_find(const struct string_list *pins, const char *host, const char *port,
	      struct text *into);
