/* The processes of a fake /proc tree and the targets that the rules of a text put them in. */
#pragma once

#include "config/load.h"
#include "source/process.h"
#include "test.h"
#include "tree_proc.h"

struct stage {
	struct tree tree;
	struct config *config;
	struct procfs procfs;
	struct pair_budget budget;
	struct target_table targets;
	struct process_table table;
};

static inline void stage_init(struct stage *stage, const char *yaml)
{
	CLEANUP(error_deinit) struct error err = { 0 };

	*stage = (struct stage){ .budget = { .max = 100, .max_destinations = 10 } };
	tree_init(&stage->tree);
	if (config_parse("test.yml", bytes_from_string(yaml), &stage->config, &err) < 0 ||
	    procfs_init(&stage->procfs, stage->tree.path, &err) < 0) {
		printf("# %s\n", error_string(&err));
		abort();
	}
	target_table_init(&stage->targets, stage->config, &stage->budget);
	process_table_init(&stage->table, stage->config);
}

static inline void stage_deinit(struct stage *stage)
{
	process_table_deinit(&stage->table);
	target_table_deinit(&stage->targets, &stage->budget);
	procfs_deinit(&stage->procfs);
	config_free(stage->config);
	tree_deinit(&stage->tree);
}

static inline void look_at(struct stage *stage, double now)
{
	CHECK_EQ_INT(process_table_read(&stage->table, &stage->procfs, now), 0);
	process_table_match(&stage->table, &stage->procfs, stage->config, &stage->targets, now);
}

static inline void look(struct stage *stage)
{
	look_at(stage, 1);
}

/* "": it is there, without a target; NULL: it is not there. */
static inline const char *target_of(const struct stage *stage, pid_t pid)
{
	const struct process *process = process_table_find(&stage->table, pid);

	if (!process)
		return NULL;
	return process->target ? process->target->name : "";
}
