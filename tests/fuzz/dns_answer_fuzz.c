/* What a name server answers: in both families, never more than there is room for. */
#include <assert.h>
#include <stdint.h>
#include <sys/socket.h>

#include "probe/dns_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct bytes message, int family)
{
	struct address addresses[4];
	size_t count = 1;
	enum dns_answer answer = dns_answer_read(message, family, addresses, 4, &count);

	assert(count >= 1 && count <= 4);
	assert((answer == DNS_ANSWER_FOUND) == (count > 1));
	for (size_t i = 1; i < count && family == AF_INET; i++)
		assert(address_is_ipv4(&addresses[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes message = { (const char *)data, size };

	check(message, AF_INET);
	check(message, AF_INET6);
	return 0;
}
