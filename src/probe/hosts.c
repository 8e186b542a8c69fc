/*
 * With "multi on" in host.conf(5), which Debian has, glibc takes the addresses of all lines;
 * without it those of the first. All of them are what musl and Go take, too.
 */
#include "probe/hosts.h"

#include <string.h>
#include <strings.h>

static bool names(struct bytes words, struct bytes name)
{
	struct bytes word;

	while (bytes_take_word(&words, &word)) {
		if (word.length == name.length &&
		    !strncasecmp(word.data, name.data, word.length))
			return true;
	}
	return false;
}

static bool has(const struct address *addresses, size_t count, const struct address *address)
{
	for (size_t i = 0; i < count; i++) {
		if (address_equal(&addresses[i], address))
			return true;
	}
	return false;
}

size_t hosts_find(struct bytes text, const char *name, struct address *addresses, size_t max)
{
	const struct bytes wanted = bytes_from_string(name);
	struct bytes line, head, word;
	struct address address;
	size_t count = 0;

	while (count < max && bytes_take_line(&text, &line)) {
		if (bytes_take_until(&line, '#', &head))
			line = head;
		if (line.length && line.data[line.length - 1] == '\r')
			line.length--;
		/* An address with a scope is none here; so it is for glibc. */
		if (!bytes_take_word(&line, &word) || !names(line, wanted) ||
		    address_parse_bytes(word, &address) < 0)
			continue;
		if (!has(addresses, count, &address))
			addresses[count++] = address;
	}
	return count;
}
