/*
 * The text of a resolv.conf(5), as glibc understands it: which name servers to ask, for what,
 * and how patiently.
 */
#pragma once

#include "base/address.h"
#include "base/bytes.h"

/* MAXNS of resolv.h; there is no such limit for search domains. */
#define RESOLV_CONF_SERVERS_MAX 3
#define RESOLV_CONF_SEARCH_MAX 32

struct resolv_conf_server {
	struct address address;
	struct bytes scope; /* what follows the "%" of an IPv6 address */
};

/* Pieces are of the text. */
struct resolv_conf {
	struct resolv_conf_server servers[RESOLV_CONF_SERVERS_MAX];
	size_t server_count;
	struct bytes search[RESOLV_CONF_SEARCH_MAX];
	size_t search_count;
	unsigned ndots; /* a name with as many dots is tried as it is, first */
	unsigned timeout; /* seconds, for one server */
	unsigned attempts; /* rounds through all servers */
	bool rotate;
	bool use_vc; /* ask over TCP */
	bool single_request; /* one question at a time */
	bool no_aaaa;
};

/* Of any text: what is not understood is left out. Without a server it is 127.0.0.1. */
void resolv_conf_parse(struct bytes text, struct resolv_conf *ret_conf);
