/*
 * A wait has two owners: the request, which ends when its answer is sent, and whoever has to
 * finish it, who may come at any time, even when the server is gone. Each gives it back once;
 * with the last of them it goes, and the line with its last wait.
 *
 * Who is in line may be finished by any thread at once, hence is suspended before the lock is
 * given back; and is resumed under the lock, so that http_wait_line_stop() leaves nobody behind
 * who still holds on to the connection.
 */
#include "expose/http_wait.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

static const char stopping[] = "the exporter is stopping";

struct http_wait {
	struct http_wait_line *line;
	struct http_wait *before, *after; /* in line */
	void *connection;
	bool in_line;
	unsigned owners;
	struct http_wait_answer answer; /* once it is out of line */
};

struct http_wait_line {
	pthread_mutex_t lock;
	void (*suspend)(void *connection), (*resume)(void *connection);
	struct http_wait *first;
	size_t length, max;
	const char *full;
	size_t references; /* of the server, and of each wait */
	bool stopped;
};

struct http_wait_line *http_wait_line_new(size_t max, const char *full,
					  void (*suspend)(void *connection),
					  void (*resume)(void *connection))
{
	struct http_wait_line *line = memory_new(1, sizeof(*line));

	pthread_mutex_init(&line->lock, NULL);
	line->suspend = suspend;
	line->resume = resume;
	line->max = max;
	line->full = full;
	line->references = 1;
	return line;
}

/* Gives the lock back, and a reference. */
static void unlock_and_release(struct http_wait_line *line)
{
	size_t left = --line->references;

	pthread_mutex_unlock(&line->lock);
	if (left)
		return;
	pthread_mutex_destroy(&line->lock);
	free(line);
}

void http_wait_line_release(struct http_wait_line *line)
{
	if (!line)
		return;
	pthread_mutex_lock(&line->lock);
	unlock_and_release(line);
}

static void enter(struct http_wait_line *line, struct http_wait *wait)
{
	wait->in_line = true;
	wait->after = line->first;
	if (line->first)
		line->first->before = wait;
	line->first = wait;
	line->length++;
}

static void leave(struct http_wait_line *line, struct http_wait *wait)
{
	if (wait->before)
		wait->before->after = wait->after;
	else
		line->first = wait->after;
	if (wait->after)
		wait->after->before = wait->before;
	wait->in_line = false;
	line->length--;
}

const char *http_wait_begin(struct http_wait_line *line, void *connection,
			    struct http_wait **ret_wait)
{
	const char *refusal = NULL;
	struct http_wait *wait;

	pthread_mutex_lock(&line->lock);
	if (line->stopped) {
		refusal = stopping;
	} else if (line->length >= line->max) {
		refusal = line->full;
	} else {
		wait = memory_new(1, sizeof(*wait));
		*wait = (struct http_wait){ .line = line,
					    .connection = connection,
					    .owners = 2 };
		line->references++;
		line->suspend(connection);
		enter(line, wait);
		*ret_wait = wait;
	}
	pthread_mutex_unlock(&line->lock);
	return refusal;
}

/* With the lock. */
static void answer(struct http_wait *wait, unsigned status, const char *content_type,
		   const char *text)
{
	struct text *into = &wait->answer.text;

	leave(wait->line, wait);
	wait->answer.status = status;
	wait->answer.content_type = content_type;
	text_append_string(into, text);
	if (!into->length || into->data[into->length - 1] != '\n')
		text_append_char(into, '\n');
	wait->line->resume(wait->connection);
}

/* With the lock, which it gives back. */
static void unlock_and_disown(struct http_wait *wait)
{
	struct http_wait_line *line = wait->line;

	assert(wait->owners);
	if (--wait->owners) {
		pthread_mutex_unlock(&line->lock);
		return;
	}
	text_deinit(&wait->answer.text);
	free(wait);
	unlock_and_release(line);
}

void http_wait_finish(struct http_wait *wait, unsigned status, const char *content_type,
		      const char *text)
{
	pthread_mutex_lock(&wait->line->lock);
	if (wait->in_line)
		answer(wait, status, content_type, text);
	unlock_and_disown(wait);
}

void http_wait_release(struct http_wait *wait)
{
	if (!wait)
		return;
	pthread_mutex_lock(&wait->line->lock);
	assert(!wait->in_line);
	unlock_and_disown(wait);
}

struct http_wait_answer http_wait_take(struct http_wait *wait)
{
	struct http_wait_answer taken;

	pthread_mutex_lock(&wait->line->lock);
	assert(!wait->in_line);
	taken = wait->answer;
	wait->answer.text = (struct text){ 0 };
	pthread_mutex_unlock(&wait->line->lock);
	return taken;
}

void http_wait_line_stop(struct http_wait_line *line)
{
	pthread_mutex_lock(&line->lock);
	line->stopped = true;
	while (line->first)
		answer(line->first, 503, NULL, stopping);
	pthread_mutex_unlock(&line->lock);
}
