#include "probe/roster.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Of destinations that were found, which nobody has said anything about. */
#define FOUND_INTERVAL 15.0
#define FOUND_TIMEOUT 5.0

static const struct module_config found_module = { .name = "auto", .prober = PROBER_TCP };

/* From here sorts before from anywhere. */
static int compare(const struct probe *probe, const char *destination, const char *target)
{
	int order = strcmp(probe->destination, destination);

	if (order)
		return order;
	return strcmp(probe->from ? probe->from->target : "", target ? target : "");
}

/* The first probe that is not before this one. */
static size_t lower_bound(const struct roster *roster, const char *destination,
			  const char *target)
{
	size_t low = 0, high = roster->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(roster->probes[middle], destination, target) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct probe *roster_find(const struct roster *roster, const char *destination,
			  const char *target)
{
	size_t at = lower_bound(roster, destination, target);

	if (at == roster->count || compare(roster->probes[at], destination, target) != 0)
		return NULL;
	return roster->probes[at];
}

static struct probe *add(struct roster *roster, const char *destination,
			 const struct probe_config *config, struct roster_view *from)
{
	size_t at = lower_bound(roster, destination, from ? from->target : NULL);
	struct probe *probe = memory_new(1, sizeof(*probe));

	assert(config->interval > 0 && config->timeout > 0);
	*probe = (struct probe){
		.destination = destination,
		.config = config,
		.from = from,
		.row = { .tls_expiry = NAN, .idle_close = NAN },
	};
	roster->probes = memory_grow(roster->probes, &roster->capacity, roster->count + 1,
				     sizeof(struct probe *));
	memmove(roster->probes + at + 1, roster->probes + at,
		(roster->count - at) * sizeof(struct probe *));
	roster->probes[at] = probe;
	roster->count++;
	return probe;
}

struct roster_view *roster_find_view(const struct roster *roster, const char *target)
{
	for (size_t i = 0; i < roster->view_count; i++) {
		if (!strcmp(roster->views[i].target, target))
			return &roster->views[i];
	}
	return NULL;
}

static void add_views(struct roster *roster, const struct config *config)
{
	roster->views = memory_new(config->target_count, sizeof(*roster->views));
	for (size_t i = 0; i < config->destination_count; i++) {
		const struct probe_config *probe = &config->destinations[i].probe;

		for (size_t j = 0; probe->from_target && j < probe->targets.count; j++) {
			const char *target = probe->targets.items[j];

			if (!roster_find_view(roster, target))
				roster->views[roster->view_count++].target = target;
		}
	}
}

static void add_destination(struct roster *roster, const struct destination_config *destination)
{
	const struct probe_config *probe = &destination->probe;

	/* As it is when nobody says otherwise. */
	if (probe->from_host || !probe->from_target)
		add(roster, destination->name, probe, NULL);
	for (size_t i = 0; probe->from_target && i < probe->targets.count; i++)
		add(roster, destination->name, probe,
		    roster_find_view(roster, probe->targets.items[i]));
}

void roster_init(struct roster *roster, const struct config *config)
{
	*roster = (struct roster){ 0 };
	add_views(roster, config);
	for (size_t i = 0; i < config->destination_count; i++) {
		if (config->destinations[i].probe.url)
			add_destination(roster, &config->destinations[i]);
	}
}

static void free_probe(struct probe *probe)
{
	assert(!probe->run);
	free(probe->name);
	free(probe->url);
	free(probe);
}

void roster_deinit(struct roster *roster)
{
	for (size_t i = 0; i < roster->count; i++)
		free_probe(roster->probes[i]);
	for (size_t i = 0; i < roster->view_count; i++)
		view_release(roster->views[i].view);
	free(roster->probes);
	free(roster->views);
	*roster = (struct roster){ 0 };
}

static struct probe *add_found(struct roster *roster, const char *endpoint)
{
	struct text url = { 0 };
	struct probe_config config = {
		.interval = FOUND_INTERVAL,
		.timeout = FOUND_TIMEOUT,
		.module = &found_module,
		.from_host = true,
	};
	char *name = memory_copy_string(endpoint);
	struct probe *probe = add(roster, name, &config, NULL);

	text_printf(&url, "tcp://%s", endpoint);
	probe->name = name;
	probe->url = text_release(&url);
	probe->own = config;
	probe->own.url = probe->url;
	probe->config = &probe->own;
	return probe;
}

static void inherit_probe(struct probe *probe, const struct probe *old)
{
	if (strcmp(old->config->url, probe->config->url) != 0)
		return;
	probe->row = old->row;
	probe->name_hangs = old->name_hangs;
	if (old->config->interval != probe->config->interval)
		return;
	probe->start = old->start;
	probe->due = old->due;
	probe->is_first = old->is_first;
}

void roster_inherit(struct roster *roster, const struct roster *previous, bool with_found)
{
	for (size_t i = 0; i < previous->count; i++) {
		const struct probe *old = previous->probes[i];
		struct probe *probe = roster_find(roster, old->destination,
						  old->from ? old->from->target : NULL);

		if (probe)
			inherit_probe(probe, old);
		else if (old->name && with_found)
			inherit_probe(add_found(roster, old->name), old);
	}
	for (size_t i = 0; i < previous->view_count; i++) {
		struct roster_view *view = roster_find_view(roster, previous->views[i].target);

		if (view)
			view->view = view_acquire(previous->views[i].view);
	}
}

void roster_set_found(struct roster *roster, struct bytes endpoints)
{
	struct bytes word;

	for (size_t i = 0; i < roster->count; i++)
		roster->probes[i]->is_lost = roster->probes[i]->name != NULL;
	while (bytes_take_word(&endpoints, &word)) {
		CLEANUP(text_deinit) struct text endpoint = { 0 };
		struct probe *probe;

		text_append(&endpoint, word.data, word.length);
		probe = roster_find(roster, text_string(&endpoint), NULL);
		if (!probe)
			probe = add_found(roster, text_string(&endpoint));
		probe->is_lost = false;
	}
}

void roster_forget_lost(struct roster *roster)
{
	size_t kept = 0;

	for (size_t i = 0; i < roster->count; i++) {
		struct probe *probe = roster->probes[i];

		if (probe->is_lost && !probe->run && !probe->has_reuse)
			free_probe(probe);
		else
			roster->probes[kept++] = probe;
	}
	roster->count = kept;
}
