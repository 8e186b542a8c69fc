/* /etc/hosts of a container, behind a line with the name to look for. */
#include <assert.h>
#include <stdint.h>

#include "base/text.h"
#include "probe/hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(text_deinit) struct text name = { 0 };
	struct bytes text = { (const char *)data, size }, line = { text.data, 0 };
	struct address all[16], first[1];
	size_t count;

	if (!bytes_take_line(&text, &line))
		return 0;
	text_append(&name, line.data, line.length);
	count = hosts_find(text, text_string(&name), all, 16);
	assert(count <= 16);
	assert(hosts_find(text, text_string(&name), first, 1) == (count > 0));
	assert(!count || address_equal(&all[0], &first[0]));
	for (size_t i = 1; i < count; i++)
		assert(!address_equal(&all[0], &all[i]));
	return 0;
}
