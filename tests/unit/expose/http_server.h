/* The server as it is, on a free port; the tests steer its board, reloads and probes. */
#pragma once

#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "expose/http.h"
#include "test.h"

static struct board *board;
static struct http *http;
static double allowed_age;

enum { WAITS_MAX = 300 };

/* What waits for its answer, and whether the callback answers by itself. */
static struct http_wait *waiting[WAITS_MAX];
static enum { REPLY_AT_ONCE, REPLY_LATER } reply_mode;
static pthread_mutex_t wait_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wait_arrived = PTHREAD_COND_INITIALIZER;
static unsigned wait_count;

/* What the newest probe was asked for. */
static struct text asked;

static inline double stale_after(void *context)
{
	CHECK(context == &allowed_age);
	return allowed_age;
}

static inline void arrive(struct http_wait *wait, unsigned status, const char *text)
{
	bool at_once;

	pthread_mutex_lock(&wait_lock);
	CHECK(wait_count < WAITS_MAX);
	waiting[wait_count++] = wait;
	at_once = reply_mode == REPLY_AT_ONCE;
	pthread_cond_broadcast(&wait_arrived);
	pthread_mutex_unlock(&wait_lock);
	if (at_once)
		http_wait_finish(wait, status, NULL, text);
}

static inline void reload(void *context, struct http_wait *wait)
{
	CHECK(context == &allowed_age);
	arrive(wait, 200, "reloaded");
}

static inline void probe(void *context, struct http_wait *wait, const struct http_query *query,
			 int client)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);

	CHECK(context == &allowed_age);
	CHECK(!getpeername(client, (struct sockaddr *)&peer, &length));
	pthread_mutex_lock(&wait_lock);
	text_clear(&asked);
	text_printf(&asked, "target=%s module=%s hostname=%s debug=%d timeout=%g",
		    query->target ? query->target : "-", query->module ? query->module : "-",
		    query->hostname ? query->hostname : "-", query->debug,
		    query->scrape_timeout);
	pthread_mutex_unlock(&wait_lock);
	arrive(wait, 200, "probe_success 1\n");
}

/* Finishes what arrived as number `index`. */
static inline void finish(unsigned index, unsigned status, const char *type, const char *text)
{
	http_wait_finish(waiting[index], status, type, text);
	waiting[index] = NULL;
}

static inline struct http_wait *await(unsigned count)
{
	pthread_mutex_lock(&wait_lock);
	while (wait_count < count)
		pthread_cond_wait(&wait_arrived, &wait_lock);
	pthread_mutex_unlock(&wait_lock);
	return waiting[count - 1];
}

static inline void publish(size_t size, double age)
{
	struct text plain = { 0 }, openmetrics = { 0 };

	memset(text_reserve(&plain, size), 'x', size);
	plain.length = size;
	text_append_string(&openmetrics, "# EOF\n");
	board_publish(board, page_new(&plain, &openmetrics, clock_monotonic() - age));
}

static inline int start(const char *const *addresses, size_t count, bool lifecycle,
			struct error *err)
{
	struct http_config config = { .addresses = addresses,
				      .address_count = count,
				      .telemetry_path = "/metrics",
				      .enable_lifecycle = lifecycle,
				      .version = "1.2.3",
				      .stale_after = stale_after,
				      .reload = reload,
				      .probe = probe,
				      .context = &allowed_age };

	return http_start(&config, board, &http, err);
}

static inline void set_up(size_t page_size)
{
	static const char *const addresses[] = { "127.0.0.1:0" };
	CLEANUP(error_deinit) struct error err = { 0 };

	board = board_new();
	allowed_age = 100;
	reply_mode = REPLY_AT_ONCE;
	wait_count = 0;
	publish(page_size, 0);
	CHECK_EQ_INT(start(addresses, 1, true, &err), 0);
	CHECK_EQ_STR(error_string(&err), "");
}

static inline void tear_down(void)
{
	http_stop(http);
	for (unsigned i = 0; reply_mode == REPLY_LATER && i < wait_count; i++)
		if (waiting[i])
			http_wait_finish(waiting[i], 200, NULL, "too late");
	board_free(board);
	text_deinit(&asked);
}
