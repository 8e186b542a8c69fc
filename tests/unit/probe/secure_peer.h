/*
 * A TLS server inside the test, on a free port of 127.0.0.1: it serves one connection after the
 * other, and says the same to each request, byte by byte.
 */
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/authority.h"

struct secure_peer {
	/* Beforehand: */
	const char *answer; /* "": none */
	size_t answer_length; /* 0: a string's */
	const char *protocol; /* of ALPN; NULL: any or none */
	bool is_plain; /* says it without TLS, at once */
	bool ends_rudely; /* without close_notify */
	/* Of the last connection: */
	char name[256], request[2048];
	unsigned served;

	SSL_CTX *context;
	struct authority_pair root, pair;
	char *root_pem;
	int listener, stop;
	unsigned port;
	pthread_t thread;
};

static inline int secure_peer_choose(SSL *ssl, const unsigned char **ret_chosen,
				     unsigned char *ret_length, const unsigned char *offered,
				     unsigned length, void *context)
{
	const struct secure_peer *peer = context;
	unsigned char wanted[16];
	unsigned char *chosen;

	(void)ssl;
	if (!peer->protocol)
		return SSL_TLSEXT_ERR_NOACK;
	wanted[0] = (unsigned char)strlen(peer->protocol);
	memcpy(wanted + 1, peer->protocol, wanted[0]);
	if (SSL_select_next_proto(&chosen, ret_length, wanted, wanted[0] + 1U, offered,
				  length) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	/* It may be the one wanted that is chosen, which is on this stack. */
	*ret_chosen = (const unsigned char *)peer->protocol;
	return SSL_TLSEXT_ERR_OK;
}

static inline size_t secure_peer_length(const struct secure_peer *peer)
{
	return peer->answer_length ? peer->answer_length : strlen(peer->answer);
}

static inline void secure_peer_talk(struct secure_peer *peer, SSL *ssl)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	int length;

	snprintf(peer->name, sizeof(peer->name), "%s", name ? name : "");
	length = SSL_read(ssl, peer->request, sizeof(peer->request) - 1);
	peer->request[length > 0 ? length : 0] = '\0';
	if (length > 0 && secure_peer_length(peer))
		SSL_write(ssl, peer->answer, (int)secure_peer_length(peer));
	if (!peer->ends_rudely)
		SSL_shutdown(ssl);
}

static inline void secure_peer_serve(struct secure_peer *peer, int fd)
{
	SSL *ssl = SSL_new(peer->context);

	peer->served++;
	SSL_set_fd(ssl, fd);
	if (peer->is_plain)
		send(fd, peer->answer, secure_peer_length(peer), MSG_NOSIGNAL);
	else if (SSL_accept(ssl) == 1)
		secure_peer_talk(peer, ssl);
	SSL_free(ssl);
	shutdown(fd, SHUT_WR);
	/* Not to reset what the other side has not read yet. */
	while (recv(fd, (char[256]){ 0 }, 256, 0) > 0)
		;
	close(fd);
}

static inline void *secure_peer_thread(void *argument)
{
	struct secure_peer *peer = argument;
	struct pollfd fds[] = { { .fd = peer->stop, .events = POLLIN },
				{ .fd = peer->listener, .events = POLLIN } };

	while (poll(fds, 2, -1) > 0 && !fds[0].revents) {
		int fd = accept(peer->listener, NULL, NULL);

		if (fd >= 0)
			secure_peer_serve(peer, fd);
	}
	return NULL;
}

/* Its certificate is for `names`, "DNS:a.test", from an authority of its own. */
static inline void secure_peer_start(struct secure_peer *peer, const char *names)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);

	peer->root = authority_make((struct authority_wish){ .subject = "root" });
	peer->pair =
		authority_make((struct authority_wish){ "server", names, &peer->root, 0, 0 });
	peer->root_pem = authority_certificate_pem(&peer->root);
	peer->context = authority_server(&peer->pair);
	SSL_CTX_set_alpn_select_cb(peer->context, secure_peer_choose, peer);
	peer->stop = eventfd(0, 0);
	peer->listener = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	authority_require(!bind(peer->listener, (struct sockaddr *)&address, length) &&
				  !listen(peer->listener, 16) &&
				  !getsockname(peer->listener, (struct sockaddr *)&address,
					       &length),
			  "listen");
	peer->port = ntohs(address.sin_port);
	pthread_create(&peer->thread, NULL, secure_peer_thread, peer);
}

static inline void secure_peer_stop(struct secure_peer *peer)
{
	eventfd_write(peer->stop, 1);
	pthread_join(peer->thread, NULL);
	close(peer->listener);
	close(peer->stop);
	SSL_CTX_free(peer->context);
	authority_pair_free(&peer->root);
	authority_pair_free(&peer->pair);
	free(peer->root_pem);
}
