/*
 * The targets as they are now: those that the configuration names, which are always there, and
 * those that templates or discovery made, which stay until an hour after their last process.
 */
#pragma once

#include "source/pair.h"

#define TARGET_OTHER "other"

struct target {
	char *name;
	bool configured; /* named literally by the configuration: never forgotten */
	bool inherited; /* of the configuration before, and nobody asked for it yet */
	double last_seen; /* monotonic seconds: it had a process */
	struct pair_set pairs;
	uint32_t index; /* among the rows of this tick */
	uint64_t counted; /* the last connection, by serial number, that counted here */
};

struct target_table {
	struct target **items; /* sorted by name; a target stays where it is in memory */
	size_t count, capacity;
	unsigned made, max_made; /* targets that are not configured */
	uint64_t truncated; /* processes that went to "other" for want of room */
};

void target_table_init(struct target_table *table, const struct config *config,
		       struct pair_budget *budget);
void target_table_deinit(struct target_table *table, struct pair_budget *budget);

/* The target called `name`, made when new and there is room, else the target "other". */
struct target *target_table_get(struct target_table *table, const char *name, double now);

/* NULL: there is none of that name, or it is not configured. */
struct target *target_table_find(const struct target_table *table, const char *name);
struct target *target_table_find_configured(struct target_table *table, const char *name);

/*
 * Before a tick: counts to 0; pairs not used since `oldest` are forgotten, and made targets
 * that neither had a process since nor have a pair.
 */
void target_table_begin(struct target_table *table, double oldest, struct pair_budget *budget);

/*
 * A target that was made under another configuration. It takes no place of those that may be
 * made, and is forgotten again unless it is asked for until target_table_forget_inherited().
 * NULL: there is one of that name.
 */
struct target *target_table_inherit(struct target_table *table, const char *name);
void target_table_forget_inherited(struct target_table *table, struct pair_budget *budget);
