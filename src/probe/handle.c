/*
 * Traps that are set here on purpose to be stepped over:
 * - Without CURLOPT_QUICK_EXIT a transfer that times out in a lookup waits for the lookup's
 *   thread and blocks every other one. Names are looked up before they get here, so this is for
 *   the names that libcurl reads differently than we do.
 * - libcurl takes proxies and a TLS key log from the environment, and credentials from ~/.netrc
 *   only when asked to.
 * - TLS is furnished in tls.c; libcurl itself verifies nothing.
 * - libcurl follows redirects with a look-up of its own; so they are followed by hand.
 * - It reads what a proxy answers to CONNECT byte by byte, and as long as there are any: no
 *   time-out ends that, and nothing else is done meanwhile (recv_CONNECT_resp() in
 *   lib/http_proxy.c). It tells its progress after each byte, which is where we end it.
 */
#include "probe/handle.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "probe/transfer_state.h"

/* libcurl's least, or nearly: many transfers at once, small answers. */
#define BUFFER_SIZE (16L * 1024)

/* Seconds; without it libcurl takes no connection that was idle for 118 s. */
#define IDLE_MAX 1000000L

/*
 * A cache of addresses of its own, for the one entry of `resolve`; a jar for cookies, which
 * outlives handle_reset(); and connections, so that nobody else's request goes over one that is
 * kept, and it is closed no later than this.
 */
static void make_share(struct transfer *transfer)
{
	transfer->share = curl_share_init();
	if (!transfer->share)
		abort();
	curl_share_setopt(transfer->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	curl_share_setopt(transfer->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
	if (transfer->probe->reuse)
		curl_share_setopt(transfer->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
}

void handle_init(struct transfer *transfer)
{
	transfer->easy = curl_easy_init();
	transfer->message = memory_new(1, CURL_ERROR_SIZE);
	if (!transfer->easy)
		abort();
	make_share(transfer);
}

int handle_socket(const struct transfer *transfer)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd);
	return fd == CURL_SOCKET_BAD ? -1 : fd;
}

void handle_deinit(struct transfer *transfer)
{
	handle_reset(transfer);
	curl_easy_cleanup(transfer->easy);
	curl_share_cleanup(transfer->share);
	free(transfer->message);
}

static void free_list(struct curl_slist **list)
{
	curl_slist_free_all(*list);
	*list = NULL;
}

void handle_reset(struct transfer *transfer)
{
	/* Else it loses the memory of the list of files (libcurl 7.88). */
	curl_easy_setopt(transfer->easy, CURLOPT_COOKIEFILE, NULL);
	curl_easy_reset(transfer->easy);
	free_list(&transfer->resolve);
	free_list(&transfer->headers);
	free_list(&transfer->proxy_headers);
	transfer->message[0] = '\0';
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct bytes piece = { data, size * count };

	return answer_take_body(&transfer->answer, piece) ? piece.length : 0;
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct bytes line = { data, size * count };

	return answer_take_line(&transfer->answer, line) ? line.length : 0;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose,
				 struct curl_sockaddr *address)
{
	struct transfer *transfer = context;
	const char *text = transfer_choice(transfer)->source;
	struct address source;
	int fd;

	(void)purpose;
	if (transfer->again || address->addrlen > sizeof(transfer->remote))
		return CURL_SOCKET_BAD;
	memcpy(&transfer->remote, &address->addr, address->addrlen);
	transfer->remote_length = address->addrlen;
	fd = connections_open(transfer->connections, transfer->view, &address->addr,
			      text && !address_parse(text, &source) ? &source : NULL, transfer);
	if (fd < 0)
		transfer->socket_error = -fd;
	transfer->opened |= fd >= 0;
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
	bool is_proxy = transfer->proxy_tls && !transfer->handshakes++;
	struct tls_client *client = is_proxy ? transfer->proxy_tls : transfer->tls;

	(void)easy;
	if (!is_proxy)
		transfer->tls_began = clock_monotonic();
	if (!tls_client_apply(client, ssl_context))
		return CURLE_OK;
	error_set(&transfer->err, -EINVAL, "OpenSSL does not take the TLS configuration");
	return CURLE_SSL_CERTPROBLEM;
}

/*
 * What libcurl refuses would be a mistake of ours: it is built as the head of this file says.
 */
#define SET(option, value)                                                           \
	do {                                                                         \
		CURLcode set_code = curl_easy_setopt(transfer->easy, option, value); \
		assert(set_code == CURLE_OK);                                        \
	} while (0)

static void append(struct curl_slist **list, const char *string)
{
	struct curl_slist *longer = curl_slist_append(*list, string);

	if (!longer)
		abort();
	*list = longer;
}

/* host:port:address,address; libcurl's cache of addresses is not asked for anything else. */
static void set_addresses(struct transfer *transfer)
{
	CLEANUP(text_deinit) struct text entry = { 0 };
	const struct leg_url *hop = transfer_hop(transfer);

	if (!transfer->addresses.length)
		return;
	text_printf(&entry, "%s:%s:%s", hop->host, hop->port,
		    text_string(&transfer->addresses));
	append(&transfer->resolve, text_string(&entry));
	SET(CURLOPT_RESOLVE, transfer->resolve);
}

static void set_connection(struct transfer *transfer, double timeout)
{
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_FRESH_CONNECT, transfer->again ? 0L : 1L);
	SET(CURLOPT_FORBID_REUSE, transfer_keeps(transfer) ? 0L : 1L);
	SET(CURLOPT_MAXAGE_CONN, IDLE_MAX);
	SET(CURLOPT_SHARE, transfer->share);
	SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	SET(CURLOPT_BUFFERSIZE, BUFFER_SIZE);
	SET(CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_SIZE);
	SET(CURLOPT_TIMEOUT_MS, (long)fmax(1, ceil(timeout * 1e3)));
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, transfer);
	SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	SET(CURLOPT_CLOSESOCKETDATA, transfer->connections);
	SET(CURLOPT_PRIVATE, transfer);
	SET(CURLOPT_ERRORBUFFER, transfer->message);
	if (transfer->url.tcp)
		SET(CURLOPT_CONNECT_ONLY, 1L);
	set_addresses(transfer);
}

static int watch_tunnel(void *context, curl_off_t total, curl_off_t now,
			curl_off_t upload_total, curl_off_t upload_now)
{
	struct transfer *transfer = context;

	(void)total;
	(void)now;
	(void)upload_total;
	(void)upload_now;
	return transfer->tls_began <= 0 && turn_is_over(&transfer->turn, TURN_SHARE);
}

static void set_tunnel(struct transfer *transfer)
{
	SET(CURLOPT_XFERINFOFUNCTION, watch_tunnel);
	SET(CURLOPT_XFERINFODATA, transfer);
	SET(CURLOPT_NOPROGRESS, 0L);
}

static void set_proxy(struct transfer *transfer)
{
	CLEANUP(text_deinit) struct text url = { 0 };
	const struct leg_url *proxy = &transfer->proxy;

	SET(CURLOPT_NOPROXY, "");
	if (proxy->host) {
		bool socks = !strncmp(proxy->scheme, "socks", 5);

		text_printf(&url, "%s://%s:%s", socks ? "socks5h" : proxy->scheme, proxy->host,
			    proxy->port);
	}
	SET(CURLOPT_PROXY, text_string(&url));
	if (!proxy->host)
		return;
	SET(CURLOPT_PROXYUSERNAME, proxy->user);
	SET(CURLOPT_PROXYPASSWORD, proxy->password);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_PROXY_SSL_VERIFYPEER, 0L);
	SET(CURLOPT_PROXY_SSL_VERIFYHOST, 0L);
	SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	SET(CURLOPT_PROXYHEADER, transfer->proxy_headers);
	if (transfer_uses_tls(transfer))
		set_tunnel(transfer);
}

/* An empty body makes it a POST, unless what comes after says otherwise. */
static void set_method(struct transfer *transfer)
{
	const struct request *request = &transfer->request;
	const char *method = request->method;
	bool post = !strcmp(method, "POST"), head = !strcmp(method, "HEAD");

	SET(CURLOPT_HTTPGET, 1L);
	SET(CURLOPT_NOBODY, head ? 1L : 0L);
	if (request->body || post) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
		SET(CURLOPT_POSTFIELDS, request->body ? request->body : "");
	}
	if (head || (strcmp(method, request->body ? "POST" : "GET") != 0 && !post))
		SET(CURLOPT_CUSTOMREQUEST, method);
}

static void set_headers(struct transfer *transfer)
{
	const struct request *request = &transfer->request, *connect = &transfer->connect;

	for (size_t i = 0; i < request->line_count; i++)
		append(&transfer->headers, request->lines[i]);
	for (size_t i = 0; i < connect->line_count; i++)
		append(&transfer->proxy_headers, connect->lines[i]);
}

static void set_http(struct transfer *transfer)
{
	const struct request *request = &transfer->request;
	const char *coding = transfer_http(transfer)->compression;

	SET(CURLOPT_URL, transfer->url.text);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, transfer_http(transfer)->enable_http2 ?
					  (long)CURL_HTTP_VERSION_2TLS :
					  (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_FAILONERROR, 0L);
	SET(CURLOPT_FILETIME, 1L);
	SET(CURLOPT_COOKIEFILE, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_USERAGENT, "outbound_exporter");
	SET(CURLOPT_HTTPHEADER, transfer->headers);
	SET(CURLOPT_USERNAME, request->user);
	SET(CURLOPT_PASSWORD, request->password);
	if (coding && *coding && strcmp(coding, "identity") != 0)
		SET(CURLOPT_ACCEPT_ENCODING, coding);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, transfer);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, transfer);
	set_method(transfer);
}

static void set_tls(struct transfer *transfer)
{
	SET(CURLOPT_SSL_VERIFYPEER, 0L);
	SET(CURLOPT_SSL_VERIFYHOST, 0L);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(CURLOPT_SSL_CTX_FUNCTION, furnish_tls);
	SET(CURLOPT_SSL_CTX_DATA, transfer);
}

void handle_set(struct transfer *transfer, double timeout)
{
	set_connection(transfer, timeout);
	if (transfer->url.tcp) {
		SET(CURLOPT_URL, transfer->url.text);
		SET(CURLOPT_PROXY, "");
		return;
	}
	set_headers(transfer);
	set_http(transfer);
	set_proxy(transfer);
	set_tls(transfer);
}

/* Other answers with "Location" are none (RFC 9110, 15.4). */
static bool is_redirect(const struct leg *leg)
{
	unsigned status = leg->http_status;

	return leg->end == LEG_COMPLETE && (status == 301 || status == 302 || status == 303 ||
					    status == 307 || status == 308);
}

void handle_measure(struct transfer *transfer, int code)
{
	char *address = NULL, *location = NULL;
	struct endpoint tried;

	leg_measure(transfer->easy, code, &transfer->leg);
	if (code && !transfer->message[0])
		snprintf(transfer->message, CURL_ERROR_SIZE, "%s",
			 curl_easy_strerror((CURLcode)code));
	curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &address);
	if (is_redirect(&transfer->leg))
		curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &location);
	transfer->location = location;
	transfer->connected = address && !address_parse(address, &transfer->address);
	transfer->has_address = transfer->connected;
	if (transfer->has_address || !transfer->remote_length ||
	    endpoint_from_sockaddr((const struct sockaddr *)&transfer->remote, &tried) < 0)
		return;
	transfer->has_address = true;
	transfer->address = tried.address;
}
