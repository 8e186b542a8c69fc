/* Whatever is read about one process: stat, limits, status, cgroup, and its links. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "source/cgroup.h"
#include "source/pid.h"
#include "source/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes bytes = { (const char *)data, size };
	CLEANUP(text_deinit) struct text name = { 0 };
	struct pid_stat stat;
	uint64_t inode;
	uid_t user;

	if (pid_parse_stat(bytes, &stat))
		assert(memchr(stat.comm, '\0', sizeof(stat.comm)));
	assert(!(pid_parse_max_fds(bytes) < 0));
	if (pid_parse_user(bytes, &user))
		assert(size > sizeof("Uid:"));
	if (cgroup_parse_name(bytes, &name))
		assert(name.length > 0 && name.length < size);
	if (procfs_parse_inode(bytes, "socket", &inode))
		assert(size > sizeof("socket:[]") - 1);
	return 0;
}
