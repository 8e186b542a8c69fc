/*
 * The rules that go by addresses alone; 3, 4 and 7 would need what only the kernel tells of
 * ours. The table is glibc's own (gai.conf(5), sysdeps/posix/getaddrinfo.c), older than that of
 * the RFC: unique local addresses come before IPv4. A gai.conf that changes it is not read.
 */
#include "probe/preference.h"

#include <stdlib.h>
#include <string.h>

struct policy {
	struct prefix prefix;
	int precedence, label;
};

/* Most particular first. */
static const struct policy policies[] = {
	{ { { { [15] = 1 } }, 128 }, 50, 0 }, /* ::1 */
	{ { { { [10] = 0xff, [11] = 0xff } }, 96 }, 10, 4 }, /* IPv4 */
	{ { { { 0 } }, 96 }, 20, 3 }, /* ::/96, IPv4-compatible */
	{ { { { 0x20, 0x01, 0, 0 } }, 32 }, 40, 7 }, /* 2001::/32, Teredo */
	{ { { { 0x20, 0x02 } }, 16 }, 30, 2 }, /* 2002::/16, 6to4 */
	{ { { { 0xfe, 0xc0 } }, 10 }, 40, 5 }, /* fec0::/10, site-local */
	{ { { { 0xfc } }, 7 }, 40, 6 }, /* fc00::/7, unique local */
	{ { { { 0 } }, 0 }, 40, 1 },
};

static const struct policy *policy_of(const struct address *address)
{
	const struct policy *policy = policies;

	while (!prefix_contains(&policy->prefix, address))
		policy++;
	return policy;
}

enum { SCOPE_LINK = 0x2, SCOPE_SITE = 0x5, SCOPE_GLOBAL = 0xe };

/* Section 3.1 and 3.2: loopback is as local as the link, in both families. */
static int scope_of(const struct address *address)
{
	const uint8_t *byte = address->byte;

	if (address_is_ipv4(address))
		return byte[12] == 127 || (byte[12] == 169 && byte[13] == 254) ? SCOPE_LINK :
										 SCOPE_GLOBAL;
	if (byte[0] == 0xff)
		return byte[1] & 0xf;
	if (prefix_contains(&policies[0].prefix, address) ||
	    (byte[0] == 0xfe && (byte[1] & 0xc0) == 0x80))
		return SCOPE_LINK;
	return byte[0] == 0xfe && (byte[1] & 0xc0) == 0xc0 ? SCOPE_SITE : SCOPE_GLOBAL;
}

/* How many leading bits are the same; of IPv4, whose interfaces know their own, none. */
static int common_bits(const struct preference *item)
{
	int bits = 0;

	if (address_is_ipv4(&item->destination) || address_is_ipv4(&item->source))
		return 0;
	while (bits < 128) {
		unsigned a = item->destination.byte[bits / 8], b = item->source.byte[bits / 8];

		if ((a ^ b) & (0x80u >> (bits % 8)))
			break;
		bits++;
	}
	return bits;
}

static bool scopes_match(const struct preference *item)
{
	return item->reachable && scope_of(&item->destination) == scope_of(&item->source);
}

static bool labels_match(const struct preference *item)
{
	return item->reachable &&
	       policy_of(&item->destination)->label == policy_of(&item->source)->label;
}

/* Rules 1, 2, 5, 6, 8, 9, 10. */
static int compare(const void *a, const void *b)
{
	const struct preference *x = a, *y = b;
	int scope = scope_of(&x->destination) - scope_of(&y->destination);
	int precedence =
		policy_of(&y->destination)->precedence - policy_of(&x->destination)->precedence;

	if (x->reachable != y->reachable)
		return y->reachable - x->reachable;
	if (scopes_match(x) != scopes_match(y))
		return scopes_match(y) - scopes_match(x);
	if (labels_match(x) != labels_match(y))
		return labels_match(y) - labels_match(x);
	if (precedence)
		return precedence;
	if (scope)
		return scope;
	if (x->reachable && common_bits(x) != common_bits(y))
		return common_bits(y) - common_bits(x);
	return (x->order > y->order) - (x->order < y->order);
}

void preference_sort(struct preference *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		items[i].order = (unsigned)i;
	if (count)
		qsort(items, count, sizeof(*items), compare);
}
