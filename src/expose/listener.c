/*
 * SO_REUSEADDR lets a restart take the port over from its own TIME_WAIT connections
 * (socket(7)); SO_REUSEPORT is not set, since two exporters would share a port and take turns.
 * A wildcard socket of IPv6 with IPV6_V6ONLY off accepts IPv4 too (ipv6(7)); where the kernel
 * has no IPv6, the wildcard is IPv4's. TCP_NOTSENT_LOWAT (tcp(7)), which accepted connections
 * inherit, bounds what the kernel holds for a client that does not read: megabytes each, else.
 */
#include "expose/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/file.h"

/* Splits at the last colon; brackets around the host go. */
static int split(const char *address, struct text *host, const char **ret_port)
{
	const char *colon = strrchr(address, ':');
	uint64_t port;
	size_t length;

	if (!colon || !bytes_parse_u64(bytes_from_string(colon + 1), 10, &port) ||
	    port > UINT16_MAX)
		return -EINVAL;
	length = (size_t)(colon - address);
	if (length >= 2 && address[0] == '[' && colon[-1] == ']')
		text_append(host, address + 1, length - 2);
	else if (memchr(address, ':', length))
		return -EINVAL;
	else
		text_append(host, address, length);
	*ret_port = colon + 1;
	return 0;
}

enum { UNSENT_MAX = 128 * 1024 }; /* bytes */
enum { ROOM_MIN = 8, ROOM_MAX = 128, PATIENCE_MAX = 200 }; /* connections */

static int set_option(int socket, int level, int option, int value)
{
	return setsockopt(socket, level, option, &value, sizeof(value));
}

static int open_one(const struct addrinfo *info, int *ret_socket)
{
	CLEANUP(file_close) int made = -1;

	made = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (made < 0)
		return -errno;
	if (set_option(made, SOL_SOCKET, SO_REUSEADDR, 1) < 0 ||
	    set_option(made, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX) < 0)
		return -errno;
	if (info->ai_family == AF_INET6 && set_option(made, IPPROTO_IPV6, IPV6_V6ONLY, 0) < 0)
		return -errno;
	if (bind(made, info->ai_addr, info->ai_addrlen) < 0 || listen(made, SOMAXCONN) < 0)
		return -errno;
	*ret_socket = made;
	made = -1;
	return 0;
}

static int open_at(const char *host, const char *port, int family, int *ret_socket,
		   int *ret_code)
{
	struct addrinfo hints = { .ai_family = family,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found;
	int done;

	*ret_code = getaddrinfo(host, port, &hints, &found);
	if (*ret_code)
		return *ret_code == EAI_SYSTEM ? -errno : -EINVAL;
	done = open_one(found, ret_socket);
	freeaddrinfo(found);
	return done;
}

int listener_open(const char *address, int *ret_socket, struct error *err)
{
	CLEANUP(text_deinit) struct text host = { 0 };
	const char *port;
	int code = 0, done;

	if (split(address, &host, &port) < 0)
		return error_set(
			err, -EINVAL,
			"cannot listen on \"%s\": expected host:port, [IPv6]:port or :port",
			address);
	if (host.length) {
		done = open_at(host.data, port, AF_UNSPEC, ret_socket, &code);
	} else {
		done = open_at(NULL, port, AF_INET6, ret_socket, &code);
		if (done == -EAFNOSUPPORT || done == -EADDRNOTAVAIL)
			done = open_at(NULL, port, AF_INET, ret_socket, &code);
	}
	if (done < 0)
		return error_set(err, done, "cannot listen on %s: %s", address,
				 code && code != EAI_SYSTEM ? gai_strerror(code) :
							      strerror(-done));
	return 0;
}

/* A quarter of the descriptors for all of them together. */
static size_t measure_share(rlim_t parts, rlim_t max)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / parts < max)
		max = limit.rlim_cur / parts;
	return max < ROOM_MIN ? ROOM_MIN : (size_t)max;
}

size_t listener_measure_room(size_t listeners)
{
	return measure_share(4 * listeners, ROOM_MAX);
}

size_t listener_measure_patience(void)
{
	return measure_share(4, PATIENCE_MAX);
}

void listener_describe(int socket, struct text *text)
{
	struct sockaddr_storage bound = { 0 };
	socklen_t length = sizeof(bound);
	struct endpoint endpoint;

	if (getsockname(socket, (struct sockaddr *)&bound, &length) < 0 ||
	    endpoint_from_sockaddr((const struct sockaddr *)&bound, &endpoint) < 0)
		return;
	endpoint_write(&endpoint, text);
}
