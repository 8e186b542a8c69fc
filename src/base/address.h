/*
 * IP addresses, endpoints and prefixes. An address is always 16 bytes in network order; IPv4 is
 * held as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2), so that the two spellings of one peer are equal
 * by construction.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/text.h"

struct sockaddr;

struct address {
	uint8_t byte[16];
};

struct endpoint {
	struct address address;
	uint16_t port; /* host order */
};

/* A prefix of 0..128 bits of the 16-byte form; IPv4's /8 is 96 + 8. */
struct prefix {
	struct address address;
	uint8_t bits;
};

struct address address_from_ipv4(const uint8_t byte[static 4]);
bool address_is_ipv4(const struct address *address);
bool address_is_any(const struct address *address); /* 0.0.0.0 or :: */
bool address_equal(const struct address *a, const struct address *b);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* "10.0.0.5", "::1"; no brackets, no scope. 0 or -EINVAL. */
int address_parse(const char *string, struct address *ret_address) MUST_CHECK;
int address_parse_bytes(struct bytes bytes, struct address *ret_address) MUST_CHECK;

/* AF_INET and AF_INET6; -EAFNOSUPPORT for the rest. */
int endpoint_from_sockaddr(const struct sockaddr *from,
			   struct endpoint *ret_endpoint) MUST_CHECK;

/* "10.0.0.0/8", "2001:db8::/32", or an address alone (the whole of it). 0 or -EINVAL. */
int prefix_parse(const char *string, struct prefix *ret_prefix) MUST_CHECK;
bool prefix_contains(const struct prefix *prefix, const struct address *address);

/* Appends "10.0.0.5" or "2001:db8::1" (RFC 5952). */
void address_write(const struct address *address, struct text *text);

/* Appends "10.0.0.5:443" or "[2001:db8::1]:443". */
void endpoint_write(const struct endpoint *endpoint, struct text *text);
