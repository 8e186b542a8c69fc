/*
 * The sources and the join over a fake /proc tree, look after look, with a scripted clock. In
 * the host's network namespace there is the process 1, "init", which no target has.
 */
#pragma once

#include "config/load.h"
#include "source/join.h"
#include "test.h"
#include "tree_proc.h"

struct scene {
	struct tree tree;
	struct config *config;
	struct sources sources;
	struct snapshot *snapshot; /* of the newest look */
	struct own_connection own[4]; /* what the probes say they have */
	size_t own_count;
};

/* `rows`: struct tree_row initialisers, all of a namespace's tables. */
#define SCENE_ROWS(scene, netns, ...)                                               \
	tree_table(&(scene)->tree, netns, (const struct tree_row[]){ __VA_ARGS__ }, \
		   sizeof((const struct tree_row[]){ __VA_ARGS__ }) / sizeof(struct tree_row))

static inline void scene_init(struct scene *scene, const char *yaml)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	int r;

	*scene = (struct scene){ 0 };
	tree_init(&scene->tree);
	tree_process(&scene->tree, 1, 0, "init", 1);
	tree_table(&scene->tree, TREE_HOST, NULL, 0);
	r = config_parse("test.yml", bytes_from_string(yaml), &scene->config, &err);
	if (!r)
		r = sources_init(&scene->sources, scene->config, scene->tree.path, NULL, &err);
	if (r < 0) {
		printf("# %s\n", error_string(&err));
		abort();
	}
}

/* Another configuration takes over, of the same text. */
static inline void scene_reload(struct scene *scene)
{
	struct sources next;

	if (sources_init(&next, scene->config, scene->tree.path, &scene->sources,
			 &(struct error){ 0 }))
		abort();
	sources_inherit(&next, &scene->sources);
	sources_deinit(&scene->sources);
	scene->sources = next;
}

/* Process 50, in the namespace, is the one that looks: to be called before the first look. */
static inline void scene_set_self(struct scene *scene, unsigned netns)
{
	tree_process(&scene->tree, 50, 1, "exporter", 2);
	tree_netns(&scene->tree, 50, netns);
	tree_link(&scene->tree, "self", "50");
	scene_reload(scene);
}

static inline void scene_deinit(struct scene *scene)
{
	snapshot_free(scene->snapshot);
	sources_deinit(&scene->sources);
	config_free(scene->config);
	tree_deinit(&scene->tree);
}

/* Looks at the tree as it is now, at this many seconds of the clock. */
static inline void scene_look(struct scene *scene, double now)
{
	struct snapshot *snapshot = snapshot_new(1700000000 + now, now);

	sources_collect(&scene->sources, snapshot);
	snapshot->own = arena_copy_array(&snapshot->arena, scene->own, scene->own_count,
					 sizeof(*scene->own));
	snapshot->own_count = scene->own_count;
	join(&scene->sources, snapshot);
	snapshot_free(scene->snapshot);
	scene->snapshot = snapshot;
}

static inline const struct target_row *scene_target(const struct scene *scene, const char *name)
{
	for (size_t i = 0; i < scene->snapshot->target_count; i++) {
		if (!strcmp(scene->snapshot->targets[i].name, name))
			return &scene->snapshot->targets[i];
	}
	return NULL;
}

static inline const struct pair_row *scene_pair(const struct scene *scene, const char *target,
						const char *destination)
{
	const struct snapshot *snapshot = scene->snapshot;

	for (size_t i = 0; i < snapshot->pair_count; i++) {
		const struct pair_row *pair = &snapshot->pairs[i];

		if (!strcmp(snapshot->targets[pair->target].name, target) &&
		    !strcmp(pair->destination, destination))
			return pair;
	}
	return NULL;
}

/* Connections; -1 when there is no such row. */
static inline int scene_count(const struct scene *scene, const char *target,
			      const char *destination, enum tcp_state state)
{
	const struct pair_row *pair = scene_pair(scene, target, destination);

	return pair ? (int)pair->gauges.connections[state] : -1;
}

static inline int scene_unowned(const struct scene *scene, const char *netns,
				const char *destination, enum tcp_state state)
{
	for (size_t i = 0; i < scene->snapshot->netns_pair_count; i++) {
		const struct netns_pair_row *row = &scene->snapshot->netns_pairs[i];

		if (!strcmp(row->netns, netns) && !strcmp(row->destination, destination))
			return (int)row->unowned[state];
	}
	return -1;
}

/* The connections of all states and destinations of a target. */
static inline unsigned scene_sum(const struct scene *scene, const char *target)
{
	const struct snapshot *snapshot = scene->snapshot;
	unsigned sum = 0;

	for (size_t i = 0; i < snapshot->pair_count; i++) {
		const struct pair_row *pair = &snapshot->pairs[i];

		for (unsigned state = 0; state < TCP_STATE_COUNT; state++)
			sum += strcmp(snapshot->targets[pair->target].name, target) ?
				       0 :
				       pair->gauges.connections[state];
	}
	return sum;
}
