/* Names of containers, from Docker's JSON and from names of log files: short, or none. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "source/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_config(struct bytes bytes)
{
	CLEANUP(text_deinit) struct text name = { 0 }, value = { 0 };
	bool is_string = json_find_string(bytes, "Name", &value);

	if (!container_parse_config(bytes, &name)) {
		assert(!name.length);
		return;
	}
	assert(is_string && value.length < bytes.length);
	assert(name.length > 0 && name.length <= 255);
	assert(strlen(text_string(&name)) == name.length);
	assert(strstr(text_string(&value), text_string(&name)));
}

static void check_log(struct bytes bytes)
{
	struct bytes name, id;

	if (!container_parse_log(bytes, &name, &id))
		return;
	assert(name.data == bytes.data && name.length >= sizeof("a_b_c") - 1);
	assert(cgroup_is_id(id) && id.data + id.length + 4 == bytes.data + bytes.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes bytes = { (const char *)data, size };

	check_config(bytes);
	check_log(bytes);
	return 0;
}
