/* Heads of answers, a line after the other; every header named in one has a value. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "probe/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = { (const char *)data, size }, line, value, at = { 0 };
	struct answer answer = { .keeps_head = true, .keeps_body = true, .body_max = 1000 };

	while (bytes_take_line(&rest, &line)) {
		if (!answer_take_line(&answer, (struct bytes){ line.data, line.length }))
			break;
	}
	while (answer_next_value(&answer, "X-A", &at, &value))
		assert(!memchr(value.data, '\n', value.length));
	if (answer_take_body(&answer, (struct bytes){ (const char *)data, size }))
		assert(answer.body.length == size && !answer.capped);
	answer_deinit(&answer);
	return 0;
}
