/*
 * connect(2) of a datagram socket finds the route and the source address, and sends nothing; it
 * is how getaddrinfo(3) sorts its addresses.
 *
 * Leaving out what cannot work, "::1" on a machine without IPv6, leaves the error of what might
 * have: libcurl tells one errno for all addresses of a name.
 */
#include "probe/route.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/file.h"

bool route_exists(const struct sockaddr *remote, unsigned length)
{
	CLEANUP(file_close) int fd = socket(remote->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && !connect(fd, remote, length);
}

/* Any port will do, but 0 (some kernels refuse it). */
static bool address_has_route(const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(9) };

	if (inet_pton(AF_INET, address, &in.sin_addr) == 1)
		return route_exists((const struct sockaddr *)&in, sizeof(in));
	if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
		return route_exists((const struct sockaddr *)&in6, sizeof(in6));
	return false;
}

static void consider(struct bytes word, struct text *into, size_t start)
{
	CLEANUP(text_deinit) struct text address = { 0 };

	text_append(&address, word.data, word.length);
	if (!address_has_route(text_string(&address)))
		return;
	if (into->length > start)
		text_append_char(into, ',');
	text_append_string(into, text_string(&address));
}

void route_filter(const char *addresses, struct text *into)
{
	struct bytes rest = bytes_from_string(addresses), word;
	size_t start = into->length;

	while (bytes_take_until(&rest, ',', &word))
		consider(word, into, start);
	consider(rest, into, start);
	if (into->length == start)
		text_append_string(into, addresses);
}

static bool append_first(const char *addresses, int family, struct text *into)
{
	struct bytes rest = bytes_from_string(addresses), word;
	bool more = true;

	while (more) {
		CLEANUP(text_deinit) struct text address = { 0 };
		struct in6_addr any;

		more = bytes_take_until(&rest, ',', &word);
		text_append(&address, more ? word.data : rest.data,
			    more ? word.length : rest.length);
		if (inet_pton(family, text_string(&address), &any) != 1)
			continue;
		text_append_string(into, text_string(&address));
		return true;
	}
	return false;
}

bool route_choose(const char *addresses, enum ip_protocol preferred, bool fallback,
		  struct text *into)
{
	int first = preferred == IP_PROTOCOL_4 ? AF_INET : AF_INET6;
	int second = preferred == IP_PROTOCOL_4 ? AF_INET6 : AF_INET;

	return append_first(addresses, first, into) ||
	       (fallback && append_first(addresses, second, into));
}
