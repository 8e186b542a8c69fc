/* What procfs tells about one process outside its descriptors. See proc(5). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/text.h"

/* fs/proc/array.c, proc_task_name(): a task's name is at most 63 bytes there, usually 15. */
#define PID_COMM_SIZE 64

/* Of /proc/<pid>/stat; numbers as there. */
struct pid_stat {
	char comm[PID_COMM_SIZE];
	pid_t parent;
	bool kernel_thread;
	bool zombie; /* its main thread has ended; with threads > 1 others go on */
	uint32_t threads;
	uint64_t start_ticks; /* since boot, USER_HZ */
	uint64_t resident_pages;
};

/* False when it is not the text of a stat file. The name may hold blanks and parentheses. */
bool pid_parse_stat(struct bytes stat, struct pid_stat *ret_stat) MUST_CHECK;

/*
 * The soft limit of "Max open files" in the text of /proc/<pid>/limits; +Inf for "unlimited";
 * NAN when the line is not there.
 */
double pid_parse_max_fds(struct bytes limits);

/* The effective user of the text of /proc/<pid>/status ("Uid:", second number). */
bool pid_parse_user(struct bytes status, uid_t *ret_user) MUST_CHECK;

/* Each of these reads below the directory of a process: 0, PID_GONE, or -errno. */
int pid_read_stat(int directory, struct pid_stat *ret_stat) MUST_CHECK;
int pid_read_max_fds(int directory, double *ret_max) MUST_CHECK;
int pid_read_user(int directory, uid_t *ret_user) MUST_CHECK;
int pid_read_netns(int directory, uint64_t *ret_inode) MUST_CHECK;

/*
 * The inode of /proc/<pid>/net/tcp, which every network namespace has its own of, and which
 * needs no privilege.
 */
int pid_read_netns_table(int directory, uint64_t *ret_inode) MUST_CHECK;

/* Replaces `into` by the path of the executable, without the kernel's " (deleted)". */
int pid_read_exe(int directory, struct text *into) MUST_CHECK;

/*
 * Replaces `into` by the command line as in the file: arguments ended by NUL. -EFBIG above 2
 * MiB (ARG_MAX of an 8 MiB stack), then `into` is empty.
 */
int pid_read_cmdline(int directory, struct text *into) MUST_CHECK;
