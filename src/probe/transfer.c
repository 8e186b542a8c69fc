/*
 * A redirect is a leg of its own, with its own look-up and its own timings. Cookies stay in the
 * handle from leg to leg, as in a browser.
 *
 * An alert that a server sends because it wants another certificate comes after the handshake
 * of TLS 1.3 is done (RFC 8446, 4.4.2.4), in place of an answer.
 */
#include "probe/transfer.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/memory.h"
#include "probe/handle.h"
#include "probe/pin.h"
#include "probe/proxy.h"
#include "probe/route.h"
#include "probe/transfer_state.h"
#include "probe/view.h"

/* Without a limit in the module. */
#define BODY_MAX_DEFAULT (10 * 1024 * 1024)

static bool takes_one_address(const struct transfer *transfer)
{
	return transfer->probe->one_address ||
	       transfer_choice(transfer)->preferred != IP_PROTOCOL_ANY;
}

struct transfer *transfer_new(const struct probe_config *probe, struct view *view,
			      struct connections *connections, void *owner)
{
	const struct http_module *http = &probe->module->http;
	struct transfer *transfer = memory_new(1, sizeof(*transfer));

	transfer->probe = probe;
	transfer->view = view_acquire(view);
	transfer->socket = -1;
	transfer->connections = connections;
	transfer->owner = owner;
	transfer->method = http->method ? http->method : "GET";
	transfer->answer.body_max = http->body_size_limit ? http->body_size_limit :
							    BODY_MAX_DEFAULT;
	transfer->answer.keeps_head = outcome_needs_head(probe->module);
	transfer->answer.keeps_body = outcome_needs_body(probe->module);
	handle_init(transfer);
	return transfer;
}

void transfer_stop(struct transfer *transfer)
{
	if (!transfer->transfers)
		return;
	if (transfer->has_begun)
		transfers_remove(transfer->transfers, transfer->easy);
	else
		transfers_remove_ended(transfer->transfers, transfer);
	transfer->transfers = NULL;
	connections_finish(transfer->connections, transfer, clock_monotonic());
}

/* What one leg needs. */
static void forget_leg(struct transfer *transfer)
{
	handle_reset(transfer);
	request_deinit(&transfer->request);
	request_deinit(&transfer->connect);
	tls_client_free(transfer->tls);
	tls_client_free(transfer->proxy_tls);
	transfer->tls = transfer->proxy_tls = NULL;
	answer_clear(&transfer->answer);
	transfer->remote_length = 0;
	transfer->socket_error = 0;
	transfer->opened = false;
	transfer->handshakes = 0;
	transfer->tls_began = transfer->ended = 0;
	transfer->has_address = transfer->connected = false;
	transfer->location = NULL;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	transfer_stop(transfer);
	forget_leg(transfer);
	handle_deinit(transfer);
	leg_url_deinit(&transfer->first);
	leg_url_deinit(&transfer->url);
	leg_url_deinit(&transfer->proxy);
	text_deinit(&transfer->addresses);
	error_deinit(&transfer->err);
	answer_deinit(&transfer->answer);
	view_release(transfer->view);
	free(transfer);
}

void *transfer_owner(const struct transfer *transfer)
{
	return transfer->owner;
}

/* RFC 9110, 15.4: "see other" means GET, and so do 301 and 302 for POST, by long custom. */
static void follow_method(struct transfer *transfer)
{
	unsigned status = transfer->answer.status;

	if ((status == 303 && strcmp(transfer->method, "HEAD") != 0) ||
	    ((status == 301 || status == 302) && !strcmp(transfer->method, "POST"))) {
		transfer->method = "GET";
		transfer->drops_body = true;
	}
}

static void aim_at_proxy(struct transfer *transfer)
{
	CLEANUP(text_deinit) struct text url = { 0 };

	leg_url_deinit(&transfer->proxy);
	if (transfer->url.tcp || !proxy_choose(transfer_http(transfer), transfer->url.scheme,
					       transfer->url.host, transfer->url.port, &url))
		return;
	if (leg_url_parse_proxy(text_string(&url), &transfer->proxy) < 0)
		error_set(&transfer->err, -EINVAL, "the URL of the proxy is not valid");
}

int transfer_aim(struct transfer *transfer, const char *text)
{
	bool tcp = transfer->probe->module->prober == PROBER_TCP;
	int r;

	if (!transfer->first.text) {
		r = leg_url_parse(text, tcp, &transfer->first);
		if (r < 0)
			return r;
	} else {
		follow_method(transfer);
	}
	leg_url_deinit(&transfer->url);
	r = leg_url_parse(text, tcp, &transfer->url);
	if (r < 0)
		return r;
	aim_at_proxy(transfer);
	return transfer->url.tcp == transfer->first.tcp ? 0 : -EINVAL;
}

const char *transfer_name(const struct transfer *transfer)
{
	CLEANUP(text_deinit) struct text pinned = { 0 };
	const struct leg_url *hop = transfer_hop(transfer);

	if (transfer->err.text.length)
		return NULL;
	if (pin_find(&transfer->probe->resolve, hop->host, hop->port, &pinned))
		return NULL;
	/* Which of the two it has is to be known where one of them is taken. */
	if (takes_one_address(transfer) && leg_is_localhost(hop->host))
		return hop->host;
	return leg_url_name(hop);
}

bool transfer_is_tcp(const struct transfer *transfer)
{
	return transfer->url.tcp;
}

static int prepare_request(struct transfer *transfer)
{
	const struct http_module *http = transfer_http(transfer);
	const struct request_aim aim = {
		.method = transfer->method,
		.drops_body = transfer->drops_body,
		.is_own_server = leg_url_same_server(&transfer->first, &transfer->url),
		.user = transfer->first.user,
		.password = transfer->first.password,
	};
	int r = request_build(transfer->probe, &aim, &transfer->request, &transfer->err);

	if (r || !transfer->proxy.host || !transfer_uses_tls(transfer))
		return r;
	return request_build_lines(http->proxy_connect_headers,
				   http->proxy_connect_header_count, &transfer->connect,
				   &transfer->err);
}

/* Appends a host without brackets and port. */
static void append_host(const char *host, struct text *into)
{
	bool brackets = host[0] == '[';
	const char *end = strchr(host, brackets ? ']' : ':');

	host += brackets;
	if (!end || (!brackets && strchr(end + 1, ':')))
		text_append_string(into, host);
	else
		text_append(into, host, (size_t)(end - host));
}

/* Who it is, and who we are, is said to the probe's own host only. */
static struct tls_config config_of_others(const struct tls_config *own)
{
	struct tls_config config = *own;

	config.server_name = NULL;
	config.cert = config.cert_file = NULL;
	config.key = config.key_file = NULL;
	return config;
}

/* Elsewhere than at the probe's own host, the server is called as the URL has it. */
static int prepare_tls(struct transfer *transfer)
{
	const struct tls_config *own = &transfer_http(transfer)->tls;
	const struct tls_config others = config_of_others(own);
	const char *host = request_host(transfer->probe);
	bool is_own = leg_url_same_host(&transfer->first, &transfer->url);
	CLEANUP(text_deinit) struct text name = { 0 };

	append_host(is_own && host ? host : transfer->url.host, &name);
	if (transfer_uses_tls(transfer)) {
		transfer->tls = tls_client_new(is_own ? own : &others, text_string(&name),
					       &transfer->err);
		if (!transfer->tls)
			return -EINVAL;
	}
	if (!transfer->proxy.host || strcmp(transfer->proxy.scheme, "https") != 0)
		return 0;
	transfer->proxy_tls = tls_client_new(&others, transfer->proxy.host, &transfer->err);
	return transfer->proxy_tls ? 0 : -EINVAL;
}

/* The addresses that may be connected to. False: libcurl reads them from the URL itself. */
static bool known_addresses(const struct transfer *transfer, const char *looked_up,
			    struct text *into)
{
	const struct leg_url *hop = transfer_hop(transfer);
	const char *own = looked_up ? looked_up : leg_url_addresses(hop);

	if (pin_find(&transfer->probe->resolve, hop->host, hop->port, into))
		return true;
	if (own)
		text_append_string(into, own);
	else
		append_host(hop->host, into);
	return own != NULL;
}

/* False: there is none of the family that is wanted. */
static bool choose_addresses(struct transfer *transfer, const char *looked_up)
{
	const struct address_choice *choice = transfer_choice(transfer);
	CLEANUP(text_deinit) struct text known = { 0 };
	bool is_named = known_addresses(transfer, looked_up, &known), found = true;

	if (takes_one_address(transfer))
		found = route_choose(text_string(&known), choice->preferred,
				     choice->fallback || choice->preferred == IP_PROTOCOL_ANY,
				     &transfer->addresses);
	else
		route_filter(transfer->view, text_string(&known), &transfer->addresses);
	if (!is_named)
		text_clear(&transfer->addresses);
	return found;
}

/* LEG_COMPLETE: it can begin. */
static enum leg_end prepare(struct transfer *transfer, const char *addresses)
{
	if (transfer->err.text.length)
		return LEG_CONFIG;
	if (!transfer->url.tcp && (prepare_request(transfer) < 0 || prepare_tls(transfer) < 0))
		return LEG_CONFIG;
	if (transfer->again)
		return LEG_COMPLETE;
	return choose_addresses(transfer, addresses) ? LEG_COMPLETE : LEG_NO_FAMILY;
}

/*
 * What is kept of a leg is not needed when another one follows. It is libcurl's to close, which
 * takes no connection that has ended for the second request.
 */
static void forget_socket(struct transfer *transfer)
{
	if (transfer->socket >= 0)
		shutdown(transfer->socket, SHUT_RDWR);
	transfer->socket = -1;
}

static void start(struct transfer *transfer, struct transfers *transfers, const char *addresses,
		  double timeout)
{
	enum leg_end end;

	assert(!transfer->transfers);
	forget_leg(transfer);
	transfer->transfers = transfers;
	end = prepare(transfer, addresses);
	transfer->has_begun = end == LEG_COMPLETE;
	if (!transfer->has_begun) {
		transfer->leg = (struct leg){ .end = end, .last_modified = NAN };
		transfers_add_ended(transfers, transfer);
		return;
	}
	handle_set(transfer, timeout);
	transfers_add(transfers, transfer->easy);
}

void transfer_start(struct transfer *transfer, struct transfers *transfers,
		    const char *addresses, double timeout)
{
	forget_socket(transfer);
	text_clear(&transfer->addresses);
	start(transfer, transfers, addresses, timeout);
}

void transfer_start_again(struct transfer *transfer, struct transfers *transfers,
			  double timeout, void *owner)
{
	assert(transfer->socket >= 0);
	transfer->owner = owner;
	transfer->again = true;
	start(transfer, transfers, NULL, timeout);
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

static bool has_tunnel(const struct transfer *transfer)
{
	return transfer_uses_tls(transfer) || strncmp(transfer->proxy.scheme, "http", 4) != 0;
}

/* Of a transfer through a proxy: whether it was the proxy's fault. */
static void blame_proxy(const struct transfer *transfer, struct leg *leg)
{
	bool failed = leg->end != LEG_COMPLETE && leg->end != LEG_NO_ADDRESS &&
		      leg->end != LEG_NO_CONNECTION && leg->end != LEG_CONFIG &&
		      leg->end != LEG_BAD_CERTIFICATE && leg->end != LEG_TIMEOUT;
	bool tunnels = has_tunnel(transfer);

	leg->in_proxy = tunnels && transfer->tls_began <= 0 && transfer->connected;
	if ((leg->in_proxy && failed) ||
	    (!tunnels && (leg->http_status == 407 || leg->end == LEG_MALFORMED)))
		leg->end = LEG_PROXY;
}

/* libcurl knows the status once it saw the first line, and that may be all there is. */
static void forget_answer(struct leg *leg)
{
	leg->http_status = 0;
	leg->http_version = 0;
	leg->content_length = 0;
	leg->last_modified = NAN;
}

static bool was_refused(const struct transfer *transfer)
{
	return (transfer->tls && tls_client_was_refused(transfer->tls)) ||
	       (transfer->proxy_tls && tls_client_was_refused(transfer->proxy_tls));
}

static void measure(struct transfer *transfer, int code)
{
	struct leg *leg = &transfer->leg;

	handle_measure(transfer, code);
	if (!transfer->answer.head_ended)
		forget_answer(leg);
	if (transfer->url.tcp && leg->connected > 0)
		leg->total = leg->connected; /* libcurl needs some time to notice */
	leg->tls = transfer_uses_tls(transfer);
	if (transfer->tls_began > 0 && leg->connected <= 0)
		leg->connected = fmax(leg->name_lookup,
				      leg->total - (transfer->ended - transfer->tls_began));
	if (transfer->tls && !leg->verify_result)
		leg->verify_result = tls_client_verify_result(transfer->tls);
	if (leg->end == LEG_RECEIVE_FAILED && !leg->http_status && was_refused(transfer))
		leg->end = LEG_NO_TLS;
	if (transfer->answer.capped ||
	    (leg->end != LEG_COMPLETE && transfer->tls && tls_client_was_ended(transfer->tls)))
		leg->end = LEG_CAPPED;
	if (transfer->socket_error && !transfer->opened)
		leg->os_error = transfer->socket_error;
	if (leg->os_error == EADDRNOTAVAIL && !transfer->opened)
		leg->end = LEG_CONFIG; /* bind(2): the address to come from is not ours */
	if (leg->os_error == EADDRNOTAVAIL)
		leg->no_source = !route_exists(transfer->view,
					       (const struct sockaddr *)&transfer->remote,
					       transfer->remote_length);
	if (transfer->proxy.host)
		blame_proxy(transfer, leg);
}

/*
 * At the last moment: what CURLOPT_CONNECT_ONLY made is closed as it leaves the multi handle,
 * and no other connection can be asked for after that (multi.c, connect.c of 7.88.1). One that
 * the server does not keep is closed by now.
 */
static void keep_socket(struct transfer *transfer)
{
	int fd = transfer_keeps(transfer) ? handle_socket(transfer) : -1;

	if (fd < 0)
		return;
	transfer->socket = fd;
	if (transfer_talks(transfer))
		transfer->socket =
			connections_duplicate(transfer->connections, fd, &transfer->socket);
	else
		connections_hand_over(transfer->connections, fd, &transfer->socket);
}

void transfer_end(struct transfer *transfer, int code)
{
	struct answer *answer = &transfer->answer;

	transfer->ended = clock_monotonic();
	if (transfer->has_begun)
		measure(transfer, code);
	answer->status = transfer->leg.http_status;
	answer->version = transfer->leg.http_version;
	answer->is_tls = transfer->leg.tls;
	if (transfer->has_begun && !code)
		keep_socket(transfer);
	transfer_stop(transfer);
}

void transfer_measure(const struct transfer *transfer, struct leg *ret_leg)
{
	*ret_leg = transfer->leg;
}

const char *transfer_redirect(const struct transfer *transfer)
{
	return transfer_http(transfer)->follow_redirects ? transfer->location : NULL;
}

const struct answer *transfer_answer(const struct transfer *transfer)
{
	return &transfer->answer;
}
