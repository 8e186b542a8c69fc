/*
 * Codes are those of libcurl-errors(3). Its errno (CURLINFO_OS_ERRNO) is that of the last
 * socket call that failed, not necessarily of this failure: of the addresses of a name, one may
 * have been refused before the other was taken.
 */
#include "probe/leg.h"

#include <curl/curl.h>
#include <errno.h>
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

	if (curl_url_set(handle, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME))
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

bool leg_url_same_server(const struct leg_url *a, const struct leg_url *b)
{
	return !strcasecmp(a->scheme, b->scheme) && !strcasecmp(a->host, b->host) &&
	       !strcmp(a->port, b->port);
}

/* As libcurl has it (lib/hostip.c), which follows RFC 6761, 6.3. */
static bool is_localhost(const char *host)
{
	size_t length = strlen(host), tail = strlen(".localhost");

	return !strcasecmp(host, "localhost") ||
	       (length > tail && !strcasecmp(host + length - tail, ".localhost"));
}

const char *leg_url_name(const struct leg_url *url)
{
	struct address address;

	if (url->host[0] == '[' || !address_parse(url->host, &address) ||
	    is_localhost(url->host))
		return NULL;
	return url->host;
}

const char *leg_url_addresses(const struct leg_url *url)
{
	return is_localhost(url->host) ? "::1,127.0.0.1" : NULL;
}

static enum leg_end end_of(int code)
{
	switch (code) {
	case CURLE_OK:
		return LEG_COMPLETE;
	case CURLE_COULDNT_RESOLVE_HOST:
		return LEG_NO_ADDRESS;
	case CURLE_COULDNT_CONNECT:
		return LEG_NO_CONNECTION;
	case CURLE_OPERATION_TIMEDOUT:
		return LEG_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CLIENTCERT:
		return LEG_NO_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return LEG_BAD_CERTIFICATE;
	case CURLE_SEND_ERROR:
		return LEG_SEND_FAILED;
	case CURLE_RECV_ERROR:
		return LEG_RECEIVE_FAILED;
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return LEG_CUT_SHORT;
	case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, which is what garbage is */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return LEG_MALFORMED;
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
		.http_status = (unsigned)get_long(easy, CURLINFO_RESPONSE_CODE),
	};
}
