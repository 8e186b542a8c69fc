/*
 * A datagram of a sock_diag dump. What is accepted must be rows that can be joined, no more of
 * them than fit, and an end that says why.
 */
#include <assert.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>

#include "source/sock_diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *context, const struct socket_row *row)
{
	size_t *left = context;

	assert(*left >= NLMSG_LENGTH(sizeof(struct inet_diag_msg)));
	*left -= NLMSG_LENGTH(sizeof(struct inet_diag_msg));
	assert(row->state > 0 && row->state < TCP_STATE_COUNT);
	assert(row->timer <= SOCKET_TIMER_PROBE);
	assert(!row->has_info || row->state != TCP_STATE_LISTEN);
	assert(row->has_info || !row->info.received);
	assert(row->info.since_sent >= 0 && row->info.round_trip >= 0);
}

/* The number of the request is that of the first message: the rest is to be reached. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes datagram = { (const char *)data, size };
	struct nlmsghdr header = { 0 };
	size_t left = size;
	const struct socket_visitor visitor = { check, &left };
	enum sock_diag_part part;
	int error = 0;

	if (size >= sizeof(header))
		memcpy(&header, data, sizeof(header));
	part = sock_diag_parse(datagram, header.nlmsg_seq, &visitor, &error);
	assert((part == SOCK_DIAG_FAILED) == (error < 0));
	assert(part == SOCK_DIAG_BROKEN || size >= sizeof(header));
	return 0;
}
