/* The server as it is, on a free port, with a board and reloads that the tests steer. */
#pragma once

#include <pthread.h>

#include "base/clock.h"
#include "expose/http.h"
#include "test.h"

static struct board *board;
static struct http *http;
static double allowed_age;

/* The newest reload that waits, and whether the callback answers by itself. */
static struct http_reload *waiting;
static const char *reload_message;
static enum { REPLY_AT_ONCE, REPLY_LATER } reload_mode;
static pthread_mutex_t reload_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t reload_arrived = PTHREAD_COND_INITIALIZER;
static unsigned reload_count;

static inline double stale_after(void *context)
{
	CHECK(context == &allowed_age);
	return allowed_age;
}

static inline void reload(void *context, struct http_reload *asked)
{
	bool at_once;

	(void)context;
	pthread_mutex_lock(&reload_lock);
	waiting = asked;
	reload_count++;
	at_once = reload_mode == REPLY_AT_ONCE;
	pthread_cond_signal(&reload_arrived);
	pthread_mutex_unlock(&reload_lock);
	if (at_once)
		http_reload_finish(asked, reload_message);
}

static inline struct http_reload *wait_reload(unsigned count)
{
	pthread_mutex_lock(&reload_lock);
	while (reload_count < count)
		pthread_cond_wait(&reload_arrived, &reload_lock);
	pthread_mutex_unlock(&reload_lock);
	return waiting;
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
				      .context = &allowed_age };

	return http_start(&config, board, &http, err);
}

static inline void set_up(size_t page_size)
{
	static const char *const addresses[] = { "127.0.0.1:0" };
	CLEANUP(error_deinit) struct error err = { 0 };

	board = board_new();
	allowed_age = 100;
	reload_mode = REPLY_AT_ONCE;
	reload_message = NULL;
	reload_count = 0;
	publish(page_size, 0);
	CHECK_EQ_INT(start(addresses, 1, true, &err), 0);
	CHECK_EQ_STR(error_string(&err), "");
}

static inline void tear_down(void)
{
	http_stop(http);
	board_free(board);
}
