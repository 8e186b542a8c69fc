/*
 * TLS as a client, through OpenSSL: what the configuration wants of it, and what is seen. It is
 * spoken either by libcurl, whose context is furnished here, or on a descriptor of our own.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/module.h"
#include "model/probe_report.h"

/* One side of one connection: what it is told, and what it saw. Of one thread. */
struct tls_client;

/*
 * Reads the files of `config`. `host` is whom to expect when the configuration names nobody: a
 * name or an address, IPv6 also in brackets. NULL with a reason that holds no secret; also
 * when nobody is named, since then anybody would do.
 */
struct tls_client *tls_client_new(const struct tls_config *config, const char *host,
				  struct error *err) MUST_CHECK;
void tls_client_free(struct tls_client *client); /* takes NULL; contexts may live on */

/* Furnishes an SSL_CTX that one connection is made from. 0 or -EINVAL. */
int tls_client_apply(struct tls_client *client, void *ssl_context) MUST_CHECK;

/* X509_V_ERR_…: what was wrong with the certificates; 0: nothing, or none was shown. */
long tls_client_verify_result(const struct tls_client *client);

/* Whether the server ended it with an alert: it wants another certificate, say. */
bool tls_client_was_refused(const struct tls_client *client);

/* Whether we ended it, since it kept us busy without end: see turn.h. */
bool tls_client_was_ended(const struct tls_client *client);

/* Writes report->tls as far as it is known. */
void tls_client_report(const struct tls_client *client, struct probe_report *report);

/* TLS over a connected, non-blocking descriptor, which is borrowed. */
struct tls_session;

enum { TLS_WANT_READ = 1, TLS_WANT_WRITE = 2 };

/*
 * As tls_client_new(). Nothing is sent yet. SIGPIPE must be blocked or ignored by whoever goes
 * on with it.
 */
struct tls_session *tls_session_new(const struct tls_config *config, const char *host, int fd,
				    struct error *err) MUST_CHECK;
void tls_session_free(struct tls_session *session); /* takes NULL; sends nothing */

/*
 * Goes on with the handshake. 0 when it is done; TLS_WANT_READ or TLS_WANT_WRITE: to be called
 * again when the descriptor is ready for that; -ECONNRESET; -EPROTO: anything else, also an
 * end, or certificates that are not good: tls_session_verify_result() is not 0 then.
 */
int tls_session_handshake(struct tls_session *session) MUST_CHECK;

/*
 * After the handshake. The number of bytes; 0 at the end, announced or not; -EAGAIN: not now,
 * see tls_session_wants(); -ECONNRESET, -EPROTO; -EMSGSIZE: we ended it, as of
 * tls_client_was_ended().
 */
ssize_t tls_session_read(struct tls_session *session, void *data, size_t size) MUST_CHECK;
ssize_t tls_session_write(struct tls_session *session, const void *data,
			  size_t size) MUST_CHECK;

/* What the last call waits for: EPOLLIN, EPOLLOUT; 0: nothing. */
uint32_t tls_session_wants(const struct tls_session *session);

long tls_session_verify_result(const struct tls_session *session);
void tls_session_report(const struct tls_session *session, struct probe_report *report);
