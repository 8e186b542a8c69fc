/*
 * What the name server of name_server.h answers. The first part of a name says what it does:
 *	good	has two IPv4 addresses and one of IPv6
 *	four	has an IPv4 address
 *	half	the same, and is silent about IPv6
 *	split	cannot tell about IPv6
 *	hang	is not answered
 *	broken	cannot be told, refused likewise
 *	big	is truncated, and has 4000 addresses by TCP
 *	loop	is an alias of itself
 *	garbage	is answered by what is no answer; empty, flood: at first
 *	cut	is truncated, and TCP ends in the middle
 * and the rest does not exist.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"
#include "test.h"

#define NAME_SERVER_TYPE_A 1
#define NAME_SERVER_TYPE_AAAA 28
#define NAME_SERVER_NXDOMAIN 3
#define NAME_SERVER_SERVFAIL 2
#define NAME_SERVER_REFUSED 5

struct name_server_query {
	const uint8_t *packet;
	size_t length; /* of its header and question */
	unsigned type;
	char name[256];
};

static bool name_server_read(const uint8_t *packet, size_t length,
			     struct name_server_query *query)
{
	size_t at = 12, to = 0;

	while (at < length && packet[at] && at + packet[at] < length) {
		if (to)
			query->name[to++] = '.';
		memcpy(query->name + to, packet + at + 1, packet[at]);
		to += packet[at];
		at += packet[at] + 1U;
	}
	query->name[to] = '\0';
	if (at + 5 > length)
		return false;
	query->packet = packet;
	query->type = (unsigned)packet[at + 1] << 8 | packet[at + 2];
	query->length = at + 5;
	return true;
}

static void name_server_begin(const struct name_server_query *query, unsigned code,
			      bool truncated, unsigned records, struct text *answer)
{
	const char flags[] = { (char)(0x81 | (truncated ? 2 : 0)), (char)(0x80 | code) };
	const char counts[] = { 0, 1, (char)(records >> 8), (char)records, 0, 0, 0, 0 };

	text_append(answer, (const char *)query->packet, 2);
	text_append(answer, flags, 2);
	text_append(answer, counts, sizeof(counts));
	text_append(answer, (const char *)query->packet + 12, query->length - 12);
}

static void name_server_add(unsigned type, const void *data, size_t length, struct text *answer)
{
	const char head[] = {
		(char)0xc0, 12, 0, (char)type, 0, 1, 0, 0, 0, 60, 0, (char)length
	};

	text_append(answer, head, sizeof(head));
	text_append(answer, data, length);
}

static bool name_server_is(const struct name_server_query *query, const char *word)
{
	size_t length = strlen(word);

	return !strncmp(query->name, word, length) &&
	       (query->name[length] == '.' || !query->name[length]);
}

static void name_server_addresses(const struct name_server_query *query, unsigned count,
				  struct text *answer)
{
	static const uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	bool four = query->type == NAME_SERVER_TYPE_A;
	bool both = name_server_is(query, "good");

	name_server_begin(query, 0, false, four ? count : both, answer);
	for (unsigned i = 0; four && i < count; i++) {
		uint8_t data[4] = { 10, 0, (uint8_t)(i / 250), (uint8_t)(i % 250 + 1) };

		name_server_add(NAME_SERVER_TYPE_A, data, sizeof(data), answer);
	}
	if (!four && both)
		name_server_add(NAME_SERVER_TYPE_AAAA, six, sizeof(six), answer);
}

/* Nothing, when it is not to be answered. */
static void name_server_answer(const struct name_server_query *query, bool tcp,
			       struct text *answer)
{
	bool six = query->type == NAME_SERVER_TYPE_AAAA;
	static const char self[] = { (char)0xc0, 12 };

	if (name_server_is(query, "hang") || (name_server_is(query, "half") && six))
		return;
	if (name_server_is(query, "broken") || (name_server_is(query, "split") && six)) {
		name_server_begin(query, NAME_SERVER_SERVFAIL, false, 0, answer);
	} else if (name_server_is(query, "refused")) {
		name_server_begin(query, NAME_SERVER_REFUSED, false, 0, answer);
	} else if (name_server_is(query, "loop")) {
		name_server_begin(query, 0, false, 1, answer);
		name_server_add(5, self, sizeof(self), answer);
	} else if ((name_server_is(query, "big") || name_server_is(query, "cut")) && !tcp) {
		name_server_begin(query, 0, true, 0, answer);
	} else if (name_server_is(query, "good")) {
		name_server_addresses(query, 2, answer);
	} else if (name_server_is(query, "big")) {
		name_server_addresses(query, 4000, answer);
	} else if (name_server_is(query, "four") || name_server_is(query, "half") ||
		   name_server_is(query, "split") || name_server_is(query, "empty") ||
		   name_server_is(query, "flood")) {
		name_server_addresses(query, 1, answer);
	} else if (name_server_is(query, "garbage")) {
		name_server_addresses(query, 1, answer);
		/* Where the name of the address is. */
		if (!six)
			answer->data[answer->length - 16] = (char)0xff;
	} else {
		name_server_begin(query, NAME_SERVER_NXDOMAIN, false, 0, answer);
	}
}
