/* The dates of certificates: what a server sends is anybody's. */
#include <assert.h>
#include <math.h>
#include <stdint.h>

#include "probe/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	double time = NAN;

	if (certificate_parse_time((struct bytes){ (const char *)data, size }, &time))
		assert(isfinite(time));
	else
		assert(isnan(time));
	return 0;
}
