/* What the server of peer.h says, path by path. */
#pragma once

#include "probe/peer_last.h"
#include "probe/peer_tunnel.h"

static inline void peer_reset(const struct peer_connection *c)
{
	const struct linger none = { .l_onoff = 1 };

	if (setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)) < 0)
		peer_fail("SO_LINGER");
}

/* To the same server under another name. */
static inline void peer_send_elsewhere(const struct peer_connection *c)
{
	char answer[256];

	snprintf(answer, sizeof(answer),
		 "HTTP/1.1 307 There\r\nLocation: http://b.test:%u/\r\n"
		 "Content-Length: 0\r\n\r\n",
		 c->peer->port);
	peer_say(c, answer);
}

static inline void peer_gzip(const struct peer_connection *c)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
				   "Content-Length: 25\r\n\r\n";
	static const char hello[25] = "\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9"
				      "\x07\0\x86\xa6\x10\x36\x05\0\0";

	if (peer_say(c, head))
		send(c->fd, hello, sizeof(hello), MSG_NOSIGNAL);
}

static inline void peer_say_answer(const struct peer_connection *c, const char *path)
{
	static const struct {
		const char *path, *answer;
	} answers[] = {
		{ "/", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
		{ "/?a", "HTTP/1.1 204 Nothing\r\n\r\n" },
		{ "/teapot", "HTTP/1.1 418 I am\r\nContent-Length: 0\r\n\r\n" },
		{ "/loop",
		  "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n" },
		{ "/moved", "HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n" },
		{ "/other", "HTTP/1.1 302 Found\r\nLocation: http://localhost/x:y@z/\r\n\r\n" },
		{ "/file", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
			   "Content-Length: 0\r\n\r\n" },
		{ "/garbage", "\x15\x03\x01 what?\r\n\r\n" },
		{ "/cut", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello" },
		{ "/chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" },
		{ "/close", "" },
		{ "/last",
		  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello" },
		{ "/old", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
		{ "/304", "HTTP/1.1 304 Same\r\nLocation: /\r\n\r\n" },
		{ "/login", "HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: a=b\r\n"
			    "Content-Length: 0\r\n\r\n" },
		{ "/facts", "HTTP/1.0 200 OK\r\nX-A: one\r\n"
			    "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\nbody" },
		{ "/bad_gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
			       "Content-Length: 5\r\n\r\nhello" },
		{ "http://a.test/", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy" },
		{ "http://unknown.test/", "HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n" },
		{ "http://garbage.test/", "what?\r\n\r\n" },
		{ "forbidden.test:443", "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" },
		{ "unknown.test:443", "HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n" },
		{ "garbage.test:443", "what?\r\n\r\n" },
		{ "close.test:443", "" },
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		if (!strcmp(path, answers[i].path))
			peer_say(c, answers[i].answer);
}

static void peer_answer(const struct peer_connection *c, const char *path)
{
	if (!strcmp(path, "/silent") || !strcmp(path, "silent.test:443"))
		peer_pause(c, -1);
	else if (!strcmp(path, "/drip"))
		peer_drip(c);
	else if (!strcmp(path, "/flood"))
		peer_flood(c);
	else if (!strcmp(path, "/lines"))
		peer_lines(c);
	else if (!strcmp(path, "/reset"))
		peer_reset(c);
	else if (!strcmp(path, "/keep"))
		peer_keep(c, 1000, -1);
	else if (!strcmp(path, "/keep_a_little"))
		peer_keep(c, 1, 20);
	else if (!strcmp(path, "/keep_one"))
		peer_keep(c, 1, -1);
	else if (!strcmp(path, "/keep_then_drip"))
		peer_keep_then(c, peer_drip);
	else if (!strcmp(path, "/keep_then_flood"))
		peer_keep_then(c, peer_flood);
	else if (!strcmp(path, "/elsewhere"))
		peer_send_elsewhere(c);
	else if (!strcmp(path, "/gzip"))
		peer_gzip(c);
	else {
		peer_connect(c, path);
		peer_say_answer(c, path);
	}
}
