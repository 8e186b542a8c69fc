/* Repair of UTF-8: the result is valid, and what was valid is unchanged. */
#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *input = (const char *)data;
	struct text repaired = { 0 };
	bool same;

	utf8_repair(&repaired, input, size);
	assert(utf8_is_valid(text_string(&repaired), repaired.length));
	same = repaired.length == size && memcmp(text_string(&repaired), input, size) == 0;
	assert(utf8_is_valid(input, size) == same);
	text_deinit(&repaired);
	return 0;
}
