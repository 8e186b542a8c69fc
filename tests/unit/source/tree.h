/*
 * Files and links in a temporary directory, for what reads below --path.procfs. Whatever
 * cannot be written aborts: the test could only go wrong in a more confusing way.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

struct tree {
	char path[sizeof("/tmp/tree-XXXXXX")];
	int directory;
};

static inline void tree_require(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	abort();
}

static inline int tree_remove_one(const char *path, const struct stat *status, int kind,
				  struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path);
}

/* Removes a file, a link, or a folder with all that is in it. */
static inline void tree_remove(const struct tree *tree, const char *name)
{
	CLEANUP(text_deinit) struct text path = { 0 };

	text_printf(&path, "%s/%s", tree->path, name);
	tree_require(!nftw(text_string(&path), tree_remove_one, 8, FTW_DEPTH | FTW_PHYS), name);
}

static inline void tree_deinit(struct tree *tree)
{
	tree_remove(tree, "");
	file_close(&tree->directory);
}

static inline void tree_make_folders(const struct tree *tree, const char *name)
{
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		CLEANUP(text_deinit) struct text folder = { 0 };

		text_append(&folder, name, (size_t)(slash - name));
		if (mkdirat(tree->directory, text_string(&folder), 0755) < 0)
			tree_require(errno == EEXIST, name);
	}
}

static inline void tree_write_bytes(const struct tree *tree, const char *name, const char *data,
				    size_t length)
{
	int fd;

	tree_make_folders(tree, name);
	fd = openat(tree->directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	tree_require(fd >= 0 && write(fd, data, length) == (ssize_t)length, name);
	file_close(&fd);
}

static inline void tree_write(const struct tree *tree, const char *name, const char *content)
{
	tree_write_bytes(tree, name, content, strlen(content));
}

static inline void tree_link(const struct tree *tree, const char *name, const char *to)
{
	tree_make_folders(tree, name);
	if (unlinkat(tree->directory, name, 0) < 0)
		tree_require(errno == ENOENT, name);
	tree_require(!symlinkat(to, tree->directory, name), name);
}

static inline void tree_init(struct tree *tree)
{
	strcpy(tree->path, "/tmp/tree-XXXXXX");
	tree_require(mkdtemp(tree->path) != NULL, "mkdtemp");
	tree->directory = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tree_require(tree->directory >= 0, tree->path);
	tree_write(tree, "stat", "cpu  1 2 3 4\nbtime 1700000000\nprocesses 5\n");
}

/* A descriptor of the /proc/<pid> of a process that was there and is no more. */
static inline int tree_open_ended_process(void)
{
	CLEANUP(text_deinit) struct text path = { 0 };
	int ends[2], status, directory;
	pid_t pid;

	tree_require(!pipe(ends), "pipe");
	pid = fork();
	if (!pid) {
		close(ends[1]);
		_exit(read(ends[0], &status, 1) != 0);
	}
	text_printf(&path, "/proc/%d", pid);
	directory = open(text_string(&path), O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree_require(directory >= 0, text_string(&path));
	close(ends[0]);
	close(ends[1]);
	tree_require(waitpid(pid, &status, 0) == pid, "waitpid");
	return directory;
}
