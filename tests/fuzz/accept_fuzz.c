/* Content negotiation: whatever a header holds, the answer is one of those there are. */
#include "expose/accept.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text header = { 0 };
	struct accept accept;

	text_append(&header, (const char *)data, size);
	accept = accept_parse(text_string(&header));
	assert(accept.format < PAGE_FORMAT_COUNT && accept.escaping < ACCEPT_ESCAPING_COUNT);
	assert(strstr(accept_content_type(accept), "; charset=utf-8"));
	accept_gzip(text_string(&header));
	text_deinit(&header);
	return 0;
}
