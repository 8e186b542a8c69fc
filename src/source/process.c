#include "source/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* A chain of ancestors is short; a recorded tree might have a loop. */
#define ANCESTORS_MAX 64

/* Start times are in ticks of USER_HZ, rounded down. */
#define START_SECONDS 0.02

/* How long a new process is matched in each tick, and how often an old one is. */
#define SETTLE_SECONDS 60.0

/*
 * Of all expressions on one command line, some 3 ms, see base/regex.h: whoever may run programs
 * chooses what they are called.
 */
#define CMDLINE_STEPS 4000000

#define CGROUP_MAX ((size_t)64 * 1024)
/* The first line counts; PostgreSQL writes more of them. */
#define PID_FILE_MAX ((size_t)4096)

void process_table_init(struct process_table *table, const struct config *config)
{
	*table = (struct process_table){ .needs = match_needs(config) };
	table->pid_file_count = table->needs.pid_files;
	table->pid_files = memory_new(table->pid_file_count, sizeof(*table->pid_files));
}

void process_table_deinit(struct process_table *table)
{
	free(table->items);
	free(table->last);
	free(table->pids);
	free(table->pid_files);
	*table = (struct process_table){ 0 };
}

static struct process *find_pid(struct process *items, size_t count, pid_t pid)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (items[middle].pid == pid)
			return &items[middle];
		if (items[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct process *process_table_find(const struct process_table *table, pid_t pid)
{
	return find_pid(table->items, table->count, pid);
}

static int read_stat(const struct procfs *procfs, pid_t pid, struct pid_stat *ret_stat)
{
	CLEANUP(file_close) int directory = -1;
	int r = procfs_open(procfs, pid, &directory);

	return r ? r : pid_read_stat(directory, ret_stat);
}

static void append(struct process_table *table, pid_t pid, const struct pid_stat *stat,
		   double now)
{
	const struct process *known = find_pid(table->last, table->last_count, pid);
	struct process process = { .pid = pid, .fresh = true, .first_seen = now };

	if (known && known->stat.start_ticks == stat->start_ticks) {
		process = *known;
		process.fresh |= strcmp(known->stat.comm, stat->comm) != 0;
	}
	process.stat = *stat;
	table->items = memory_grow(table->items, &table->capacity, table->count + 1,
				   sizeof(*table->items));
	table->items[table->count++] = process;
}

/* One that cannot be read for want of descriptors, say, is not gone. Returns `r`. */
static int keep(struct process_table *table, pid_t pid, int r, double now)
{
	const struct process *known = find_pid(table->last, table->last_count, pid);

	if (known)
		append(table, pid, &known->stat, now);
	return r;
}

/* The table of the last tick becomes the one to look up in. */
static void turn(struct process_table *table)
{
	struct process *spare = table->last;
	size_t spare_capacity = table->last_capacity;

	table->last = table->items;
	table->last_count = table->count;
	table->last_capacity = table->capacity;
	table->items = spare;
	table->capacity = spare_capacity;
	table->count = 0;
}

int process_table_read(struct process_table *table, const struct procfs *procfs, double now)
{
	struct pid_stat stat;
	size_t count = 0;
	int r = procfs_list(procfs, &table->pids, &table->pids_capacity, &count);

	table->last_count = 0;
	if (r < 0)
		return r;
	turn(table);
	table->listed = now;
	table->refused = 0;
	for (size_t i = 0; i < count; i++) {
		int found = read_stat(procfs, table->pids[i], &stat);

		if (!found)
			append(table, table->pids[i], &stat, now);
		else if (found == -EACCES || found == -EPERM)
			table->refused++;
		else if (found != PID_GONE)
			r = keep(table, table->pids[i], found, now);
	}
	return r;
}

static pid_t read_pid_file(const char *path)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct bytes rest, line, word;
	uint64_t pid;

	if (file_read_regular(path, PID_FILE_MAX, &text) < 0)
		return 0;
	rest = (struct bytes){ text_string(&text), text.length };
	if (!bytes_take_line(&rest, &line) || !bytes_take_word(&line, &word) ||
	    !bytes_parse_u64(word, 10, &pid) || pid > INT32_MAX)
		return 0;
	return (pid_t)pid;
}

static void look_again(struct process_table *table, pid_t pid)
{
	struct process *process = process_table_find(table, pid);

	if (process)
		process->fresh = true;
}

/* A process may be there before its pid file, and stay when the file names another one. */
static void read_pid_files(struct process_table *table, const struct config *config)
{
	size_t alternative = 0;

	for (size_t i = 0; i < config->target_count; i++) {
		const struct target_config *rule = &config->targets[i];

		for (size_t j = 0; j < rule->match_count; j++, alternative++) {
			const char *path = rule->matches[j].pid_file;
			pid_t pid = path ? read_pid_file(path) : 0;

			if (pid == table->pid_files[alternative])
				continue;
			look_again(table, pid);
			look_again(table, table->pid_files[alternative]);
			table->pid_files[alternative] = pid;
		}
	}
}

/* What the facts of one process point into. */
struct fact_texts {
	struct text exe, cmdline, cgroups, container;
	uint64_t steps;
};

static void fact_texts_deinit(struct fact_texts *texts)
{
	text_deinit(&texts->exe);
	text_deinit(&texts->cmdline);
	text_deinit(&texts->cgroups);
	text_deinit(&texts->container);
}

/* The cgroup itself tells the name of a container of LXC. */
static void read_container(const struct process_table *table, struct match_facts *facts,
			   struct text *text, double now)
{
	struct bytes name = facts->cgroup.container_name;

	text_clear(text);
	text_append(text, name.data, name.length);
	if (!name.length && (!table->containers ||
			     !container_table_write_name(table->containers,
							 facts->cgroup.container, now, text)))
		return;
	facts->container = text_string(text);
}

static void read_cgroups(int directory, struct match_facts *facts, struct text *text)
{
	text_clear(text);
	if (file_read(directory, "cgroup", CGROUP_MAX, text) < 0)
		return;
	while (text->length && text->data[text->length - 1] == '\n')
		text->data[--text->length] = '\0';
	facts->cgroups = text_string(text);
	cgroup_parse((struct bytes){ facts->cgroups, text->length }, &facts->cgroup);
}

/*
 * What cannot be read stays unknown: a rule that asks for it does not hold. 0, PID_GONE, or
 * -errno when nothing could be read.
 */
static int read_facts(const struct process_table *table, const struct procfs *procfs,
		      struct process *process, double now, struct match_facts *facts,
		      struct fact_texts *texts)
{
	CLEANUP(file_close) int directory = -1;
	int r;

	texts->steps = CMDLINE_STEPS;
	*facts = (struct match_facts){
		.pid = process->pid,
		.steps = &texts->steps,
		.comm = process->stat.comm,
		.pid_files = table->pid_files,
		.start_time =
			procfs->boot_time + (double)process->stat.start_ticks / procfs->ticks,
	};
	r = process_open(process, procfs, &directory);
	if (r)
		return r;
	if (table->needs.exe && !pid_read_exe(directory, &texts->exe))
		facts->exe = text_string(&texts->exe);
	if (table->needs.cmdline && !pid_read_cmdline(directory, &texts->cmdline))
		facts->cmdline =
			(struct bytes){ text_string(&texts->cmdline), texts->cmdline.length };
	if (table->needs.user)
		facts->has_user = !pid_read_user(directory, &facts->user);
	if (table->needs.cgroups)
		read_cgroups(directory, facts, &texts->cgroups);
	if (table->needs.container)
		read_container(table, facts, &texts->container, now);
	return 0;
}

static void enter_target(struct process *process, const struct match_facts *facts,
			 struct target_table *targets, double now)
{
	const struct target_config *rule = process->rule;
	CLEANUP(text_deinit) struct text name = { 0 };

	if (!rule)
		return;
	process->follows = rule->children;
	if (!rule->is_template) {
		process->target = target_table_find_configured(targets, rule->name);
		return;
	}
	match_write_name(rule, facts, &name);
	process->target = target_table_get(
		targets, name.length ? text_string(&name) : process->stat.comm, now);
}

/* Who descends from a target stays with it, also when the ancestor is gone meanwhile. */
static void match_by_rules(struct process *process, const struct match_facts *facts,
			   const struct config *config, struct target_table *targets,
			   double now)
{
	const struct target_config *rule = match_rule(config, facts);
	bool descends = !process->rule && process->follows;
	bool same = !process->fresh && rule == process->rule;
	struct match_facts hopeful = *facts;

	hopeful.listens_unknown = true;
	process->fresh = false;
	process->last_matched = now;
	process->may_listen = match_rule(config, &hopeful) != rule;
	if (same && !(rule && rule->is_template))
		return;
	process->rule = rule;
	if (rule || !descends) {
		process->follows = false;
		process->target = NULL;
	}
	enter_target(process, facts, targets, now);
}

static void match_process(struct process_table *table, struct process *process,
			  const struct match_facts *facts, const struct config *config,
			  struct target_table *targets, double now)
{
	match_by_rules(process, facts, config, targets, now);
	process->given_up = !*facts->steps;
	table->given_up += process->given_up;
}

/*
 * A server gives up root and renames itself soon after its start, and is put into its cgroup
 * then, and its container gets its name; so the first minute counts most, unless its command
 * line is made to cost us dearly. Facts that only execve(2) changes need no second look.
 */
static bool is_due(const struct process_table *table, const struct process *process, double now)
{
	if (process->fresh)
		return true;
	if (process->listens ||
	    !(table->needs.user || table->needs.cmdline || table->needs.cgroups))
		return false;
	return (now - process->first_seen < SETTLE_SECONDS && !process->given_up) ||
	       now - process->last_matched >= SETTLE_SECONDS;
}

void process_match_listening(struct process *process, const struct procfs *procfs,
			     struct process_table *table, const struct config *config,
			     const uint16_t *ports, size_t port_count,
			     struct target_table *targets, double now)
{
	CLEANUP(fact_texts_deinit) struct fact_texts texts = { 0 };
	const struct target_config *rule;
	struct match_facts facts;

	if (read_facts(table, procfs, process, now, &facts, &texts))
		return;
	facts.listens = ports;
	facts.listen_count = port_count;
	rule = match_rule(config, &facts);
	/* Rules are in one array. A later one is no news: other ports may fulfil its own. */
	if (!rule || (process->rule && process->rule <= rule))
		return;
	match_process(table, process, &facts, config, targets, now);
	process->listens = true;
}

/* The nearest ancestor with a target decides. */
static void inherit(const struct process_table *table, struct process *process)
{
	pid_t parent = process->stat.parent;

	for (int depth = 0; parent && depth < ANCESTORS_MAX; depth++) {
		const struct process *ancestor = process_table_find(table, parent);

		if (!ancestor)
			return;
		if (ancestor->target && ancestor->follows) {
			process->target = ancestor->target;
			process->follows = true;
			return;
		}
		parent = ancestor->stat.parent;
	}
}

void process_table_match(struct process_table *table, const struct procfs *procfs,
			 const struct config *config, struct target_table *targets, double now)
{
	CLEANUP(fact_texts_deinit) struct fact_texts texts = { 0 };
	struct match_facts facts;

	read_pid_files(table, config);
	for (size_t i = 0; i < table->count; i++) {
		struct process *process = &table->items[i];

		/* What nothing is known about now may be known in the next tick. */
		if (!is_due(table, process, now) ||
		    read_facts(table, procfs, process, now, &facts, &texts))
			continue;
		match_process(table, process, &facts, config, targets, now);
	}
	for (size_t i = 0; i < table->count; i++) {
		struct process *process = &table->items[i];

		if (!process->target)
			inherit(table, process);
		if (process->target)
			process->target->last_seen = now;
	}
}

int process_open(struct process *process, const struct procfs *procfs, int *ret_directory)
{
	struct pid_stat stat;
	int directory;
	int r = procfs_open(procfs, process->pid, &directory);

	if (r)
		return r;
	r = pid_read_stat(directory, &stat);
	if (!r && stat.start_ticks != process->stat.start_ticks)
		r = PID_GONE;
	if (r) {
		file_close(&directory);
		return r;
	}
	process->fresh |= strcmp(process->stat.comm, stat.comm) != 0;
	process->stat = stat;
	*ret_directory = directory;
	return 0;
}

static bool had_started(const struct process *process, double started, double ticks)
{
	return process && (double)process->stat.start_ticks / ticks <= started + START_SECONDS;
}

struct process *process_table_find_at(const struct process_table *table, pid_t pid,
				      double started, double ticks)
{
	struct process *now = process_table_find(table, pid);
	struct process *before = find_pid(table->last, table->last_count, pid);

	if (had_started(now, started, ticks))
		return now;
	return had_started(before, started, ticks) ? before : NULL;
}

void process_table_inherit(struct process_table *table, const struct process_table *from)
{
	table->items = memory_grow(table->items, &table->capacity, from->count + 1,
				   sizeof(*table->items));
	for (size_t i = 0; i < from->count; i++) {
		struct process process = from->items[i];

		process.rule = NULL;
		process.target = NULL;
		process.fresh = true;
		process.may_listen = process.listens = process.follows = process.given_up =
			false;
		table->items[i] = process;
	}
	table->count = from->count;
	table->given_up = from->given_up;
}
