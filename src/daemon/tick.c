#include "daemon/tick.h"

#include "base/clock.h"
#include "daemon/flags.h"
#include "daemon/found.h"
#include "daemon/self.h"
#include "source/join.h"

static int init_sources(struct world *world, const char *procfs, const char *rootfs,
			struct world *previous, struct error *err)
{
	int r = sources_init(&world->sources, world->config, procfs,
			     previous ? &previous->sources : NULL, err);

	if (r < 0)
		return r;
	r = container_table_open(world->sources.containers, rootfs, err);
	if (r < 0)
		sources_deinit(&world->sources);
	return r;
}

int world_init(struct world *world, struct config *config, const char *procfs,
	       const char *rootfs, struct world *previous, struct error *err)
{
	int r;

	*world = (struct world){ .config = config };
	r = init_sources(world, procfs, rootfs, previous, err);
	if (r < 0) {
		config_free(config);
		*world = (struct world){ 0 };
		return r;
	}
	world->probes = probe_engine_new(config, previous ? previous->probes : NULL);
	world->views = views_new(config);
	if (!previous)
		world->inquiry = inquiry_new();
	return 0;
}

void world_inherit(struct world *world, struct world *previous)
{
	sources_inherit(&world->sources, &previous->sources);
	views_inherit(world->views, previous->views);
	world->inquiry = previous->inquiry;
	previous->inquiry = NULL;
}

void world_deinit(struct world *world)
{
	if (!world->config)
		return;
	inquiry_free(world->inquiry);
	views_free(world->views);
	probe_engine_free(world->probes);
	sources_deinit(&world->sources);
	config_free(world->config);
	*world = (struct world){ 0 };
}

/* The counters go on where the last tick left them; what is of one tick starts anew. */
static void carry_self(struct snapshot *now, const struct self_row *self)
{
	now->self = *self;
	for (size_t i = 0; i < UNREADABLE_COUNT; i++)
		now->self.unreadable[i] = 0;
	now->self.resolver_threads = 0;
	self_measure(&now->self);
}

static void tell_found(struct world *world, const struct snapshot *now)
{
	const struct netns_table *namespaces = &world->sources.namespaces;
	CLEANUP(text_deinit) struct text endpoints = { 0 };

	if (!world->config->discover.probe)
		return;
	found_collect(now, namespaces->own ? namespaces->own : namespaces->host, &endpoints);
	probe_engine_set_found(world->probes, text_string(&endpoints));
}

struct snapshot *tick(struct world *world, struct self_row *self, struct page **ret_page)
{
	struct snapshot *now = snapshot_new(clock_wall(), clock_monotonic());

	carry_self(now, self);
	sources_collect(&world->sources, now);
	probe_engine_copy(world->probes, now);
	if (world->inquiry)
		inquiry_copy(world->inquiry, now);
	join(&world->sources, now);
	tell_found(world, now);
	views_update(world->views, &world->sources, world->probes);
	*ret_page = catalog_page(now, flags_build(), world->config->limits.max_series);
	*self = now->self;
	return now;
}
