/*
 * connect(2) of a datagram socket finds the route and the source address, and sends nothing; it
 * is how getaddrinfo(3) sorts its addresses. The same socket serves for many: AF_UNSPEC makes
 * it forget the last one.
 *
 * Leaving out what cannot work, "::1" on a machine without IPv6, leaves the error of what might
 * have: libcurl tells one errno for all addresses of a name.
 */
#include "probe/route.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/memory.h"
#include "probe/preference.h"
#include "probe/view.h"

#define SORTED_MAX 64

/* Any port will do, but 0 (some kernels refuse it). */
#define ANY_PORT 9

/* A socket of each family, once it is needed. */
struct scout {
	const struct view *view;
	int ipv4, ipv6;
};

static void scout_deinit(const struct scout *scout)
{
	file_close(&scout->ipv4);
	file_close(&scout->ipv6);
}

static int socket_of(struct scout *scout, int family)
{
	int *fd = family == AF_INET ? &scout->ipv4 : &scout->ipv6;

	if (*fd < 0)
		*fd = view_socket(scout->view, family, SOCK_DGRAM);
	return *fd;
}

static socklen_t write_sockaddr(const struct address *address, struct sockaddr_storage *storage)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons(ANY_PORT) };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = htons(ANY_PORT) };

	if (address_is_ipv4(address)) {
		memcpy(&ipv4.sin_addr, address->byte + 12, 4);
		memcpy(storage, &ipv4, sizeof(ipv4));
		return sizeof(ipv4);
	}
	memcpy(&ipv6.sin6_addr, address->byte, sizeof(address->byte));
	memcpy(storage, &ipv6, sizeof(ipv6));
	return sizeof(ipv6);
}

/* Where we would come from; false: there is no way. */
static bool find_source(struct scout *scout, const struct address *address,
			struct address *ret_source)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct sockaddr_storage storage;
	socklen_t length = write_sockaddr(address, &storage);
	int fd = socket_of(scout, storage.ss_family);
	struct endpoint source;

	if (fd < 0 || connect(fd, &nobody, sizeof(nobody)) < 0 ||
	    connect(fd, (struct sockaddr *)&storage, length) < 0 ||
	    getsockname(fd, (struct sockaddr *)&storage, &length) < 0 ||
	    endpoint_from_sockaddr((struct sockaddr *)&storage, &source) < 0)
		return false;
	*ret_source = source.address;
	return true;
}

bool route_exists(const struct view *view, const struct sockaddr *remote, unsigned length)
{
	CLEANUP(file_close) int fd = view_socket(view, remote->sa_family, SOCK_DGRAM);

	return fd >= 0 && !connect(fd, remote, length);
}

static void consider(struct scout *scout, struct bytes word, struct text *into, size_t start)
{
	struct address address, source;

	if (address_parse_bytes(word, &address) < 0 || !find_source(scout, &address, &source))
		return;
	if (into->length > start)
		text_append_char(into, ',');
	text_append(into, word.data, word.length);
}

void route_filter(const struct view *view, const char *addresses, struct text *into)
{
	CLEANUP(scout_deinit) struct scout scout = { view, -1, -1 };
	struct bytes rest = bytes_from_string(addresses), word;
	size_t start = into->length;

	while (bytes_take_until(&rest, ',', &word))
		consider(&scout, word, into, start);
	consider(&scout, rest, into, start);
	if (into->length == start)
		text_append_string(into, addresses);
}

void route_sort(const struct view *view, struct address *addresses, size_t count)
{
	CLEANUP(scout_deinit) struct scout scout = { view, -1, -1 };
	struct preference items[SORTED_MAX];

	assert(count <= SORTED_MAX);
	for (size_t i = 0; i < count; i++) {
		items[i].destination = addresses[i];
		items[i].reachable = find_source(&scout, &addresses[i], &items[i].source);
	}
	preference_sort(items, count);
	for (size_t i = 0; i < count; i++)
		addresses[i] = items[i].destination;
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
