/* Clients on plain sockets, of the server in http_server.h. */
#pragma once

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "http_server.h"

enum { PATIENCE = 20 }; /* seconds until a socket gives up */

/* Connects to the server, with a receive buffer of `buffer` bytes (0: the default). */
static inline int dial_buffer(const char *address, int buffer)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	const char *port = strrchr(address, ':') + 1;
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)atoi(port)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (buffer)
		setsockopt(made, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (connect(made, (struct sockaddr *)&to, sizeof(to)) == 0)
		return made;
	close(made);
	return -1;
}

static inline int dial(void)
{
	return dial_buffer(http_address(http, 0), 0);
}

static inline bool say(int to, const char *what)
{
	size_t length = strlen(what);

	return send(to, what, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* Reads until the server closes. */
static inline void hear(int from, struct text *answer)
{
	ssize_t got;

	while ((got = recv(from, text_reserve(answer, 65536), 65536, 0)) > 0)
		answer->length += (size_t)got;
	answer->data[answer->length] = '\0';
}

/* Reads until `end` has come. */
static inline void hear_until(int from, const char *end, struct text *answer)
{
	char c;

	while (!strstr(text_string(answer), end) && recv(from, &c, 1, 0) == 1)
		text_append_char(answer, c);
}

/* Sends a request as it is, and gives the whole answer. */
static inline void ask(const char *request, struct text *answer)
{
	CLEANUP(file_close) int client = dial();

	text_clear(answer);
	CHECK(say(client, request));
	hear(client, answer);
}

static inline bool starts_with(const struct text *text, const char *start)
{
	return strncmp(text_string(text), start, strlen(start)) == 0;
}

static inline void check_has(const struct text *answer, const char *what)
{
	if (!strstr(text_string(answer), what)) {
		printf("# missing %s in:\n# %.300s\n", what, text_string(answer));
		CHECK(false);
	}
}

static inline void check_status(const char *request, const char *status)
{
	CLEANUP(text_deinit) struct text answer = { 0 };

	ask(request, &answer);
	if (!starts_with(&answer, status))
		printf("# %.200s\n", text_string(&answer));
	CHECK(starts_with(&answer, status));
}

#define TAIL " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
