/* The lines of /proc/net/tcp and tcp6. What is accepted must be a row that can be joined. */
#include <assert.h>
#include <stdint.h>

#include "source/net_tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = { (const char *)data, size }, line;
	struct socket_row row;

	while (bytes_take_line(&rest, &line)) {
		if (!net_tcp_parse(line, &row))
			continue;
		assert(row.state > 0 && row.state < TCP_STATE_COUNT);
		assert(line.length >= sizeof("0 00000000:0 00000000:0 1 0:0 0 0 0 0 0") - 1);
	}
	return 0;
}
