/*
 * The thread and what it needs are made by the first question, for most people never ask any.
 * Its resolver is its own as well: names that somebody asks for and that hang take no thread
 * from those that are probed regularly.
 *
 * Whoever asks and goes away without the answer is not to be probed for. A client that closes
 * looks the same as one that only says that it asks no more (shutdown(2) of its sending side)
 * until something is sent to it, which must not be before the answer. Both are taken for gone,
 * as by Go's web server, hence by blackbox_exporter (net/http/server.go, backgroundRead()).
 */
#include "probe/inquiry.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "probe/runner.h"

/* Connections that are remembered: see connections.h. */
#define CLOSED_MAX 100000

struct asked {
	struct inquiry_question question; /* the strings are the probe's */
	struct config *config;
	struct probe_config probe;
	char *url, *hostname;
	double deadline; /* monotonic seconds */
	int client; /* a copy of the socket; negative: none */
	bool gone; /* the client */
	struct asked *next;
};

struct inquiry {
	pthread_mutex_t mutex; /* of the next two, and of starting */
	struct asked *first, *last; /* not taken up yet */
	bool running;
	atomic_bool stop;
	pthread_t thread;
	struct resolver *resolver;
	struct connections *connections;
	struct runner runner; /* of the thread alone */
};

struct inquiry *inquiry_new(void)
{
	struct inquiry *inquiry = memory_new(1, sizeof(*inquiry));

	pthread_mutex_init(&inquiry->mutex, NULL);
	inquiry->connections = connections_new(CLOSED_MAX);
	return inquiry;
}

/*
 * The copy must not keep the connection open when the web server closes it; nor is it enough to
 * close it to get it off the watch, since the web server has another one.
 */
static void release_client(struct inquiry *inquiry, struct asked *asked)
{
	if (asked->client < 0)
		return;
	watch_remove(&inquiry->runner.context.watch, asked->client);
	close(asked->client);
}

static void answer(struct inquiry *inquiry, struct asked *asked,
		   const struct probe_report *report)
{
	release_client(inquiry, asked);
	asked->question.answer(asked->question.context, report);
	config_free(asked->config);
	free(asked->url);
	free(asked->hostname);
	free(asked);
}

static struct asked *take(struct inquiry *inquiry)
{
	struct asked *asked;

	pthread_mutex_lock(&inquiry->mutex);
	asked = inquiry->first;
	if (asked)
		inquiry->first = asked->next;
	pthread_mutex_unlock(&inquiry->mutex);
	return asked;
}

static void begin(struct inquiry *inquiry, struct asked *asked)
{
	struct run *run = run_new(&inquiry->runner.context, &asked->probe, NULL, false,
				  clock_monotonic(), asked);

	run_set_deadline(run, asked->deadline);
	if (asked->client >= 0)
		watch_set_flag(&inquiry->runner.context.watch, asked->client, EPOLLRDHUP,
			       &asked->gone);
	runner_add(&inquiry->runner, run);
}

/* Who has hung up since. */
static void cancel_gone(struct inquiry *inquiry)
{
	for (size_t i = 0; i < inquiry->runner.count; i++) {
		struct run *run = inquiry->runner.runs[i];
		const struct asked *asked = run_owner(run);

		if (asked->gone)
			run_cancel(run);
	}
}

static void finish(struct inquiry *inquiry, struct run *run)
{
	struct asked *asked = run_owner(run);

	answer(inquiry, asked, run_report(run));
	run_free(run);
}

static void turn(struct inquiry *inquiry)
{
	struct asked *asked;
	struct run *run;

	while ((asked = take(inquiry)))
		begin(inquiry, asked);
	runner_turn(&inquiry->runner);
	cancel_gone(inquiry);
	while ((run = runner_take(&inquiry->runner)))
		finish(inquiry, run);
	runner_wait(&inquiry->runner, INFINITY);
}

static void *inquiry_thread(void *argument)
{
	struct inquiry *inquiry = argument;

	while (!atomic_load(&inquiry->stop))
		turn(inquiry);
	return NULL;
}

/* With the mutex held. */
static int start(struct inquiry *inquiry)
{
	int r;

	if (inquiry->running)
		return 0;
	if (!inquiry->resolver)
		inquiry->resolver = resolver_new();
	if (!inquiry->resolver)
		return -errno;
	r = runner_init(&inquiry->runner, inquiry->resolver, inquiry->connections);
	if (r < 0)
		return r;
	r = thread_start(&inquiry->thread, inquiry_thread, inquiry);
	if (r < 0)
		runner_deinit(&inquiry->runner);
	inquiry->running = !r;
	return r;
}

/* blackbox_exporter's targets have no scheme, unless they are of HTTP and want to. */
static char *make_url(const struct inquiry_question *question)
{
	const char *target = question->target;
	bool is_tcp = question->module->prober == PROBER_TCP;
	struct text url = { 0 };

	if (is_tcp && strncmp(target, "tcp://", 6) != 0)
		text_append_string(&url, "tcp://");
	else if (!is_tcp && strncmp(target, "http://", 7) != 0 &&
		 strncmp(target, "https://", 8) != 0)
		text_append_string(&url, "http://");
	text_append_string(&url, target);
	return text_release(&url);
}

static struct asked *asked_new(struct config *config, const struct inquiry_question *question)
{
	struct asked *asked = memory_new(1, sizeof(*asked));

	asked->question = *question;
	asked->config = config_acquire(config);
	asked->deadline = clock_monotonic() + question->timeout;
	asked->client = question->client < 0 ? -1 : fcntl(question->client, F_DUPFD_CLOEXEC, 0);
	asked->url = make_url(question);
	asked->hostname = question->hostname ? memory_copy_string(question->hostname) : NULL;
	asked->probe = (struct probe_config){
		.url = asked->url,
		.interval = question->timeout,
		.timeout = question->timeout,
		.module = question->module,
		.from_host = true,
		.hostname = asked->hostname,
		.one_address = true,
		.wants_log = question->wants_log,
	};
	return asked;
}

static void push(struct inquiry *inquiry, struct asked *asked)
{
	if (inquiry->first)
		inquiry->last->next = asked;
	else
		inquiry->first = asked;
	inquiry->last = asked;
}

int inquiry_ask(struct inquiry *inquiry, struct config *config,
		const struct inquiry_question *question, struct error *err)
{
	int r;

	assert(question->timeout > 0);
	pthread_mutex_lock(&inquiry->mutex);
	r = start(inquiry);
	if (!r)
		push(inquiry, asked_new(config, question));
	pthread_mutex_unlock(&inquiry->mutex);
	if (r < 0)
		return error_set(err, r, "no probe can be made: %s", strerror(-r));
	runner_wake(&inquiry->runner);
	return 0;
}

static void give_up(struct inquiry *inquiry)
{
	struct asked *asked;

	for (size_t i = 0; i < inquiry->runner.count; i++) {
		asked = run_owner(inquiry->runner.runs[i]);
		run_free(inquiry->runner.runs[i]);
		answer(inquiry, asked, NULL);
	}
	inquiry->runner.count = 0;
	while ((asked = take(inquiry)))
		answer(inquiry, asked, NULL);
}

void inquiry_free(struct inquiry *inquiry)
{
	if (!inquiry)
		return;
	if (inquiry->running) {
		atomic_store(&inquiry->stop, true);
		runner_wake(&inquiry->runner);
		pthread_join(inquiry->thread, NULL);
		give_up(inquiry);
		runner_deinit(&inquiry->runner);
	}
	resolver_release(inquiry->resolver);
	connections_free(inquiry->connections);
	pthread_mutex_destroy(&inquiry->mutex);
	free(inquiry);
}

void inquiry_copy(struct inquiry *inquiry, struct snapshot *snapshot)
{
	connections_copy(inquiry->connections, clock_monotonic(), snapshot);
	pthread_mutex_lock(&inquiry->mutex);
	if (inquiry->resolver)
		snapshot->self.resolver_threads += resolver_threads(inquiry->resolver);
	pthread_mutex_unlock(&inquiry->mutex);
}
