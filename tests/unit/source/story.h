/*
 * An app with connections to 10.0.0.5:443 in a scene, and events about it as if a tracepoint
 * had told them. Looks are at 10 seconds and later; the app started at 5.
 */
#pragma once

#include "scene.h"

#define APP "targets: [{name: app, match: {comm: app}}]\n"
#define STORY_PID 100

/* A connection of the app: its socket's inode, or 0 when it has no owner any more. */
#define ROW(port, state, inode)                                       \
	{                                                             \
		"10.0.0.1", port, "10.0.0.5", 443, state, inode, 0, 0 \
	}
#define SYN(port, inode) ROW(port, TCP_STATE_SYN_SENT, inode)
#define OPEN(port, inode) ROW(port, TCP_STATE_ESTABLISHED, inode)
#define GONE(port) ROW(port, TCP_STATE_TIME_WAIT, 0)

#define TABLE(scene, ...) SCENE_ROWS(scene, TREE_HOST, __VA_ARGS__)
#define EMPTY_TABLE(scene) tree_table(&(scene)->tree, TREE_HOST, NULL, 0)

/* The app has the sockets 1000 to 1004. */
static inline void story_add_app(struct scene *scene)
{
	tree_process(&scene->tree, STORY_PID, 1, "app", 500);
	for (int i = 0; i < 5; i++)
		tree_socket(&scene->tree, STORY_PID, 3 + i, 1000 + (unsigned)i);
}

static inline void story_init(struct scene *scene)
{
	scene_init(scene, APP);
	story_add_app(scene);
}

/* Events are known from here on; a tracepoint that is never asked. */
static inline void story_follow(struct scene *scene)
{
	static char tracepoint;
	struct events *events = scene->sources.events;

	events->attempts = attempts_new(100, true, NULL, NULL);
	events->tracepoint = (struct tracepoint *)(void *)&tracepoint;
	events->since = 0;
}

static inline void story_deinit(struct scene *scene)
{
	scene->sources.events->tracepoint = NULL;
	scene_deinit(scene);
}

static inline struct endpoint story_endpoint(const char *host, unsigned port)
{
	struct endpoint endpoint = { .port = (uint16_t)port };

	tree_require(!address_parse(host, &endpoint.address), host);
	return endpoint;
}

/* What an event tells about the connection from that port. */
static inline struct news story_news(enum news_kind kind, unsigned port, double started,
				     double time)
{
	return (struct news){ .kind = kind,
			      .reason = CONNECT_REFUSED,
			      .process = STORY_PID,
			      .started = started,
			      .time = time,
			      .established = started,
			      .local = story_endpoint("10.0.0.1", port),
			      .remote = story_endpoint("10.0.0.5", 443) };
}

static inline void story_tell_news(struct scene *scene, struct news news)
{
	struct news_list *list = attempts_news(scene->sources.events->attempts);

	list->items = memory_grow(list->items, &list->capacity, list->count + 1,
				  sizeof(*list->items));
	list->items[list->count++] = news;
}

static inline void story_tell(struct scene *scene, enum news_kind kind, unsigned port,
			      double started, double time)
{
	story_tell_news(scene, story_news(kind, port, started, time));
}

static inline uint64_t story_failed(const struct connection_counters *counters)
{
	uint64_t failed = 0;

	for (unsigned reason = 0; reason < CONNECT_FAILURE_COUNT; reason++)
		failed += counters->failed[reason];
	return failed;
}

/* Counters of the app, which there must be: opened, closed, failed. */
#define CHECK_COUNTS(scene, a, b, c) story_check(TEST_HERE, scene, "app", a, b, c)

static inline void story_check(const char *file, int line, const struct scene *scene,
			       const char *target, uint64_t opened, uint64_t closed,
			       uint64_t failed)
{
	const struct pair_row *pair = scene_pair(scene, target, "10.0.0.5:443");
	struct connection_counters none = { 0 };
	const struct connection_counters *counters = pair ? &pair->counters : &none;

	test_u64(file, line, "opened", counters->opened, opened);
	test_u64(file, line, "closed", counters->closed, closed);
	test_u64(file, line, "failed", story_failed(counters), failed);
}
