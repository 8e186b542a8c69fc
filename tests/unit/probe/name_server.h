/*
 * A name server of the test's own, in a thread, on port 53 of an address of 127/8, for which
 * one must be root. The first part of a name says what it does:
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

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "test.h"

#define NAME_SERVER_TYPE_A 1
#define NAME_SERVER_TYPE_AAAA 28
#define NAME_SERVER_NXDOMAIN 3
#define NAME_SERVER_SERVFAIL 2
#define NAME_SERVER_REFUSED 5

struct name_server {
	struct sockaddr_in address;
	int udp, tcp, stop[2];
	pthread_t thread;
	pthread_mutex_t mutex;
	struct text asked; /* "good/A hang.example/AAAA ", under the mutex */
};

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
	const char counts[] = { 0, 1, (char)(records >> 8), (char)(records & 0xff), 0, 0, 0, 0 };

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

static void name_server_note(struct name_server *server, const struct name_server_query *query)
{
	pthread_mutex_lock(&server->mutex);
	text_printf(&server->asked, "%s/%s ", query->name,
		    query->type == NAME_SERVER_TYPE_A ? "A" : "AAAA");
	pthread_mutex_unlock(&server->mutex);
}

static void name_server_udp(struct name_server *server)
{
	CLEANUP(text_deinit) struct text answer = { 0 };
	struct sockaddr_in client;
	socklen_t length = sizeof(client);
	struct name_server_query query;
	uint8_t packet[512];
	ssize_t got = recvfrom(server->udp, packet, sizeof(packet), 0,
			       (struct sockaddr *)&client, &length);

	if (got < 0 || !name_server_read(packet, (size_t)got, &query))
		return;
	name_server_note(server, &query);
	for (unsigned i = name_server_is(&query, "flood") ? 150 : 0; i > 0; i--)
		sendto(server->udp, "junk that is no answer", 22, 0, (void *)&client, length);
	if (name_server_is(&query, "empty"))
		sendto(server->udp, "", 0, 0, (struct sockaddr *)&client, length);
	name_server_answer(&query, false, &answer);
	if (answer.length)
		sendto(server->udp, answer.data, answer.length, 0, (struct sockaddr *)&client,
		       length);
}

/* One question after the other, until the client leaves. */
static void name_server_tcp(struct name_server *server)
{
	CLEANUP(file_close) int client = accept4(server->tcp, NULL, NULL, SOCK_CLOEXEC);
	struct name_server_query query;
	uint8_t packet[514];

	while (recv(client, packet, 2, MSG_WAITALL) == 2) {
		CLEANUP(text_deinit) struct text answer = { 0 };
		size_t length = (size_t)packet[0] << 8 | packet[1];
		uint8_t head[2];

		if (length > 512 ||
		    recv(client, packet, length, MSG_WAITALL) != (ssize_t)length ||
		    !name_server_read(packet, length, &query))
			return;
		name_server_note(server, &query);
		name_server_answer(&query, true, &answer);
		head[0] = (uint8_t)(answer.length >> 8);
		head[1] = (uint8_t)answer.length;
		send(client, head, 2, MSG_NOSIGNAL);
		if (name_server_is(&query, "cut"))
			return;
		send(client, answer.data, answer.length, MSG_NOSIGNAL);
	}
}

static void *name_server_run(void *context)
{
	struct name_server *server = context;
	struct pollfd fds[] = { { server->udp, POLLIN, 0 },
				{ server->tcp, POLLIN, 0 },
				{ server->stop[0], POLLIN | POLLHUP, 0 } };

	while (poll(fds, 3, -1) > 0 && !fds[2].revents) {
		if (fds[0].revents)
			name_server_udp(server);
		if (fds[1].revents)
			name_server_tcp(server);
	}
	return NULL;
}

/* False when the port is not for us. */
static bool name_server_start(struct name_server *server, uint8_t last)
{
	unsigned pid = (unsigned)getpid();

	*server = (struct name_server){ .address.sin_family = AF_INET };
	server->address.sin_port = htons(53);
	server->address.sin_addr.s_addr =
		htonl(127U << 24 | (pid & 0x7f) << 16 | ((pid >> 7) & 0xff) << 8 | last);
	server->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	server->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(server->tcp, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(server->udp, (void *)&server->address, sizeof(server->address)) < 0 ||
	    bind(server->tcp, (void *)&server->address, sizeof(server->address)) < 0 ||
	    listen(server->tcp, 8) < 0 || pipe(server->stop) < 0) {
		close(server->udp);
		close(server->tcp);
		return false;
	}
	pthread_mutex_init(&server->mutex, NULL);
	return !pthread_create(&server->thread, NULL, name_server_run, server);
}

static void name_server_stop(struct name_server *server)
{
	close(server->stop[1]);
	pthread_join(server->thread, NULL);
	close(server->stop[0]);
	close(server->udp);
	close(server->tcp);
	text_deinit(&server->asked);
	pthread_mutex_destroy(&server->mutex);
}
