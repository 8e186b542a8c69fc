/*
 * - Who is expected is said to OpenSSL, not to libcurl: libcurl verifies the host of the URL
 *   and nothing else. The server name for SNI goes out with the first message, and libcurl sets
 *   its own after it has shown us the context; so it is set again as the handshake starts
 *   (SSL_CTX_set_info_callback(3)).
 * - Certificates are looked at by the callback that verifies them, so that they are known when
 *   they are not good. It is called also when nobody is to verify anything.
 * - Common names are no host names: neither RFC 9525, 2 nor Go, browsers or Python know them.
 * - No name to expect, to OpenSSL, means any, and one that begins with a dot any below it
 *   (X509_check_host(3)).
 * - A server may send small records for ever, keys to be updated or frames of HTTP/2, which
 *   SSL_read(3) and libcurl read as long as there are any. As if the server had ended it is the
 *   one way to make them stop at the next record (ssl3_read_bytes() of OpenSSL 3.0).
 * - An SSL_CTX that libcurl made lives as long as its connection; it holds a reference.
 */
#include "probe/tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/memory.h"
#include "probe/authorities.h"
#include "probe/certificate.h"
#include "probe/turn.h"

/* CPU seconds in one go: on small machines a long key takes its time to sign. */
#define HANDSHAKE_SHARE 0.5

struct tls_client {
	unsigned references;
	X509_STORE *authorities;
	X509 *certificate;
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
	char *name; /* whom to expect */
	bool is_address, verifies, was_refused, was_ended;
	struct turn turn;
	enum tls_version min, max;
	long verify_result;
	struct arena arena;
	struct probe_tls_report seen; /* strings in the arena */
};

struct tls_session {
	struct tls_client *client;
	SSL *ssl;
	uint32_t wants;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int client_index;

static void release(struct tls_client *client)
{
	if (--client->references)
		return;
	X509_STORE_free(client->authorities);
	X509_free(client->certificate);
	sk_X509_pop_free(client->chain, X509_free);
	EVP_PKEY_free(client->key);
	arena_deinit(&client->arena);
	free(client->name);
	free(client);
}

static void release_of_context(void *context, void *client, CRYPTO_EX_DATA *data, int index,
			       long argl, void *argp)
{
	(void)context;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	if (client)
		release(client);
}

static void init_once(void)
{
	client_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, release_of_context);
	if (client_index < 0)
		abort();
}

/* OpenSSL would ask whoever is at the terminal. */
static int no_password(char *buffer, int size, int writing, void *context)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static void take_chain(struct tls_client *client, const struct text *pem)
{
	CLEANUP(authorities_close_pem) BIO *bio = authorities_open_pem(pem);
	X509 *next;

	client->certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	client->chain = sk_X509_new_null();
	if (!client->chain)
		abort();
	while (client->certificate && (next = PEM_read_bio_X509(bio, NULL, no_password, NULL)))
		sk_X509_push(client->chain, next);
}

static int set_certificate(struct tls_client *client, const struct tls_config *config,
			   struct error *err)
{
	CLEANUP(text_deinit) struct text certificate = { 0 }, key = { 0 };
	CLEANUP(authorities_close_pem) BIO *bio = NULL;

	if (!config->cert && !config->cert_file)
		return 0;
	if (!config->key && !config->key_file)
		return error_set(err, -EINVAL, "a certificate without a key");
	if (authorities_read_pem(config->cert, config->cert_file, &certificate, err) < 0 ||
	    authorities_read_pem(config->key, config->key_file, &key, err) < 0)
		return -EINVAL;
	take_chain(client, &certificate);
	bio = authorities_open_pem(&key);
	client->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	ERR_clear_error();
	OPENSSL_cleanse(key.data, key.length);
	if (!client->certificate)
		return error_set(err, -EINVAL, "%s: no certificate in it",
				 config->cert ? "cert" : config->cert_file);
	if (!client->key)
		return error_set(err, -EINVAL, "%s: no key in it, or one with a password",
				 config->key ? "key" : config->key_file);
	if (X509_check_private_key(client->certificate, client->key) == 1)
		return 0;
	ERR_clear_error();
	return error_set(err, -EINVAL, "%s: not the key of the certificate",
			 config->key ? "key" : config->key_file);
}

/* Without the brackets of IPv6 and the dot that ends a name. */
static int set_name(struct tls_client *client, const char *host, struct error *err)
{
	unsigned char address[sizeof(struct in6_addr)];
	bool brackets = host[0] == '[';
	size_t length;

	client->name = memory_copy_string(host + brackets);
	length = strlen(client->name);
	if (length && client->name[length - 1] == (brackets ? ']' : '.'))
		client->name[length - 1] = '\0';
	client->is_address = inet_pton(AF_INET, client->name, address) == 1 ||
			     inet_pton(AF_INET6, client->name, address) == 1;
	if (client->name[0] && client->name[0] != '.')
		return 0;
	return error_set(err, -EINVAL, "no name that a certificate could be for");
}

struct tls_client *tls_client_new(const struct tls_config *config, const char *host,
				  struct error *err)
{
	struct tls_client *client = memory_new(1, sizeof(*client));

	pthread_once(&once, init_once);
	*client = (struct tls_client){
		.references = 1,
		.verifies = !config->insecure_skip_verify,
		.min = config->min_version ? config->min_version : TLS_VERSION_1_2,
		.max = config->max_version,
		.seen = { .earliest_expiry = NAN, .chain_expiry = NAN },
	};
	if (set_name(client, config->server_name ? config->server_name : host, err) == 0)
		client->authorities = authorities_acquire(config, err);
	if (!client->authorities || set_certificate(client, config, err) < 0) {
		release(client);
		return NULL;
	}
	return client;
}

void tls_client_free(struct tls_client *client)
{
	if (client)
		release(client);
}

static int verify(X509_STORE_CTX *context, void *argument)
{
	struct tls_client *client = argument;

	/* Once: whoever begins the handshake anew shows the same. */
	if (!client->seen.fingerprint)
		certificate_describe(X509_STORE_CTX_get0_cert(context),
				     X509_STORE_CTX_get0_untrusted(context), &client->arena,
				     &client->seen);
	if (!client->verifies) {
		X509_STORE_CTX_set_error(context, X509_V_OK);
		return 1;
	}
	if (X509_verify_cert(context) == 1) {
		client->verify_result = X509_V_OK;
		client->seen.chain_expiry =
			certificate_earliest_expiry(X509_STORE_CTX_get0_chain(context));
		return 1;
	}
	client->verify_result = X509_STORE_CTX_get_error(context);
	return 0;
}

static const char *version_text(const SSL *ssl)
{
	switch (SSL_version(ssl)) {
	case TLS1_VERSION:
		return "TLS 1.0";
	case TLS1_1_VERSION:
		return "TLS 1.1";
	case TLS1_2_VERSION:
		return "TLS 1.2";
	case TLS1_3_VERSION:
		return "TLS 1.3";
	default:
		return "unknown";
	}
}

static void note_progress(const SSL *ssl, int where, int value)
{
	struct tls_client *client = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), client_index);
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
	const char *name = client->is_address ? NULL : client->name;

	/* The level of an alert is in the second byte (SSL_alert_type_string(3)). */
	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
		client->was_refused = true;
	if (client->seen.version)
		return;
	/* OpenSSL's callbacks are given a const one also to act on it. */
	if (where & SSL_CB_HANDSHAKE_START)
		SSL_set_tlsext_host_name((SSL *)ssl, (char *)name);
	if (!(where & SSL_CB_HANDSHAKE_DONE))
		return;
	client->turn = (struct turn){ 0 };
	client->seen.version = version_text(ssl);
	name = cipher ? SSL_CIPHER_standard_name(cipher) : NULL;
	client->seen.cipher = arena_copy_string(&client->arena, name ? name : "unknown");
}

static void watch_records(int is_sent, int version, int type, const void *data, size_t length,
			  SSL *ssl, void *argument)
{
	struct tls_client *client = argument;
	double share = client->seen.version ? TURN_SHARE : HANDSHAKE_SHARE;

	(void)version;
	(void)data;
	(void)length;
	if (is_sent || type != SSL3_RT_HEADER || !turn_is_over(&client->turn, share))
		return;
	client->was_ended = true;
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

static int number_of(enum tls_version version)
{
	static const int numbers[] = {
		[TLS_VERSION_ANY] = 0,
		[TLS_VERSION_1_0] = TLS1_VERSION,
		[TLS_VERSION_1_1] = TLS1_1_VERSION,
		[TLS_VERSION_1_2] = TLS1_2_VERSION,
		[TLS_VERSION_1_3] = TLS1_3_VERSION,
	};

	return numbers[version];
}

static bool apply_versions(const struct tls_client *client, SSL_CTX *context)
{
	/* What is older than 1.2 signs with SHA-1, which the usual level forbids. */
	if (client->min < TLS_VERSION_1_2)
		SSL_CTX_set_security_level(context, 0);
	return SSL_CTX_set_min_proto_version(context, number_of(client->min)) == 1 &&
	       SSL_CTX_set_max_proto_version(context, number_of(client->max)) == 1;
}

static bool apply_name(const struct tls_client *client, SSL_CTX *context)
{
	X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(context);

	X509_VERIFY_PARAM_set_flags(parameters,
				    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
	X509_VERIFY_PARAM_set_hostflags(parameters,
					X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
						X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (client->is_address)
		return X509_VERIFY_PARAM_set1_ip_asc(parameters, client->name) == 1;
	return X509_VERIFY_PARAM_set1_host(parameters, client->name, 0) == 1;
}

static bool apply_certificate(const struct tls_client *client, SSL_CTX *context)
{
	if (!client->certificate)
		return true;
	return SSL_CTX_use_certificate(context, client->certificate) == 1 &&
	       SSL_CTX_set1_chain(context, client->chain) == 1 &&
	       SSL_CTX_use_PrivateKey(context, client->key) == 1;
}

int tls_client_apply(struct tls_client *client, void *ssl_context)
{
	SSL_CTX *context = ssl_context;

	if (!apply_versions(client, context) || !apply_name(client, context) ||
	    !apply_certificate(client, context) ||
	    SSL_CTX_set_ex_data(context, client_index, client) != 1) {
		ERR_clear_error();
		return -EINVAL;
	}
	client->references++;
	SSL_CTX_set1_cert_store(context, client->authorities);
	SSL_CTX_set_verify(context, client->verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_cert_verify_callback(context, verify, client);
	SSL_CTX_set_info_callback(context, note_progress);
	SSL_CTX_set_msg_callback(context, watch_records);
	SSL_CTX_set_msg_callback_arg(context, client);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	return 0;
}

long tls_client_verify_result(const struct tls_client *client)
{
	return client->verify_result;
}

bool tls_client_was_refused(const struct tls_client *client)
{
	return client->was_refused;
}

bool tls_client_was_ended(const struct tls_client *client)
{
	return client->was_ended;
}

static const char *copy(struct arena *arena, const char *string)
{
	return string ? arena_copy_string(arena, string) : NULL;
}

void tls_client_report(const struct tls_client *client, struct probe_report *report)
{
	const struct probe_tls_report *seen = &client->seen;
	struct arena *arena = &report->arena;

	report->tls = *seen;
	report->tls.version = copy(arena, seen->version);
	report->tls.cipher = copy(arena, seen->cipher);
	report->tls.fingerprint = copy(arena, seen->fingerprint);
	report->tls.subject = copy(arena, seen->subject);
	report->tls.issuer = copy(arena, seen->issuer);
	report->tls.names = copy(arena, seen->names);
	report->tls.serial = copy(arena, seen->serial);
}

struct tls_session *tls_session_new(const struct tls_config *config, const char *host, int fd,
				    struct error *err)
{
	struct tls_client *client = tls_client_new(config, host, err);
	struct tls_session *session;
	SSL_CTX *context;

	if (!client)
		return NULL;
	context = SSL_CTX_new(TLS_client_method());
	if (!context)
		abort();
	if (tls_client_apply(client, context) < 0) {
		error_set(err, -EINVAL, "TLS: OpenSSL does not take this configuration");
		SSL_CTX_free(context);
		tls_client_free(client);
		return NULL;
	}
	session = memory_new(1, sizeof(*session));
	session->client = client;
	session->ssl = SSL_new(context);
	SSL_CTX_free(context);
	if (!session->ssl || SSL_set_fd(session->ssl, fd) != 1)
		abort();
	SSL_set_mode(session->ssl,
		     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_set_connect_state(session->ssl);
	return session;
}

void tls_session_free(struct tls_session *session)
{
	if (!session)
		return;
	SSL_free(session->ssl);
	tls_client_free(session->client);
	free(session);
}

/* Of a call that gave `result`, not more than 0. */
static int failure(struct tls_session *session, int result)
{
	int error = SSL_get_error(session->ssl, result), os_error = errno;
	bool ended = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;

	ERR_clear_error();
	session->wants = 0;
	if (error == SSL_ERROR_WANT_READ)
		session->wants = EPOLLIN;
	else if (error == SSL_ERROR_WANT_WRITE)
		session->wants = EPOLLOUT;
	if (session->wants)
		return -EAGAIN;
	if (session->client->was_ended)
		return -EMSGSIZE;
	if (error == SSL_ERROR_ZERO_RETURN || ended)
		return 0;
	if (error == SSL_ERROR_SYSCALL && (os_error == ECONNRESET || os_error == EPIPE))
		return -ECONNRESET;
	return -EPROTO;
}

int tls_session_handshake(struct tls_session *session)
{
	int r;

	ERR_clear_error();
	errno = 0;
	session->wants = 0;
	r = SSL_do_handshake(session->ssl);
	if (r == 1)
		return 0;
	r = failure(session, r);
	if (r == -EAGAIN)
		return session->wants == EPOLLIN ? TLS_WANT_READ : TLS_WANT_WRITE;
	return r ? r : -EPROTO;
}

ssize_t tls_session_read(struct tls_session *session, void *data, size_t size)
{
	size_t count = 0;
	int r;

	ERR_clear_error();
	errno = 0;
	session->wants = 0;
	r = SSL_read_ex(session->ssl, data, size, &count);
	return r == 1 ? (ssize_t)count : failure(session, r);
}

ssize_t tls_session_write(struct tls_session *session, const void *data, size_t size)
{
	size_t count = 0;
	int r;

	ERR_clear_error();
	errno = 0;
	session->wants = 0;
	r = SSL_write_ex(session->ssl, data, size, &count);
	if (r == 1)
		return (ssize_t)count;
	r = failure(session, r);
	return r ? r : -ECONNRESET;
}

uint32_t tls_session_wants(const struct tls_session *session)
{
	return session->wants;
}

long tls_session_verify_result(const struct tls_session *session)
{
	return tls_client_verify_result(session->client);
}

void tls_session_report(const struct tls_session *session, struct probe_report *report)
{
	tls_client_report(session->client, report);
}
