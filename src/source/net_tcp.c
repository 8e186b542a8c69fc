/*
 * The format is that of get_tcp4_sock() in net/ipv4/tcp_ipv4.c and get_tcp6_sock() in
 * net/ipv6/tcp_ipv6.c:
 *
 *   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout
 * inode 0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0
 * 4711 …
 *
 * Addresses are 32-bit words printed in hexadecimal from memory in network order, so each
 * word's bytes appear in the order of this machine; ports are numbers.
 *
 * read(2) gives at most a page or so at a time and restarts the walk at each call, so a table
 * that changes meanwhile may repeat or miss rows; repeated ones are dropped where they are
 * joined.
 */
#include "source/net_tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "source/procfs.h"

#define CHUNK_BYTES ((size_t)32 * 1024)

static bool parse_hex32(struct bytes word, uint32_t *ret_value)
{
	uint64_t value;

	if (word.length > 8 || !bytes_parse_u64(word, 16, &value))
		return false;
	*ret_value = (uint32_t)value;
	return true;
}

static bool parse_address(struct bytes hex, struct address *ret_address)
{
	uint8_t byte[16];
	uint32_t word;

	if (hex.length != 8 && hex.length != 32)
		return false;
	for (size_t i = 0; i < hex.length / 8; i++) {
		if (!parse_hex32((struct bytes){ hex.data + 8 * i, 8 }, &word))
			return false;
		memcpy(byte + 4 * i, &word, sizeof(word));
	}
	if (hex.length == 8)
		*ret_address = address_from_ipv4(byte);
	else
		memcpy(ret_address->byte, byte, sizeof(byte));
	return true;
}

static bool take_endpoint(struct bytes *line, struct endpoint *ret_endpoint)
{
	struct bytes word, address;
	uint64_t port;

	if (!bytes_take_word(line, &word) || !bytes_take_until(&word, ':', &address) ||
	    !parse_address(address, &ret_endpoint->address) ||
	    !bytes_parse_u64(word, 16, &port) || port > UINT16_MAX)
		return false;
	ret_endpoint->port = (uint16_t)port;
	return true;
}

static bool take_state(struct bytes *line, enum tcp_state *ret_state)
{
	struct bytes word;
	uint64_t state;

	if (!bytes_take_word(line, &word) || !bytes_parse_u64(word, 16, &state) || !state ||
	    state >= TCP_STATE_COUNT)
		return false;
	*ret_state = (enum tcp_state)state;
	return true;
}

static bool take_queues(struct bytes *line, struct socket_row *row)
{
	struct bytes word, send;

	return bytes_take_word(line, &word) && bytes_take_until(&word, ':', &send) &&
	       parse_hex32(send, &row->send_queue) && parse_hex32(word, &row->receive_queue);
}

/* "01:00000014 00000003": the timer has the numbers of enum socket_timer. */
static bool take_timer(struct bytes *line, struct socket_row *row)
{
	struct bytes word, timer;
	uint64_t number;
	uint32_t backoff;

	if (!bytes_take_word(line, &word) || !bytes_take_until(&word, ':', &timer) ||
	    !bytes_parse_u64(timer, 16, &number) || number > SOCKET_TIMER_PROBE ||
	    !bytes_take_word(line, &word) || !parse_hex32(word, &backoff))
		return false;
	row->timer = (enum socket_timer)number;
	row->backoff = (uint8_t)(backoff < UINT8_MAX ? backoff : UINT8_MAX);
	return true;
}

/* Behind the timer: user, timeout, then the inode. */
static bool take_inode(struct bytes *line, uint64_t *ret_inode)
{
	struct bytes word;

	for (int skipped = 0; skipped < 2; skipped++) {
		if (!bytes_take_word(line, &word))
			return false;
	}
	return bytes_take_word(line, &word) && bytes_parse_u64(word, 10, ret_inode);
}

bool net_tcp_parse(struct bytes line, struct socket_row *ret_row)
{
	struct socket_row row = { 0 };
	struct bytes slot;

	if (!bytes_take_word(&line, &slot) || !take_endpoint(&line, &row.local) ||
	    !take_endpoint(&line, &row.remote) || !take_state(&line, &row.state) ||
	    !take_queues(&line, &row) || !take_timer(&line, &row) ||
	    !take_inode(&line, &row.inode))
		return false;
	*ret_row = row;
	return true;
}

/* Shows the whole lines of `text` and keeps the rest in it. */
static void visit_lines(struct text *text, const struct socket_visitor *visitor)
{
	struct bytes rest = { text_string(text), text->length }, line;
	struct socket_row row;

	while (bytes_take_until(&rest, '\n', &line)) {
		if (net_tcp_parse(line, &row))
			visitor->visit(visitor->context, &row);
	}
	memmove(text->data, rest.data, rest.length);
	text->length = rest.length;
}

static int read_table(int directory, const char *path, const struct socket_visitor *visitor)
{
	CLEANUP(file_close) int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	CLEANUP(text_deinit) struct text text = { 0 };
	ssize_t got = 1;

	if (fd < 0)
		return -errno;
	while (got) {
		got = read(fd, text_reserve(&text, CHUNK_BYTES), CHUNK_BYTES);
		if (got < 0 && errno != EINTR)
			return -errno;
		text.length += got > 0 ? (size_t)got : 0;
		visit_lines(&text, visitor);
	}
	return 0;
}

int net_tcp_read(int directory, const struct socket_visitor *visitor)
{
	int r = read_table(directory, "net/tcp", visitor);

	if (!r) {
		r = read_table(directory, "net/tcp6", visitor);
		r = r == -ENOENT ? 0 : r;
	}
	return r == -EINVAL ? PID_GONE : procfs_outcome(r);
}
