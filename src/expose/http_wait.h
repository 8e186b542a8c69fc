/*
 * Requests that are answered later: they stand in a line, a bounded one for each kind, until
 * somebody finishes them. Thread-safe. Knows nothing of HTTP: whoever has the connections says
 * how one is suspended and resumed.
 */
#pragma once

#include "base/text.h"

/* One request that waits for its answer. */
struct http_wait;

/*
 * Answers the request. `content_type` is constant, NULL for plain text; `text` is copied, and
 * gets a newline at its end. To be called exactly once for each wait, from any thread, also
 * after http_stop(), which has then answered in its place.
 */
void http_wait_finish(struct http_wait *wait, unsigned status, const char *content_type,
		      const char *text);

/* What follows is for the server. */

struct http_wait_answer {
	unsigned status;
	const char *content_type; /* NULL: plain text */
	struct text text;
};

/* Those that wait for one kind of answer, at most `max`; outlives its last wait. */
struct http_wait_line;

/* `full` is what those who do not fit in are told; constant. */
struct http_wait_line *http_wait_line_new(size_t max, const char *full,
					  void (*suspend)(void *connection),
					  void (*resume)(void *connection));

/* Answers all with 503; nobody gets in line afterwards. Their connections are resumed. */
void http_wait_line_stop(struct http_wait_line *line);
void http_wait_line_release(struct http_wait_line *line); /* takes NULL */

/*
 * Suspends the connection and puts it in line: NULL; or why not, constant, for a 503. The
 * server releases *ret_wait when its request is over, besides whoever finishes it.
 */
const char *http_wait_begin(struct http_wait_line *line, void *connection,
			    struct http_wait **ret_wait) MUST_CHECK;
void http_wait_release(struct http_wait *wait); /* takes NULL */

/* The answer, when the connection has been resumed; its text is handed over. */
struct http_wait_answer http_wait_take(struct http_wait *wait);
