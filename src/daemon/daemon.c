/*
 * The main thread waits for a signal, the tick's timer, or a reload asked for by HTTP, and is
 * the only one that writes to the world. Signals arrive through a signalfd(2), blocked in every
 * thread.
 */
#include "daemon/daemon.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "config/load.h"
#include "daemon/ask.h"
#include "daemon/report.h"
#include "daemon/tick.h"
#include "expose/http.h"

/* A page older than three ticks and this is stale. */
#define STALE_SECONDS 10.0

#define RELOADS_MAX 16

struct daemon {
	const struct flags *flags;
	struct world world;
	struct snapshot *previous;
	struct self_row self;
	struct board *board;
	struct http *http;
	struct ask *ask;
	int signals, timer, wake;
	_Atomic double stale_after;
	bool stop;
	pthread_mutex_t mutex; /* of what follows: reloads that wait for the main thread */
	struct http_wait *reloads[RELOADS_MAX];
	size_t reload_count;
};

static double stale_after(void *context)
{
	struct daemon *daemon = context;

	return atomic_load(&daemon->stale_after);
}

/* In a thread of the web server. */
static void ask_reload(void *context, struct http_wait *wait)
{
	struct daemon *daemon = context;
	bool room;

	pthread_mutex_lock(&daemon->mutex);
	room = daemon->reload_count < RELOADS_MAX;
	if (room)
		daemon->reloads[daemon->reload_count++] = wait;
	pthread_mutex_unlock(&daemon->mutex);
	if (!room)
		http_wait_finish(wait, 503, NULL, "too many reloads at once");
	else if (eventfd_write(daemon->wake, 1) < 0)
		abort();
}

/* Likewise. */
static void answer_probe(void *context, struct http_wait *wait, const struct http_query *query,
			 int client)
{
	struct daemon *daemon = context;

	ask_probe(daemon->ask, wait, query, client);
}

static void arm_timer(struct daemon *daemon)
{
	double interval = daemon->world.config->collect.interval;
	struct timespec every = {
		.tv_sec = (time_t)interval,
		.tv_nsec = (long)((interval - floor(interval)) * 1e9),
	};
	struct itimerspec times = { .it_interval = every, .it_value = every };
	int r = timerfd_settime(daemon->timer, 0, &times, NULL);

	assert(!r);
	atomic_store(&daemon->stale_after, fmax(3 * interval, STALE_SECONDS));
}

static void do_tick(struct daemon *daemon)
{
	struct page *page;
	uint64_t unresolved = daemon->self.unresolved_names;
	struct snapshot *now = tick(&daemon->world, &daemon->self, &page);

	if (daemon->self.unresolved_names != unresolved)
		report_names(daemon->world.sources.names);
	if (!daemon->previous || daemon->previous->has_events != now->has_events)
		report_events(now, &daemon->world.sources);
	board_publish(daemon->board, page);
	snapshot_free(daemon->previous);
	daemon->previous = now;
}

/* A new world next to the old one, swapped in when it is complete. */
static int replace_world(struct daemon *daemon, struct error *err)
{
	struct config *config;
	struct world world;
	int r = config_load(daemon->flags->config_file, &config, err);

	if (r < 0)
		return r;
	probe_engine_stop(daemon->world.probes);
	r = world_init(&world, config, daemon->flags->procfs, daemon->flags->rootfs,
		       &daemon->world, err);
	if (!r) {
		r = probe_engine_start(world.probes, err);
		if (r < 0)
			world_deinit(&world);
	}
	if (r < 0)
		return probe_engine_start(daemon->world.probes, err) < 0 ? -EIO : r;
	world_inherit(&world, &daemon->world);
	world_deinit(&daemon->world);
	daemon->world = world;
	ask_set_config(daemon->ask, config);
	return 0;
}

static int reload(struct daemon *daemon, struct error *err)
{
	int r = daemon->flags->config_file ?
			replace_world(daemon, err) :
			error_set(err, -EINVAL,
				  "there is no configuration to reload: started "
				  "without --config.file");

	daemon->self.reload_successful = !r;
	if (r < 0) {
		report_lines(LOG_ERROR, "Configuration not reloaded, the old one stays", err);
		return r;
	}
	daemon->self.reload_success_time = clock_wall();
	report_config(daemon->flags, daemon->world.config);
	arm_timer(daemon);
	do_tick(daemon);
	report_look(daemon->previous);
	return 0;
}

static void answer_reloads(struct daemon *daemon)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text answer = { 0 };
	struct http_wait *reloads[RELOADS_MAX];
	eventfd_t ignored;
	size_t count;
	int r;

	eventfd_read(daemon->wake, &ignored);
	pthread_mutex_lock(&daemon->mutex);
	count = daemon->reload_count;
	memcpy(reloads, daemon->reloads, count * sizeof(*reloads));
	daemon->reload_count = 0;
	pthread_mutex_unlock(&daemon->mutex);
	if (!count)
		return;
	r = reload(daemon, &err);
	if (r < 0)
		text_printf(&answer, "failed to reload config: %s", error_string(&err));
	else
		text_append_string(&answer, "Configuration reloaded.");
	for (size_t i = 0; i < count; i++)
		http_wait_finish(reloads[i], r < 0 ? 500 : 200, NULL, text_string(&answer));
}

static void handle_signal(struct daemon *daemon)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct signalfd_siginfo signal;

	if (read(daemon->signals, &signal, sizeof(signal)) != sizeof(signal))
		return;
	if (signal.ssi_signo != SIGHUP) {
		log_line(LOG_INFO, "Stopping", "signal", strsignal((int)signal.ssi_signo),
			 NULL);
		daemon->stop = true;
		return;
	}
	/* What went wrong is logged there. */
	if (reload(daemon, &err) < 0)
		return;
}

static void handle_timer(struct daemon *daemon)
{
	uint64_t expirations;

	/* Missed ticks are not made up for: the next one sees everything they would. */
	if (read(daemon->timer, &expirations, sizeof(expirations)) == sizeof(expirations))
		do_tick(daemon);
}

static void loop(struct daemon *daemon)
{
	struct pollfd fds[] = {
		{ .fd = daemon->signals, .events = POLLIN },
		{ .fd = daemon->timer, .events = POLLIN },
		{ .fd = daemon->wake, .events = POLLIN },
		{ .events = POLLIN },
	};

	while (!daemon->stop) {
		fds[3].fd = sources_descriptor(&daemon->world.sources);
		if (poll(fds, ARRAY_LENGTH(fds), -1) < 0)
			continue;
		if (fds[0].revents)
			handle_signal(daemon);
		if (!daemon->stop && fds[2].revents)
			answer_reloads(daemon);
		if (!daemon->stop && fds[3].revents)
			sources_drain(&daemon->world.sources);
		if (!daemon->stop && fds[1].revents)
			handle_timer(daemon);
	}
}

/* Before any thread, the resolver's among them: all inherit the mask. */
static int block_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/*
 * Up to the hard limit: the soft one is 1024 for the sake of select(2), which nobody here uses
 * (systemd.exec(5), LimitNOFILE). Scrapers, probes and reading /proc all take some.
 */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_line(LOG_DEBUG, "Descriptor limit not raised", "err", strerror(errno),
			 NULL);
}

static int open_descriptors(struct daemon *daemon, struct error *err)
{
	raise_descriptor_limit();
	daemon->signals = block_signals();
	daemon->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	daemon->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (daemon->signals < 0 || daemon->timer < 0 || daemon->wake < 0)
		return error_set(err, -errno, "descriptors: %s", strerror(errno));
	return 0;
}

static int start(struct daemon *daemon, struct error *err)
{
	const struct flags *flags = daemon->flags;
	const struct http_config http = {
		.addresses = flags->listen,
		.address_count = flags->listen_count,
		.telemetry_path = flags->telemetry_path,
		.enable_lifecycle = flags->enable_lifecycle,
		.version = flags_build()->version,
		.stale_after = stale_after,
		.reload = ask_reload,
		.probe = answer_probe,
		.context = daemon,
	};
	int r = probe_engine_start(daemon->world.probes, err);

	if (r < 0)
		return r;
	daemon->ask = ask_new(daemon->world.inquiry, flags->timeout_offset);
	ask_set_config(daemon->ask, daemon->world.config);
	arm_timer(daemon);
	/* Listening first: an address in use must not cost a look at everything. */
	r = http_start(&http, daemon->board, &daemon->http, err);
	if (r < 0)
		return r;
	do_tick(daemon);
	return 0;
}

static void deinit(struct daemon *daemon)
{
	http_stop(daemon->http);
	for (size_t i = 0; i < daemon->reload_count; i++)
		http_wait_finish(daemon->reloads[i], 503, NULL, "");
	board_free(daemon->board);
	snapshot_free(daemon->previous);
	world_deinit(&daemon->world);
	ask_free(daemon->ask);
	file_close(&daemon->signals);
	file_close(&daemon->timer);
	file_close(&daemon->wake);
	pthread_mutex_destroy(&daemon->mutex);
	free(daemon);
}

int daemon_run(const struct flags *flags, struct config *config, char **argv)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct daemon *daemon = memory_new(1, sizeof(*daemon));
	int r;

	*daemon = (struct daemon){ .flags = flags, .signals = -1, .timer = -1, .wake = -1 };
	daemon->self.start_time = NAN;
	daemon->self.reload_successful = true;
	daemon->self.reload_success_time = clock_wall();
	pthread_mutex_init(&daemon->mutex, NULL);
	daemon->board = board_new();
	report_start();
	report_config(flags, config);
	r = open_descriptors(daemon, &err);
	if (r < 0)
		config_free(config);
	else
		r = world_init(&daemon->world, config, flags->procfs, flags->rootfs, NULL,
			       &err);
	if (!r)
		r = start(daemon, &err);
	if (!r) {
		report_listening(daemon->http, flags);
		report_look(daemon->previous);
		report_unreadable(daemon->previous, argv);
		loop(daemon);
	} else {
		report_lines(LOG_ERROR, "Could not start", &err);
	}
	deinit(daemon);
	return r < 0;
}

/* Whether every probe has run, or will not within its own time. */
static bool probes_done(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->probe_count; i++) {
		if (!snapshot->probes[i].runs && snapshot->probes[i].view != PROBE_VIEW_MISSING)
			return false;
	}
	return true;
}

/* Some probes are there only once targets and their destinations were found. */
static void look_for_places(struct world *world, struct self_row *self)
{
	struct page *page;

	if (!views_count(world->views) && !world->config->discover.probe)
		return;
	snapshot_free(tick(world, self, &page));
	page_release(page);
}

static void wait_for_probes(struct world *world)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	double longest = 0, start = clock_monotonic();
	bool done = false;

	for (size_t i = 0; i < world->config->destination_count; i++)
		longest = fmax(longest, world->config->destinations[i].probe.interval);
	while (!done && clock_monotonic() - start < longest + STALE_SECONDS) {
		struct snapshot *look = snapshot_new(0, 0);

		probe_engine_copy(world->probes, look);
		done = probes_done(look);
		snapshot_free(look);
		if (!done)
			nanosleep(&pause, NULL);
	}
}

static int write_page(struct page *page)
{
	struct bytes body = page_body(page, PAGE_TEXT, false);

	return fwrite(body.data, 1, body.length, stdout) == body.length && !fflush(stdout) ? 0 :
											     1;
}

int daemon_once(const struct flags *flags, struct config *config, char **argv)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct self_row self = { .reload_successful = true, .start_time = NAN };
	struct snapshot *now;
	struct world world;
	struct page *page;
	int r;

	signal(SIGPIPE, SIG_IGN);
	self.reload_success_time = clock_wall();
	r = world_init(&world, config, flags->procfs, flags->rootfs, NULL, &err);
	if (r < 0) {
		report_lines(LOG_ERROR, "Could not start", &err);
		return 1;
	}
	look_for_places(&world, &self);
	r = probe_engine_start(world.probes, &err);
	if (r < 0) {
		report_lines(LOG_ERROR, "Could not start", &err);
	} else {
		wait_for_probes(&world);
		now = tick(&world, &self, &page);
		report_unreadable(now, argv);
		snapshot_free(now);
		r = write_page(page);
		page_release(page);
	}
	world_deinit(&world);
	return r ? 1 : 0;
}
