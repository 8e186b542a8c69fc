/*
 * Traps that are set here on purpose to be stepped over:
 * - curl_global_init() is thread-safe from 7.84.0 on (libcurl-thread(3)), once does not hurt.
 * - Without CURLOPT_QUICK_EXIT a transfer that times out in a lookup waits for the lookup's
 *   thread and blocks every other one. Names are looked up before they get here, so this is for
 *   the names that libcurl reads differently than we do.
 * - libcurl takes proxies and a TLS key log from the environment, and credentials from ~/.netrc
 *   only when asked to. It does not know SSL_CERT_FILE and SSL_CERT_DIR, OpenSSL's variables.
 * - A directory of certificates keeps libcurl from caching the parsed file (vtls/openssl.c),
 *   and parsing it costs more than the handshake; so the directory is set only when it is asked
 *   for.
 * - Redirects are followed by hand, a leg each, so that each has its own look-up and its own
 *   timings; libcurl would do the look-up itself.
 */
#include "probe/transfer.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "probe/route.h"
#include "probe/script.h"
#include "probe/tls.h"

/* Without a limit in the module. */
#define BODY_MAX_DEFAULT (10 * 1024 * 1024)

/* Expressions see this much of a body. */
#define BODY_KEPT_MAX (1024 * 1024)

#define HEADERS_MAX (256 * 1024)

/* libcurl's least, or nearly: many transfers at once, small answers. */
#define BUFFER_SIZE (16L * 1024)

/* Seconds; without it libcurl takes no connection that was idle for 118 s. */
#define IDLE_MAX 1000000L

/* curl_multi_poll() takes milliseconds in an int. */
#define WAIT_MAX 60.0

struct transfers {
	CURLM *multi;
};

struct transfer {
	const struct probe_config *probe;
	const struct view *view; /* NULL: from here */
	struct connections *connections;
	void *owner;
	CURL *easy;
	CURLSH *share; /* a cache of addresses of its own, for the one entry of `resolve` */
	struct curl_slist *resolve;
	CURLM *multi; /* while it is under way */
	struct leg_url first, url; /* of the run, of this leg */
	struct tls_client *tls; /* NULL: without */
	const char *method;
	CURLcode code;
	int socket; /* of the connection, when it is needed after the leg; negative: none */
	bool again; /* this leg goes over the connection of the one before */
	struct sockaddr_storage remote; /* the address tried last */
	socklen_t remote_length;
	int socket_error;
	double tls_began, ended; /* monotonic seconds; 0: not yet */
	struct text body;
	uint64_t body_bytes, header_bytes;
	bool capped;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool initialised;

static void init_once(void)
{
	/* Whoever can set our environment need not get the keys of our connections. */
	unsetenv("SSLKEYLOGFILE");
	initialised = !curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct transfers *transfers_new(void)
{
	struct transfers *transfers;
	CURLM *multi;

	pthread_once(&once, init_once);
	multi = initialised ? curl_multi_init() : NULL;
	if (!multi)
		return NULL;
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	transfers = memory_new(1, sizeof(*transfers));
	transfers->multi = multi;
	return transfers;
}

void transfers_free(struct transfers *transfers)
{
	if (!transfers)
		return;
	curl_multi_cleanup(transfers->multi);
	free(transfers);
}

void transfers_perform(struct transfers *transfers)
{
	int running;

	curl_multi_perform(transfers->multi, &running);
}

/* Whether there is more to do over the connection than libcurl does. */
static bool talks(const struct transfer *transfer)
{
	return transfer->url.tcp && script_is_needed(&transfer->probe->module->tcp);
}

/* Whether libcurl is not to close the connection at once: for that, or a second request. */
static bool keeps(const struct transfer *transfer)
{
	return transfer->url.tcp ? talks(transfer) : transfer->probe->reuse;
}

void transfer_stop(struct transfer *transfer)
{
	if (!transfer->multi)
		return;
	curl_multi_remove_handle(transfer->multi, transfer->easy);
	transfer->multi = NULL;
	connections_finish(transfer->connections, transfer, clock_monotonic());
}

/*
 * At the last moment: what CURLOPT_CONNECT_ONLY made is closed as it leaves the multi handle,
 * and no other connection can be asked for after that (multi.c, connect.c of 7.88.1). One that
 * the server does not keep is closed by now.
 */
static void keep_socket(struct transfer *transfer)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (transfer->code || !keeps(transfer))
		return;
	curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (fd == CURL_SOCKET_BAD)
		return;
	transfer->socket = fd;
	if (talks(transfer))
		transfer->socket =
			connections_duplicate(transfer->connections, fd, &transfer->socket);
	else
		connections_hand_over(transfer->connections, fd, &transfer->socket);
}

struct transfer *transfers_take(struct transfers *transfers)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(transfers->multi, &left))) {
		struct transfer *transfer;
		char *private;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		transfer = (struct transfer *)(void *)private;
		transfer->code = message->data.result;
		transfer->ended = clock_monotonic();
		keep_socket(transfer);
		transfer_stop(transfer);
		return transfer;
	}
	return NULL;
}

void transfers_wait(struct transfers *transfers, int fd, double seconds)
{
	struct curl_waitfd extra = { .fd = fd, .events = CURL_WAIT_POLLIN };
	double milliseconds = ceil(fmin(fmax(seconds, 0), WAIT_MAX) * 1e3);

	curl_multi_poll(transfers->multi, &extra, 1, (int)milliseconds, NULL);
}

void transfers_wake(struct transfers *transfers)
{
	curl_multi_wakeup(transfers->multi);
}

/*
 * With a cache of connections of its own, nobody else's request goes over one that is kept,
 * and it is closed no later than this.
 */
static void make_share(struct transfer *transfer)
{
	transfer->share = curl_share_init();
	if (!transfer->share)
		abort();
	curl_share_setopt(transfer->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	if (transfer->probe->reuse)
		curl_share_setopt(transfer->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
}

/* What is kept of a leg is not needed when another one follows. */
static void forget_socket(struct transfer *transfer)
{
	if (transfer->socket < 0)
		return;
	curl_easy_setopt(transfer->easy, CURLOPT_SHARE, NULL);
	curl_share_cleanup(transfer->share);
	make_share(transfer);
	transfer->socket = -1;
}

struct transfer *transfer_new(const struct probe_config *probe, const struct view *view,
			      struct connections *connections, void *owner)
{
	struct transfer *transfer = memory_new(1, sizeof(*transfer));

	transfer->probe = probe;
	transfer->view = view;
	transfer->connections = connections;
	transfer->owner = owner;
	transfer->method = probe->module->http.method ? probe->module->http.method : "GET";
	transfer->socket = -1;
	transfer->easy = curl_easy_init();
	if (!transfer->easy)
		abort();
	make_share(transfer);
	return transfer;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	transfer_stop(transfer);
	curl_easy_cleanup(transfer->easy);
	curl_share_cleanup(transfer->share);
	curl_slist_free_all(transfer->resolve);
	tls_client_free(transfer->tls);
	leg_url_deinit(&transfer->first);
	leg_url_deinit(&transfer->url);
	text_deinit(&transfer->body);
	free(transfer);
}

void *transfer_owner(const struct transfer *transfer)
{
	return transfer->owner;
}

/* RFC 9110, 15.4: "see other" means GET, and so do 301 and 302 for POST, by long custom. */
static void follow_method(struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if ((status == 303 && strcmp(transfer->method, "HEAD") != 0) ||
	    ((status == 301 || status == 302) && !strcmp(transfer->method, "POST")))
		transfer->method = "GET";
}

int transfer_aim(struct transfer *transfer, const char *text)
{
	const struct module_config *module = transfer->probe->module;
	int r;

	if (!transfer->first.text) {
		r = leg_url_parse(text, module->prober == PROBER_TCP, &transfer->first);
		if (r < 0)
			return r;
	} else {
		follow_method(transfer);
	}
	leg_url_deinit(&transfer->url);
	r = leg_url_parse(text, module->prober == PROBER_TCP, &transfer->url);
	if (r < 0)
		return r;
	return transfer->url.tcp == transfer->first.tcp ? 0 : -EINVAL;
}

const char *transfer_name(const struct transfer *transfer)
{
	return leg_url_name(&transfer->url);
}

bool transfer_is_tcp(const struct transfer *transfer)
{
	return transfer->url.tcp;
}

static bool uses_tls(const struct transfer *transfer)
{
	return !strcmp(transfer->url.scheme, "https") && !transfer->url.tcp;
}

static uint64_t body_max(const struct transfer *transfer)
{
	uint64_t limit = transfer->probe->module->http.body_size_limit;

	return limit ? limit : BODY_MAX_DEFAULT;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = size * count, room = BODY_KEPT_MAX - transfer->body.length;

	transfer->body_bytes += length;
	if (transfer->body_bytes > body_max(transfer)) {
		transfer->capped = true;
		return 0;
	}
	if (outcome_needs_body(transfer->probe->module))
		text_append(&transfer->body, data, length < room ? length : room);
	return length;
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = size * count;

	(void)data;
	transfer->header_bytes += length;
	transfer->capped |= transfer->header_bytes > HEADERS_MAX;
	return transfer->capped ? 0 : length;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose,
				 struct curl_sockaddr *address)
{
	struct transfer *transfer = context;
	int fd;

	(void)purpose;
	if (transfer->again || address->addrlen > sizeof(transfer->remote))
		return CURL_SOCKET_BAD;
	memcpy(&transfer->remote, &address->addr, address->addrlen);
	transfer->remote_length = address->addrlen;
	fd = connections_open(transfer->connections, transfer->view, &address->addr, transfer);
	if (fd < 0)
		transfer->socket_error = -fd;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int close_socket(void *context, curl_socket_t fd)
{
	connections_close(context, fd, clock_monotonic());
	return 0;
}

/* libcurl says when it connected only after the handshake, which may never end. */
static CURLcode furnish_tls(CURL *easy, void *ssl_context, void *context)
{
	struct transfer *transfer = context;

	(void)easy;
	transfer->tls_began = clock_monotonic();
	if (!transfer->tls)
		return CURLE_SSL_CERTPROBLEM;
	return tls_client_apply(transfer->tls, ssl_context) < 0 ? CURLE_SSL_CERTPROBLEM :
								  CURLE_OK;
}

/*
 * What libcurl refuses would be a mistake of ours: it is built as the head of this file says.
 */
#define SET(option, value)                                                           \
	do {                                                                         \
		CURLcode set_code = curl_easy_setopt(transfer->easy, option, value); \
		assert(set_code == CURLE_OK);                                        \
	} while (0)

static void set_connection(struct transfer *transfer, double timeout)
{
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_FRESH_CONNECT, transfer->again ? 0L : 1L);
	SET(CURLOPT_FORBID_REUSE, keeps(transfer) ? 0L : 1L);
	SET(CURLOPT_MAXAGE_CONN, IDLE_MAX);
	SET(CURLOPT_SHARE, transfer->share);
	SET(CURLOPT_RESOLVE, transfer->resolve);
	SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_BUFFERSIZE, BUFFER_SIZE);
	SET(CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_SIZE);
	SET(CURLOPT_TIMEOUT_MS, (long)fmax(1, ceil(timeout * 1e3)));
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, transfer);
	SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	SET(CURLOPT_CLOSESOCKETDATA, transfer->connections);
	SET(CURLOPT_PRIVATE, transfer);
	if (transfer->url.tcp)
		SET(CURLOPT_CONNECT_ONLY, 1L);
}

/* An empty body makes it a POST, unless what comes after says otherwise. */
static void set_method(struct transfer *transfer)
{
	const char *method = transfer->method;
	bool post = !strcmp(method, "POST"), head = !strcmp(method, "HEAD");
	bool other = !post && !head && strcmp(method, "GET") != 0;

	SET(CURLOPT_POSTFIELDS, "");
	SET(CURLOPT_HTTPGET, post ? 0L : 1L);
	SET(CURLOPT_NOBODY, head ? 1L : 0L);
	SET(CURLOPT_CUSTOMREQUEST, other ? method : NULL);
}

static void set_credentials(struct transfer *transfer)
{
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	if (!leg_url_same_server(&transfer->first, &transfer->url))
		return;
	SET(CURLOPT_USERNAME, transfer->first.user);
	SET(CURLOPT_PASSWORD, transfer->first.password);
}

static void set_http(struct transfer *transfer)
{
	SET(CURLOPT_URL, transfer->url.text);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_FAILONERROR, 0L);
	SET(CURLOPT_USERAGENT, "outbound_exporter");
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, transfer);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, transfer);
	set_method(transfer);
	set_credentials(transfer);
}

static void set_tls(struct transfer *transfer)
{
	CLEANUP(error_deinit) struct error err = { 0 };

	tls_client_free(transfer->tls);
	transfer->tls = NULL;
	if (uses_tls(transfer))
		transfer->tls = tls_client_new(&transfer->probe->module->http.tls,
					       transfer->url.host, &err);
	SET(CURLOPT_SSL_VERIFYPEER, 0L);
	SET(CURLOPT_SSL_VERIFYHOST, 0L);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(CURLOPT_SSL_CTX_FUNCTION, furnish_tls);
	SET(CURLOPT_SSL_CTX_DATA, transfer);
}

/* host:port:address,address; libcurl's cache of addresses is not asked for anything else. */
static void set_addresses(struct transfer *transfer, const char *addresses)
{
	CLEANUP(text_deinit) struct text entry = { 0 };

	curl_slist_free_all(transfer->resolve);
	transfer->resolve = NULL;
	if (!addresses)
		return;
	text_printf(&entry, "%s:%s:", transfer->url.host, transfer->url.port);
	route_filter(transfer->view, addresses, &entry);
	transfer->resolve = curl_slist_append(NULL, text_string(&entry));
	if (!transfer->resolve)
		abort();
}

static void start(struct transfer *transfer, struct transfers *transfers, double timeout)
{
	CURLMcode code;

	assert(!transfer->multi);
	curl_easy_reset(transfer->easy);
	transfer->socket_error = 0;
	transfer->tls_began = 0;
	transfer->remote_length = 0;
	transfer->body_bytes = transfer->header_bytes = 0;
	transfer->capped = false;
	text_clear(&transfer->body);
	set_connection(transfer, timeout);
	set_http(transfer);
	set_tls(transfer);
	code = curl_multi_add_handle(transfers->multi, transfer->easy);
	assert(code == CURLM_OK);
	transfer->multi = transfers->multi;
}

void transfer_start(struct transfer *transfer, struct transfers *transfers,
		    const char *addresses, double timeout)
{
	forget_socket(transfer);
	set_addresses(transfer, addresses ? addresses : leg_url_addresses(&transfer->url));
	start(transfer, transfers, timeout);
}

void transfer_start_again(struct transfer *transfer, struct transfers *transfers,
			  double timeout, void *owner)
{
	assert(transfer->socket >= 0);
	transfer->owner = owner;
	transfer->again = true;
	start(transfer, transfers, timeout);
}

bool transfer_is_again(const struct transfer *transfer)
{
	return transfer->again;
}

int transfer_socket(const struct transfer *transfer)
{
	return transfer->socket;
}

const char *transfer_host(const struct transfer *transfer)
{
	return transfer->url.host;
}

void transfer_measure(const struct transfer *transfer, struct leg *ret_leg)
{
	leg_measure(transfer->easy, (int)transfer->code, ret_leg);
	if (transfer->url.tcp && ret_leg->connected > 0)
		ret_leg->total = ret_leg->connected; /* libcurl needs some time to notice */
	ret_leg->tls = uses_tls(transfer);
	ret_leg->tls_expiry = NAN;
	if (transfer->tls)
		ret_leg->tls_expiry = tls_client_earliest_expiry(transfer->tls);
	if (transfer->tls_began > 0 && ret_leg->connected <= 0)
		ret_leg->connected =
			fmax(ret_leg->name_lookup,
			     ret_leg->total - (transfer->ended - transfer->tls_began));
	if (transfer->capped)
		ret_leg->end = LEG_CAPPED;
	if (transfer->socket_error)
		ret_leg->os_error = transfer->socket_error;
	if (ret_leg->os_error == EADDRNOTAVAIL)
		ret_leg->no_source = !route_exists(transfer->view,
						   (const struct sockaddr *)&transfer->remote,
						   transfer->remote_length);
}

const char *transfer_redirect(const struct transfer *transfer)
{
	char *url = NULL;

	if (!transfer->probe->module->http.follow_redirects || transfer->code)
		return NULL;
	curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &url);
	return url;
}

struct bytes transfer_body(const struct transfer *transfer)
{
	return (struct bytes){ text_string(&transfer->body), transfer->body.length };
}
