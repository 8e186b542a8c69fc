/*
 * Which rule of the configuration a process belongs to, and what the target is then called.
 * Pure: it sees facts, not processes.
 */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "config/config.h"
#include "source/cgroup.h"

/* What rules ask about; anything that could not be read is NULL, empty or false. */
struct match_facts {
	pid_t pid;
	const char *comm;
	const char *exe; /* path of the executable */
	struct bytes cmdline; /* arguments, each ended by NUL */
	uint64_t *steps; /* for all expressions together, see base/regex.h; NULL: for each */
	bool has_user;
	uid_t user;
	double start_time; /* seconds since 1970 */
	const char *cgroups; /* text of /proc/<pid>/cgroup */
	struct cgroup cgroup; /* what it says */
	const char *container; /* name of its container */
	const pid_t *pid_files; /* what the pid file of each alternative says, in their order */
	const uint16_t *listens; /* TCP ports it listens on */
	size_t listen_count;
	bool listens_unknown; /* conditions on ports are taken for fulfilled */
};

/* Which facts the rules of a configuration ask for. */
struct match_needs {
	bool exe, cmdline, user, cgroups, container, listen;
	size_t pid_files; /* alternatives, with or without a pid file */
};

struct match_needs match_needs(const struct config *config);

/*
 * The first rule that has an alternative all of whose conditions hold; NULL: none. Where `exe`
 * could not be read, which takes the right to ptrace, argv[0] stands in for it.
 */
const struct target_config *match_rule(const struct config *config,
				       const struct match_facts *facts);

/* Appends the name of the target that `rule` puts the process in. */
void match_write_name(const struct target_config *rule, const struct match_facts *facts,
		      struct text *name);

/* The part of a path behind the last slash. */
const char *match_base_name(const char *path);
