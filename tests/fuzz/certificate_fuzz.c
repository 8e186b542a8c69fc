/* What certificates say: what a server sends is anybody's. */
#include <assert.h>
#include <math.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "probe/certificate.h"
#include "probe/pkix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text)
{
	size_t length = strlen(text);

	assert(utf8_is_valid(text, length));
	assert(length <= 3 * PKIX_TEXT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data;
	X509 *certificate = d2i_X509(NULL, &at, (long)size);
	struct probe_tls_report report = { .earliest_expiry = NAN };
	STACK_OF(X509) *shown = sk_X509_new_null();
	struct arena arena = { 0 };

	if (certificate) {
		sk_X509_push(shown, certificate);
		certificate_describe(certificate, shown, &arena, &report);
		assert(!isinf(report.earliest_expiry));
		assert(strlen(report.fingerprint) == 64);
		check(report.subject);
		check(report.issuer);
		check(report.names);
		check(report.serial);
	}
	sk_X509_free(shown);
	X509_free(certificate);
	arena_deinit(&arena);
	return 0;
}
