/*
 * Every process of the host, remembered by pid and start time, with the rule of the
 * configuration it belongs to: decided when it is first seen, again when it changes its name
 * (execve(2)), and now and then, since it may change its user or its command line, and be moved
 * to another cgroup.
 */
#pragma once

#include "source/container.h"
#include "source/match.h"
#include "source/pid.h"
#include "source/procfs.h"
#include "source/target.h"

struct process {
	pid_t pid;
	struct pid_stat stat; /* as of this tick */
	const struct target_config *rule; /* its own; NULL: none */
	struct target *target; /* by its rule, an ancestor's, or discovery; or NULL */
	bool fresh; /* not matched against the rules yet, by this name */
	bool may_listen; /* a rule before its own waits for it to listen */
	bool listens; /* its rule asked for a port, and it listened; it may stop that */
	bool discovered; /* once it had a target by discovery */
	bool given_up; /* its command line took expressions too long, when last matched */
	bool follows; /* its children belong to its target, too */
	double first_seen, last_matched; /* monotonic seconds */
	double watched_since; /* monotonic seconds: its descriptors are read; 0: they are not */
	uint64_t netns; /* inode of its network namespace when that was last read; 0: never */
};

struct process_table {
	struct process *items; /* sorted by pid */
	size_t count, capacity;
	/* Of the tick before, with the targets and namespaces they had. */
	struct process *last;
	size_t last_count, last_capacity;
	pid_t *pids; /* scratch */
	size_t pids_capacity;
	pid_t *pid_files; /* what the pid file of each alternative of each rule says; 0: nothing
			   */
	size_t pid_file_count;
	double listed; /* monotonic seconds: whoever started since may be missing */
	uint64_t given_up; /* how often that was so, since start */
	uint64_t refused; /* processes whose stat may not be read, in this tick */
	struct match_needs needs;
	struct container_table *containers; /* borrowed, for their names; NULL: unknown */
};

void process_table_init(struct process_table *table, const struct config *config);
void process_table_deinit(struct process_table *table);

/*
 * Reads what is there now: about 5 µs a process. 0; or -errno when processes could not be
 * listed (those of the last tick stay), or some could not be read (they stay as they were).
 * Refused ones, as a procfs mounted with hidepid=1 has them (proc(5)), are counted instead.
 */
int process_table_read(struct process_table *table, const struct procfs *procfs,
		       double now) MUST_CHECK;

/* Puts fresh processes into targets by the rules, their own or an ancestor's. */
void process_table_match(struct process_table *table, const struct procfs *procfs,
			 const struct config *config, struct target_table *targets, double now);

/* Matches one process again, now that the ports it listens on are known. */
void process_match_listening(struct process *process, const struct procfs *procfs,
			     struct process_table *table, const struct config *config,
			     const uint16_t *ports, size_t port_count,
			     struct target_table *targets, double now);

/*
 * A descriptor of /proc/<pid> that is this very process, not another one of the same number;
 * its stat is read again through it. 0, PID_GONE or -errno.
 */
int process_open(struct process *process, const struct procfs *procfs,
		 int *ret_directory) MUST_CHECK;

/* The process of that pid; NULL: there is none. */
struct process *process_table_find(const struct process_table *table, pid_t pid);

/*
 * The process that had this number `started` seconds after boot (CLOCK_BOOTTIME), now or in the
 * tick before; NULL: it is not known.
 */
struct process *process_table_find_at(const struct process_table *table, pid_t pid,
				      double started, double ticks);

/*
 * What is known of processes, but not their targets, from the table of another configuration.
 */
void process_table_inherit(struct process_table *table, const struct process_table *from);
