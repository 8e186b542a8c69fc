/*
 * /proc/<pid>/cgroup: whatever is found lies inside of what was read, in a path of it, and what
 * is found of a container and a unit is what it seems to be.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/glob.h"
#include "source/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct bytes piece, struct bytes whole)
{
	assert(!piece.length || (piece.data >= whole.data &&
				 piece.data + piece.length <= whole.data + whole.length));
}

static void check_name(const struct cgroup *cgroup, struct bytes bytes)
{
	CLEANUP(text_deinit) struct text name = { 0 };
	bool found = cgroup_parse_name(bytes, &name);

	assert(found == (cgroup->container.length || cgroup->container_name.length ||
			 cgroup->service.length));
	assert(found == (name.length > 0));
}

static void check_matching(const struct cgroup *cgroup)
{
	CLEANUP(text_deinit) struct text id = { 0 }, pod = { 0 };

	text_append(&id, cgroup->container.data, cgroup->container.length);
	text_append(&pod, cgroup->pod.data, cgroup->pod.length);
	assert(!id.length || cgroup_has_reference(cgroup, text_string(&id)));
	assert(!pod.length || cgroup_has_reference(cgroup, text_string(&pod)));
	assert(glob_match("/**", cgroup->path));
	/* The kernel writes no NUL. */
	if (cgroup->service.length && !memchr(cgroup->path.data, '\0', cgroup->path.length))
		assert(cgroup_is_in_unit(cgroup, "*.service"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes bytes = { (const char *)data, size };
	struct cgroup cgroup;

	cgroup_parse(bytes, &cgroup);
	assert(!cgroup.path.length || *cgroup.path.data == '/');
	assert(!cgroup.container.length || cgroup_is_id(cgroup.container));
	assert(!cgroup.container.length || !cgroup.container_name.length);
	check_inside(cgroup.path, bytes);
	check_inside(cgroup.host_path, cgroup.path);
	check_inside(cgroup.container, cgroup.path);
	check_inside(cgroup.container_name, cgroup.path);
	check_inside(cgroup.pod, cgroup.path);
	check_inside(cgroup.service, cgroup.host_path);
	check_name(&cgroup, bytes);
	check_matching(&cgroup);
	return 0;
}
