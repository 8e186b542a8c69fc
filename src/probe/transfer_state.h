/* What a transfer is, for the files that make it up: transfer*.c and handle.c. */
#pragma once

#include <string.h>
#include <sys/socket.h>

#include "probe/request.h"
#include "probe/script.h"
#include "probe/tls.h"
#include "probe/transfer.h"
#include "probe/turn.h"

struct curl_slist;

struct transfer {
	const struct probe_config *probe;
	struct view *view; /* NULL: from here */
	struct connections *connections;
	void *owner;
	/* Of handle.c; libcurl's: */
	void *easy, *share;
	struct curl_slist *resolve, *headers, *proxy_headers;
	struct transfers *transfers; /* while it is under way */
	bool has_begun; /* with libcurl */
	struct leg_url first, url; /* of the run, of this leg */
	struct leg_url proxy; /* all zeroes: none */
	const char *method;
	bool drops_body;
	struct request request, connect; /* the server's; headers for a proxy */
	struct tls_client *tls, *proxy_tls; /* NULL: without */
	struct text addresses; /* to be connected to; empty: libcurl sees the address */
	struct error err; /* why it could not begin */
	int socket; /* of the connection, when it is needed after the leg; negative: none */
	bool again; /* this leg goes over the connection of the one before */
	/* How it went: */
	struct sockaddr_storage remote; /* the address tried last */
	socklen_t remote_length;
	int socket_error;
	bool opened; /* any socket, from the address that is wanted */
	unsigned handshakes; /* begun */
	struct turn turn; /* before there is a tunnel */
	double tls_began, ended; /* monotonic seconds; 0: not yet */
	char *message; /* libcurl's */
	bool connected, has_address;
	struct address address; /* that answered, else that was tried last */
	const char *location; /* where a redirect leads; NULL: it is none */
	struct answer answer;
	struct leg leg;
};

static inline const struct http_module *transfer_http(const struct transfer *transfer)
{
	return &transfer->probe->module->http;
}

static inline const struct address_choice *transfer_choice(const struct transfer *transfer)
{
	const struct module_config *module = transfer->probe->module;

	return module->prober == PROBER_TCP ? &module->tcp.address : &module->http.address;
}

/* Whether there is more to do over the connection than libcurl does. */
static inline bool transfer_talks(const struct transfer *transfer)
{
	return transfer->url.tcp && script_is_needed(&transfer->probe->module->tcp);
}

/* Whether libcurl is not to close the connection at once: for that, or a second request. */
static inline bool transfer_keeps(const struct transfer *transfer)
{
	return transfer->url.tcp ? transfer_talks(transfer) : transfer->probe->reuse;
}

/* Whom the connection goes to. */
static inline const struct leg_url *transfer_hop(const struct transfer *transfer)
{
	return transfer->proxy.host ? &transfer->proxy : &transfer->url;
}

static inline bool transfer_uses_tls(const struct transfer *transfer)
{
	return !strcmp(transfer->url.scheme, "https") && !transfer->url.tcp;
}
