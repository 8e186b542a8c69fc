/*
 * What each right is for was tried (tests/live/test_views.py). Without CAP_SYS_PTRACE neither
 * the namespace nor the root of another user's process, or of one with more rights than ours,
 * can be opened. CAP_SYS_ADMIN is what setns(2) wants; whether it is there shows only when a
 * socket is made, so one is. Files that not everybody may read need CAP_DAC_READ_SEARCH, which
 * shows when a name is looked up.
 */
#include "daemon/views.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "daemon/report.h"
#include "probe/view.h"
#include "source/standpoint.h"

enum outcome { OUTCOME_NONE_YET, OUTCOME_ABSENT, OUTCOME_REFUSED, OUTCOME_TAKEN };

struct wanted {
	const char *target;
	struct standpoint last; /* closed, only to be compared */
	enum outcome outcome;
	bool reported; /* that it was refused */
};

struct views {
	struct wanted *items;
	size_t count, capacity;
};

static const struct wanted *find(const struct views *views, const char *target)
{
	for (size_t i = 0; i < views->count; i++) {
		if (!strcmp(views->items[i].target, target))
			return &views->items[i];
	}
	return NULL;
}

static void add(struct views *views, const char *target)
{
	if (find(views, target))
		return;
	views->items = memory_grow(views->items, &views->capacity, views->count + 1,
				   sizeof(*views->items));
	views->items[views->count++] = (struct wanted){ .target = target };
}

struct views *views_new(const struct config *config)
{
	struct views *views = memory_new(1, sizeof(*views));

	for (size_t i = 0; i < config->destination_count; i++) {
		const struct probe_config *probe = &config->destinations[i].probe;

		for (size_t j = 0; probe->url && probe->from_target && j < probe->targets.count;
		     j++)
			add(views, probe->targets.items[j]);
	}
	return views;
}

void views_inherit(struct views *views, const struct views *previous)
{
	for (size_t i = 0; i < views->count; i++) {
		struct wanted *wanted = &views->items[i];
		const char *target = wanted->target;
		const struct wanted *old = find(previous, target);

		if (!old)
			continue;
		*wanted = *old;
		wanted->target = target;
	}
}

void views_free(struct views *views)
{
	if (!views)
		return;
	free(views->items);
	free(views);
}

size_t views_count(const struct views *views)
{
	return views->count;
}

static void refuse(struct wanted *wanted, int error, const char *right)
{
	wanted->outcome = OUTCOME_REFUSED;
	if (!wanted->reported)
		report_view(wanted->target, error, right);
	wanted->reported = true;
}

/* Whether sockets can be made there: 0 or -errno. */
static int try_view(const struct view *view)
{
	int fd = view_socket(view, AF_INET, SOCK_DGRAM);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Takes the descriptors over. */
static void take(struct wanted *wanted, const struct standpoint *standpoint,
		 struct probe_engine *probes)
{
	struct view *view = view_new(standpoint->netns, standpoint->root);
	int r = try_view(view);

	wanted->last = *standpoint;
	if (r < 0) {
		refuse(wanted, r, "CAP_SYS_ADMIN");
	} else {
		wanted->outcome = OUTCOME_TAKEN;
		if (wanted->reported)
			report_view(wanted->target, 0, NULL);
		wanted->reported = false;
	}
	probe_engine_set_view(probes, wanted->target, r < 0 ? NULL : view);
	view_release(view);
}

/* There is nothing to look from, for whatever reason. */
static void lose(struct wanted *wanted, int r, struct probe_engine *probes)
{
	if (wanted->outcome == OUTCOME_TAKEN || wanted->outcome == OUTCOME_NONE_YET)
		probe_engine_set_view(probes, wanted->target, NULL);
	wanted->last = (struct standpoint){ 0 };
	wanted->outcome = OUTCOME_ABSENT;
	if (r < 0)
		refuse(wanted, r, r == -EACCES || r == -EPERM ? "CAP_SYS_PTRACE" : NULL);
}

static void update(struct wanted *wanted, const struct sources *sources,
		   struct probe_engine *probes)
{
	struct standpoint standpoint;
	int r = standpoint_open(sources, wanted->target, &standpoint);

	/* For want of descriptors nothing was seen: it is as it was. */
	if (r == -EMFILE || r == -ENFILE)
		return;
	if (r)
		lose(wanted, r, probes);
	else if (standpoint_equal(&standpoint, &wanted->last))
		standpoint_close(&standpoint);
	else
		take(wanted, &standpoint, probes);
}

void views_update(struct views *views, const struct sources *sources,
		  struct probe_engine *probes)
{
	for (size_t i = 0; i < views->count; i++)
		update(&views->items[i], sources, probes);
}
