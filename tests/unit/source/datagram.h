/* Answers of sock_diag(7), made message by message. */
#pragma once

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <sys/socket.h>

#include "base/text.h"
#include "model/tcp.h"

#define DATAGRAM_SEQUENCE 4711

static inline void datagram_pad(struct text *to)
{
	while (to->length % 4)
		text_append_char(to, '\0');
}

static inline void datagram_append_attribute(struct text *to, uint16_t type, const void *value,
					     size_t length)
{
	struct nlattr header = { (uint16_t)(sizeof(header) + length), type };

	text_append(to, (const char *)&header, sizeof(header));
	if (length)
		text_append(to, value, length);
	datagram_pad(to);
}

static inline void datagram_append(struct text *to, uint16_t type, uint16_t flags,
				   const struct text *payload)
{
	struct nlmsghdr header = { .nlmsg_len = (uint32_t)(sizeof(header) + payload->length),
				   .nlmsg_type = type,
				   .nlmsg_flags = flags,
				   .nlmsg_seq = DATAGRAM_SEQUENCE };

	text_append(to, (const char *)&header, sizeof(header));
	text_append(to, text_string(payload), payload->length);
	datagram_pad(to);
}

static inline void datagram_append_end(struct text *to, uint16_t type, uint16_t flags,
				       int error)
{
	CLEANUP(text_deinit) struct text payload = { 0 };

	text_append(&payload, (const char *)&error, sizeof(error));
	datagram_append(to, type, flags, &payload);
}

/* The fixed part of a row; an established connection from 10.0.0.1:40000 to 10.0.0.5:443. */
static inline struct inet_diag_msg datagram_usual_row(void)
{
	return (struct inet_diag_msg){
		.idiag_family = AF_INET,
		.idiag_state = TCP_STATE_ESTABLISHED,
		.id = { .idiag_sport = htons(40000),
			.idiag_dport = htons(443),
			.idiag_src = { htonl(0x0a000001) },
			.idiag_dst = { htonl(0x0a000005) },
			.idiag_cookie = { 0x89abcdef, 0x01234567 } },
		.idiag_inode = 4000000000,
	};
}

static inline struct tcp_info datagram_usual_info(void)
{
	return (struct tcp_info){
		.tcpi_last_data_sent = 1500,
		.tcpi_last_data_recv = 250,
		.tcpi_rtt = 20125,
		.tcpi_total_retrans = 3,
		.tcpi_bytes_acked = 8000000001,
		.tcpi_bytes_received = 7000000000,
		.tcpi_data_segs_in = 11,
		.tcpi_data_segs_out = 22,
		.tcpi_bytes_sent = 8000005000,
		.tcpi_bytes_retrans = 4000,
	};
}

/* A datagram with one row whose attributes are given as bytes. */
static inline void datagram_append_row(struct text *to, const struct inet_diag_msg *row,
				       const struct text *attributes)
{
	CLEANUP(text_deinit) struct text payload = { 0 };

	text_append(&payload, (const char *)row, sizeof(*row));
	text_append(&payload, text_string(attributes), attributes->length);
	datagram_append(to, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, &payload);
}

static inline void datagram_append_info_row(struct text *to, const struct inet_diag_msg *row,
					    const struct tcp_info *info)
{
	CLEANUP(text_deinit) struct text attributes = { 0 };

	if (info)
		datagram_append_attribute(&attributes, INET_DIAG_INFO, info, sizeof(*info));
	datagram_append_row(to, row, &attributes);
}
