#include "base/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

struct address address_from_ipv4(const uint8_t byte[static 4])
{
	struct address address;

	memcpy(address.byte, mapped, sizeof(mapped));
	memcpy(address.byte + 12, byte, 4);
	return address;
}

bool address_is_ipv4(const struct address *address)
{
	return !memcmp(address->byte, mapped, sizeof(mapped));
}

bool address_is_any(const struct address *address)
{
	static const uint8_t zero[16];
	size_t from = address_is_ipv4(address) ? 12 : 0;

	return !memcmp(address->byte + from, zero, sizeof(zero) - from);
}

bool address_equal(const struct address *a, const struct address *b)
{
	return !memcmp(a->byte, b->byte, sizeof(a->byte));
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && address_equal(&a->address, &b->address);
}

int address_parse(const char *string, struct address *ret_address)
{
	uint8_t byte[16];

	if (inet_pton(AF_INET, string, byte) == 1) {
		*ret_address = address_from_ipv4(byte);
		return 0;
	}
	if (inet_pton(AF_INET6, string, byte) != 1)
		return -EINVAL;
	memcpy(ret_address->byte, byte, sizeof(byte));
	return 0;
}

int address_parse_bytes(struct bytes bytes, struct address *ret_address)
{
	char string[INET6_ADDRSTRLEN];

	if (bytes.length >= sizeof(string) || memchr(bytes.data, '\0', bytes.length))
		return -EINVAL;
	memcpy(string, bytes.data, bytes.length);
	string[bytes.length] = '\0';
	return address_parse(string, ret_address);
}

int endpoint_from_sockaddr(const struct sockaddr *from, struct endpoint *ret_endpoint)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	if (from->sa_family == AF_INET) {
		memcpy(&ipv4, from, sizeof(ipv4));
		ret_endpoint->address = address_from_ipv4((const uint8_t *)&ipv4.sin_addr);
		ret_endpoint->port = ntohs(ipv4.sin_port);
		return 0;
	}
	if (from->sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	memcpy(&ipv6, from, sizeof(ipv6));
	memcpy(ret_endpoint->address.byte, &ipv6.sin6_addr, sizeof(ret_endpoint->address.byte));
	ret_endpoint->port = ntohs(ipv6.sin6_port);
	return 0;
}

int prefix_parse(const char *string, struct prefix *ret_prefix)
{
	struct bytes rest = bytes_from_string(string), head = rest;
	bool has_bits = bytes_take_until(&rest, '/', &head);
	char host[INET6_ADDRSTRLEN] = "";
	struct address address;
	uint64_t bits = 0, max;

	if (head.length >= sizeof(host))
		return -EINVAL;
	memcpy(host, head.data, head.length);
	if (address_parse(host, &address) < 0)
		return -EINVAL;
	max = address_is_ipv4(&address) ? 32 : 128;
	if (!has_bits)
		bits = max;
	else if (!bytes_parse_u64(rest, 10, &bits) || bits > max)
		return -EINVAL;
	*ret_prefix = (struct prefix){ address, (uint8_t)(128 - max + bits) };
	return 0;
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
	size_t whole = prefix->bits / 8;
	unsigned rest = prefix->bits % 8;
	uint8_t mask = (uint8_t)(0xff00U >> rest);

	if (memcmp(prefix->address.byte, address->byte, whole) != 0)
		return false;
	return !rest || !((prefix->address.byte[whole] ^ address->byte[whole]) & mask);
}

void address_write(const struct address *address, struct text *text)
{
	bool ipv4 = address_is_ipv4(address);
	char string[INET6_ADDRSTRLEN];
	const char *written = inet_ntop(ipv4 ? AF_INET : AF_INET6,
					address->byte + (ipv4 ? 12 : 0), string,
					sizeof(string));

	assert(written);
	text_append_string(text, written);
}

void endpoint_write(const struct endpoint *endpoint, struct text *text)
{
	bool ipv4 = address_is_ipv4(&endpoint->address);

	text_append_string(text, ipv4 ? "" : "[");
	address_write(&endpoint->address, text);
	text_append_string(text, ipv4 ? ":" : "]:");
	text_append_u64(text, endpoint->port);
}
