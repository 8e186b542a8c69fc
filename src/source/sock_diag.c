/*
 * A dump of sock_diag(7) for IPv4 and then one for IPv6. What the kernel answers is told by
 * net/ipv4/inet_diag.c and net/netlink/af_netlink.c:
 *
 *   nlmsghdr | inet_diag_msg | attributes, of which INET_DIAG_INFO is a struct tcp_info
 *   …
 *   nlmsghdr NLMSG_DONE | int
 *
 * - A datagram is at most as large as the largest receive so far, never above 32 KiB; with a
 *   smaller buffer rows are lost and nothing but MSG_TRUNC says so.
 * - An error comes as NLMSG_ERROR when the request was refused, and within NLMSG_DONE when the
 *   dump failed, so -ENOENT is either: no inet_diag, or no tcp_diag.
 * - inet_diag_init() registers both families: without IPv6 that dump is empty, not an error.
 * - In the state mask, bit 3 stands for NEW_SYN_RECV as well, and bit 13 for sockets that are
 *   bound and nothing else, which newer kernels show as CLOSE.
 * - TIME_WAIT, and FIN_WAIT2 after close(2), are small objects without an owner and without
 *   tcp_info, but with the cookie that the connection had (net/ipv4/inet_timewait_sock.c).
 *
 * struct tcp_info (net/ipv4/tcp.c, tcp_get_info()) only ever grows; fields of 64 bits are
 * aligned to 4. It has bytes_acked and bytes_received since Linux 4.1, data_segs_* since 4.6,
 * bytes_sent and bytes_retrans since 4.19. A row without the second of these has no `info`:
 * unknown is not zero. Without the third, what was acknowledged stands for what was sent.
 * bytes_retrans counts a segment before it is sent again, bytes_sent when it is, so when that
 * fails their difference is too low from then on (net/ipv4/tcp_output.c). Times are
 * milliseconds in 32 bits: they wrap after 49 days.
 */
#include "source/sock_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

#define DATAGRAM_BYTES ((size_t)32 * 1024)
#define RECEIVE_SECONDS 3

#define STATE(name) (1U << TCP_STATE_##name)
#define STATES                                                                        \
	(STATE(ESTABLISHED) | STATE(SYN_SENT) | STATE(FIN_WAIT1) | STATE(FIN_WAIT2) | \
	 STATE(TIME_WAIT) | STATE(CLOSE) | STATE(CLOSE_WAIT) | STATE(LAST_ACK) |      \
	 STATE(LISTEN) | STATE(CLOSING))

/* Whether a tcp_info of this length has the field. */
#define HAS(length, field) \
	((length) >= offsetof(struct tcp_info, field) + sizeof(((struct tcp_info *)0)->field))

int sock_diag_open(void)
{
	const struct timeval patience = { .tv_sec = RECEIVE_SECONDS };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -errno;
	/* It cannot fail on a socket, and all that would be lost is the guard. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* Messages and attributes are padded to 4 bytes, but for the last one perhaps. */
static bool take_padded(struct bytes *rest, size_t size, struct bytes *ret_piece)
{
	size_t padded;

	if (size > rest->length)
		return false;
	*ret_piece = (struct bytes){ rest->data, size };
	padded = NLMSG_ALIGN(size) < rest->length ? NLMSG_ALIGN(size) : rest->length;
	rest->data += padded;
	rest->length -= padded;
	return true;
}

/* A copy, because nothing says how a piece of a datagram is aligned. */
static bool copy_head(struct bytes from, void *to, size_t size)
{
	if (from.length < size)
		return false;
	memcpy(to, from.data, size);
	return true;
}

static bool take_message(struct bytes *rest, struct nlmsghdr *ret_header,
			 struct bytes *ret_payload)
{
	struct bytes message, header;

	if (!copy_head(*rest, ret_header, sizeof(*ret_header)) ||
	    !take_padded(rest, ret_header->nlmsg_len, &message) ||
	    !take_padded(&message, sizeof(*ret_header), &header))
		return false;
	*ret_payload = message;
	return true;
}

static bool take_attribute(struct bytes *rest, unsigned *ret_type, struct bytes *ret_value)
{
	struct bytes attribute, head;
	struct nlattr header;

	if (!copy_head(*rest, &header, sizeof(header)) ||
	    !take_padded(rest, header.nla_len, &attribute) ||
	    !take_padded(&attribute, sizeof(header), &head))
		return false;
	*ret_type = header.nla_type & (unsigned)NLA_TYPE_MASK;
	*ret_value = attribute;
	return true;
}

static uint64_t bytes_sent(const struct tcp_info *info, size_t length)
{
	if (!HAS(length, tcpi_bytes_retrans))
		return info->tcpi_bytes_acked;
	if (info->tcpi_bytes_retrans > info->tcpi_bytes_sent)
		return 0;
	return info->tcpi_bytes_sent - info->tcpi_bytes_retrans;
}

/* The kernel's struct may be longer than ours, or shorter. */
static void set_info(struct socket_row *row, struct bytes value)
{
	struct tcp_info info = { 0 };

	if (row->state == TCP_STATE_LISTEN || !HAS(value.length, tcpi_data_segs_out))
		return;
	memcpy(&info, value.data, value.length < sizeof(info) ? value.length : sizeof(info));
	row->has_info = true;
	row->info = (struct socket_info){
		.sent = bytes_sent(&info, value.length),
		.acknowledged = info.tcpi_bytes_acked,
		.received = info.tcpi_bytes_received,
		.round_trip = info.tcpi_rtt / 1e6,
		.retransmits = info.tcpi_total_retrans,
		.data_segments_out = info.tcpi_data_segs_out,
	};
	/* They count from what is set only when the connection is established. */
	if (row->state == TCP_STATE_SYN_SENT)
		return;
	row->info.since_sent = info.tcpi_last_data_sent / 1e3;
	row->info.since_received = info.tcpi_last_data_recv / 1e3;
}

static bool parse_attributes(struct bytes rest, struct socket_row *row)
{
	struct bytes value;
	unsigned type;

	while (rest.length) {
		if (!take_attribute(&rest, &type, &value))
			return false;
		if (type == INET_DIAG_INFO)
			set_info(row, value);
	}
	return true;
}

static struct endpoint read_endpoint(uint8_t family, const __be32 address[static 4],
				     __be16 port)
{
	struct endpoint endpoint = { .port = ntohs(port) };
	uint8_t byte[16];

	memcpy(byte, address, sizeof(byte));
	if (family == AF_INET)
		endpoint.address = address_from_ipv4(byte);
	else
		memcpy(endpoint.address.byte, byte, sizeof(byte));
	return endpoint;
}

static uint64_t read_cookie(const __u32 cookie[static 2])
{
	if (cookie[0] == INET_DIAG_NOCOOKIE && cookie[1] == INET_DIAG_NOCOOKIE)
		return 0;
	return (uint64_t)cookie[1] << 32 | cookie[0];
}

/* A timer that is newer than this program is no reason to see nothing. */
static enum socket_timer read_timer(uint8_t timer)
{
	return timer <= SOCKET_TIMER_PROBE ? (enum socket_timer)timer : SOCKET_TIMER_NONE;
}

static bool parse_row(struct bytes rest, struct socket_row *ret_row)
{
	struct inet_diag_msg message;
	struct socket_row row = { 0 };
	struct bytes head;

	if (!take_padded(&rest, sizeof(message), &head) ||
	    !copy_head(head, &message, sizeof(message)) || !message.idiag_state ||
	    message.idiag_state >= TCP_STATE_COUNT ||
	    (message.idiag_family != AF_INET && message.idiag_family != AF_INET6))
		return false;
	row.local = read_endpoint(message.idiag_family, message.id.idiag_src,
				  message.id.idiag_sport);
	row.remote = read_endpoint(message.idiag_family, message.id.idiag_dst,
				   message.id.idiag_dport);
	row.state = (enum tcp_state)message.idiag_state;
	row.timer = read_timer(message.idiag_timer);
	row.backoff = message.idiag_retrans;
	row.inode = message.idiag_inode;
	row.cookie = read_cookie(message.id.idiag_cookie);
	row.receive_queue = message.idiag_rqueue;
	row.send_queue = message.idiag_wqueue;
	if (!parse_attributes(rest, &row))
		return false;
	*ret_row = row;
	return true;
}

/* NLMSG_DONE with 0 is the only good one: an acknowledgement is not asked for. */
static enum sock_diag_part parse_end(uint16_t type, struct bytes payload, int *ret_error)
{
	int error;

	if (!copy_head(payload, &error, sizeof(error)) || error > 0)
		return SOCK_DIAG_BROKEN;
	if (!error)
		return type == NLMSG_DONE ? SOCK_DIAG_DONE : SOCK_DIAG_BROKEN;
	*ret_error = error;
	return SOCK_DIAG_FAILED;
}

static enum sock_diag_part parse_message(struct bytes *rest, uint32_t sequence,
					 const struct socket_visitor *visitor, int *ret_error)
{
	struct nlmsghdr header;
	struct bytes payload;
	struct socket_row row;

	if (!take_message(rest, &header, &payload) || header.nlmsg_seq != sequence)
		return SOCK_DIAG_BROKEN;
	if (header.nlmsg_type == NLMSG_ERROR)
		return parse_end(header.nlmsg_type, payload, ret_error);
	if (header.nlmsg_flags & NLM_F_DUMP_INTR) {
		*ret_error = -EAGAIN;
		return SOCK_DIAG_FAILED;
	}
	if (header.nlmsg_type == NLMSG_DONE)
		return parse_end(header.nlmsg_type, payload, ret_error);
	if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || !parse_row(payload, &row))
		return SOCK_DIAG_BROKEN;
	visitor->visit(visitor->context, &row);
	return SOCK_DIAG_MORE;
}

enum sock_diag_part sock_diag_parse(struct bytes datagram, uint32_t sequence,
				    const struct socket_visitor *visitor, int *ret_error)
{
	enum sock_diag_part part = datagram.length ? SOCK_DIAG_MORE : SOCK_DIAG_BROKEN;

	while (part == SOCK_DIAG_MORE && datagram.length)
		part = parse_message(&datagram, sequence, visitor, ret_error);
	return part;
}

static int request(int socket, uint8_t family, uint32_t sequence)
{
	const struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 diag;
	} message = {
		.header = {
			.nlmsg_len = sizeof(message),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			.nlmsg_seq = sequence,
		},
		.diag = {
			.sdiag_family = family,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_ext = 1U << (INET_DIAG_INFO - 1),
			.idiag_states = STATES,
		},
	};

	while (send(socket, &message, sizeof(message), 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/*
 * The length of the kernel's next datagram, or -errno. Whoever has CAP_NET_ADMIN can send to a
 * netlink socket; only the kernel's own port is 0.
 */
static ssize_t receive(int socket, char *buffer)
{
	struct sockaddr_nl sender = { 0 };
	struct iovec whole = { buffer, DATAGRAM_BYTES };
	struct msghdr message = { .msg_iov = &whole, .msg_iovlen = 1 };
	ssize_t got;

	do {
		message.msg_name = &sender;
		message.msg_namelen = sizeof(sender);
		got = recvmsg(socket, &message, 0);
	} while (got < 0 ? errno == EINTR : sender.nl_pid != 0);
	if (got < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : got;
}

/* With a number of its own, so that the rest of an answer that was given up is not taken. */
static int dump(int socket, uint8_t family, char *buffer, const struct socket_visitor *visitor)
{
	uint32_t sequence = (uint32_t)(uint64_t)(clock_monotonic() * 1e6) ^ family;
	enum sock_diag_part part = SOCK_DIAG_MORE;
	int error = request(socket, family, sequence);

	while (!error && part == SOCK_DIAG_MORE) {
		ssize_t got = receive(socket, buffer);

		if (got < 0)
			return (int)got;
		part = sock_diag_parse((struct bytes){ buffer, (size_t)got }, sequence, visitor,
				       &error);
	}
	return part == SOCK_DIAG_BROKEN ? -EBADMSG : error;
}

int sock_diag_read(int socket, const struct socket_visitor *visitor)
{
	CLEANUP(memory_free_pointer) char *buffer = memory_new(1, DATAGRAM_BYTES);
	int r = dump(socket, AF_INET, buffer, visitor);

	return r ? r : dump(socket, AF_INET6, buffer, visitor);
}
