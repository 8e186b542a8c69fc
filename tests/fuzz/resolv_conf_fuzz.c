/*
 * /etc/resolv.conf of a container: there is always a server, numbers are in their limits, and
 * pieces are pieces of what was read.
 */
#include <assert.h>
#include <stdint.h>

#include "probe/resolv_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct bytes piece, struct bytes whole)
{
	assert(!piece.length || (piece.data >= whole.data &&
				 piece.data + piece.length <= whole.data + whole.length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes text = { (const char *)data, size };
	struct resolv_conf conf;

	resolv_conf_parse(text, &conf);
	assert(conf.server_count >= 1 && conf.server_count <= RESOLV_CONF_SERVERS_MAX);
	assert(conf.search_count <= RESOLV_CONF_SEARCH_MAX);
	assert(conf.ndots <= 15 && conf.timeout >= 1 && conf.timeout <= 30);
	assert(conf.attempts >= 1 && conf.attempts <= 5);
	for (size_t i = 0; i < conf.server_count; i++)
		check_inside(conf.servers[i].scope, text);
	for (size_t i = 0; i < conf.search_count; i++) {
		assert(conf.search[i].length);
		check_inside(conf.search[i], text);
	}
	return 0;
}
