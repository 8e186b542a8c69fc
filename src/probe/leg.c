/*
 * Codes are those of libcurl-errors(3). Its errno (CURLINFO_OS_ERRNO) is that of the last
 * socket call that failed, not necessarily of this failure: of the addresses of a name, one may
 * have been refused before the other was taken.
 */
#include "probe/leg.h"

#include <curl/curl.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"

void leg_url_deinit(struct leg_url *url)
{
	curl_free(url->text);
	curl_free(url->scheme);
	curl_free(url->host);
	curl_free(url->port);
	curl_free(url->user);
	curl_free(url->password);
	*url = (struct leg_url){ 0 };
}

static int set_scheme(CURLU *handle, struct leg_url *url)
{
	if (curl_url_get(handle, CURLUPART_SCHEME, &url->scheme, 0) ||
	    curl_url_get(handle, CURLUPART_PORT, &url->port, CURLU_DEFAULT_PORT))
		return -EINVAL;
	url->tcp |= !strcmp(url->scheme, "tcp");
	if (url->tcp)
		return curl_url_set(handle, CURLUPART_SCHEME, "http", 0) ||
				       curl_url_set(handle, CURLUPART_PORT, url->port, 0) ?
			       -EINVAL :
			       0;
	return !strcmp(url->scheme, "http") || !strcmp(url->scheme, "https") ? 0 : -EINVAL;
}

/* Where there is none, nothing is written. */
static void take_credentials(CURLU *handle, struct leg_url *url)
{
	(void)curl_url_get(handle, CURLUPART_USER, &url->user, CURLU_URLDECODE);
	(void)curl_url_get(handle, CURLUPART_PASSWORD, &url->password, CURLU_URLDECODE);
	(void)curl_url_set(handle, CURLUPART_USER, NULL, 0);
	(void)curl_url_set(handle, CURLUPART_PASSWORD, NULL, 0);
}

static int parse(CURLU *handle, const char *text, struct leg_url *url)
{
	int r;

	if (curl_url_set(handle, CURLUPART_URL, text,
			 CURLU_NON_SUPPORT_SCHEME | CURLU_ALLOW_SPACE | CURLU_URLENCODE))
		return -EINVAL;
	r = set_scheme(handle, url);
	if (r < 0)
		return r;
	take_credentials(handle, url);
	if (curl_url_get(handle, CURLUPART_HOST, &url->host, CURLU_PUNYCODE) ||
	    curl_url_get(handle, CURLUPART_URL, &url->text, CURLU_PUNYCODE))
		return -EINVAL;
	return 0;
}

int leg_url_parse(const char *text, bool tcp, struct leg_url *ret_url)
{
	struct leg_url url = { .tcp = tcp };
	CURLU *handle = curl_url();
	int r;

	if (!handle)
		abort();
	r = parse(handle, text, &url);
	curl_url_cleanup(handle);
	if (r < 0)
		leg_url_deinit(&url);
	else
		*ret_url = url;
	return r;
}

/* Go's default ports (net/http/transport.go); libcurl's is 1080 for most. */
static int parse_proxy(CURLU *handle, const char *text, struct leg_url *url)
{
	if (curl_url_set(handle, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) ||
	    curl_url_get(handle, CURLUPART_SCHEME, &url->scheme, 0))
		return -EINVAL;
	if (strcmp(url->scheme, "http") != 0 && strcmp(url->scheme, "https") != 0 &&
	    strcmp(url->scheme, "socks5") != 0 && strcmp(url->scheme, "socks5h") != 0)
		return -EINVAL;
	if (curl_url_get(handle, CURLUPART_PORT, &url->port, CURLU_DEFAULT_PORT) &&
	    (curl_url_set(handle, CURLUPART_PORT, "1080", 0) ||
	     curl_url_get(handle, CURLUPART_PORT, &url->port, 0)))
		return -EINVAL;
	take_credentials(handle, url);
	return curl_url_get(handle, CURLUPART_HOST, &url->host, CURLU_PUNYCODE) ? -EINVAL : 0;
}

int leg_url_parse_proxy(const char *text, struct leg_url *ret_url)
{
	struct leg_url url = { 0 };
	CURLU *handle = curl_url();
	int r;

	if (!handle)
		abort();
	r = parse_proxy(handle, text, &url);
	curl_url_cleanup(handle);
	if (r < 0)
		leg_url_deinit(&url);
	else
		*ret_url = url;
	return r;
}

bool leg_url_same_host(const struct leg_url *a, const struct leg_url *b)
{
	return !strcasecmp(a->host, b->host);
}

bool leg_url_same_server(const struct leg_url *a, const struct leg_url *b)
{
	return !strcasecmp(a->scheme, b->scheme) && leg_url_same_host(a, b) &&
	       !strcmp(a->port, b->port);
}

/* As libcurl has it (lib/hostip.c), which follows RFC 6761, 6.3. */
bool leg_is_localhost(const char *host)
{
	size_t length = strlen(host), tail = strlen(".localhost");

	return !strcasecmp(host, "localhost") ||
	       (length > tail && !strcasecmp(host + length - tail, ".localhost"));
}

const char *leg_url_name(const struct leg_url *url)
{
	struct address address;

	if (url->host[0] == '[' || !address_parse(url->host, &address) ||
	    leg_is_localhost(url->host))
		return NULL;
	return url->host;
}

const char *leg_url_addresses(const struct leg_url *url)
{
	return leg_is_localhost(url->host) ? "::1,127.0.0.1" : NULL;
}

static enum leg_end end_of(int code)
{
	switch (code) {
	case CURLE_OK:
		return LEG_COMPLETE;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return LEG_NO_ADDRESS;
	case CURLE_COULDNT_CONNECT:
		return LEG_NO_CONNECTION;
	case CURLE_OPERATION_TIMEDOUT:
		return LEG_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
		return LEG_NO_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return LEG_BAD_CERTIFICATE;
	case CURLE_SEND_ERROR:
		return LEG_SEND_FAILED;
	case CURLE_RECV_ERROR:
	case CURLE_SSL_SHUTDOWN_FAILED:
		return LEG_RECEIVE_FAILED;
	case CURLE_HTTP2: /* GOAWAY before the answer (should_close_session() in lib/http2.c) */
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return LEG_CUT_SHORT;
	case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, which is what garbage is */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_HTTP2_STREAM:
		return LEG_MALFORMED;
	case CURLE_OUT_OF_MEMORY: /* which it says of a line of 100 kB in a head */
		return LEG_CAPPED;
	case CURLE_PROXY:
		return LEG_PROXY;
	case CURLE_SSL_CERTPROBLEM:
		return LEG_CONFIG;
	case CURLE_ABORTED_BY_CALLBACK:
		return LEG_CANCELED;
	default:
		return LEG_BROKEN;
	}
}

static double get_time(CURL *easy, CURLINFO info)
{
	curl_off_t microseconds = 0;

	curl_easy_getinfo(easy, info, &microseconds);
	return (double)microseconds / 1e6;
}

static long get_long(CURL *easy, CURLINFO info)
{
	long value = 0;

	curl_easy_getinfo(easy, info, &value);
	return value;
}

static double http_version(CURL *easy)
{
	switch (get_long(easy, CURLINFO_HTTP_VERSION)) {
	case CURL_HTTP_VERSION_1_0:
		return 1.0;
	case CURL_HTTP_VERSION_1_1:
		return 1.1;
	case CURL_HTTP_VERSION_2_0:
		return 2;
	default:
		return 0;
	}
}

/* -1: not said. What can have no body has a length of 0 to Go (net/http/transfer.go). */
static double content_length(CURL *easy, long status)
{
	curl_off_t length = -1;

	curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return length < 0 && (status == 204 || status == 304) ? 0 : (double)length;
}

static void measure_answer(CURL *easy, struct leg *leg)
{
	long status = get_long(easy, CURLINFO_RESPONSE_CODE);
	curl_off_t modified = -1;

	leg->last_modified = NAN;
	if (!status)
		return;
	curl_easy_getinfo(easy, CURLINFO_FILETIME_T, &modified);
	if (modified >= 0)
		leg->last_modified = (double)modified;
	leg->http_status = (unsigned)status;
	leg->http_version = http_version(easy);
	leg->content_length = content_length(easy, status);
}

void leg_measure(void *easy, int code, struct leg *ret_leg)
{
	*ret_leg = (struct leg){
		.end = end_of(code),
		.os_error = (int)get_long(easy, CURLINFO_OS_ERRNO),
		.verify_result = get_long(easy, CURLINFO_SSL_VERIFYRESULT),
		.name_lookup = get_time(easy, CURLINFO_NAMELOOKUP_TIME_T),
		.connected = get_time(easy, CURLINFO_CONNECT_TIME_T),
		.tls_done = get_time(easy, CURLINFO_APPCONNECT_TIME_T),
		.first_byte = get_time(easy, CURLINFO_STARTTRANSFER_TIME_T),
		.total = get_time(easy, CURLINFO_TOTAL_TIME_T),
	};
	measure_answer(easy, ret_leg);
}
