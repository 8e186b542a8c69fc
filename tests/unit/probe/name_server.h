/*
 * A name server of the test's own, in a thread, on port 53 of an address of 127/8, for which
 * one must be root.
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
#include "name_server_answer.h"

struct name_server {
	struct sockaddr_in address;
	int udp, tcp, stop[2];
	pthread_t thread;
	pthread_mutex_t mutex;
	struct text asked; /* "good/A hang.example/AAAA ", under the mutex */
};

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
