/*
 * Anybody can make a certificate: names may have thousands of parts or be as long as OpenSSL
 * takes at all (100 kB, SSL_CTX_set_max_cert_list(3)), hold NULs or what is not UTF-8.
 */
#include "probe/certificate.h"

#include <math.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "probe/pkix.h"

/* The parts of a name beyond these are left out. */
#define ATTRIBUTES_MAX 100

/* NAN for what is no time. */
static double expiry_of(const X509 *certificate)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
		return NAN;
	return (double)timegm(&tm);
}

double certificate_earliest_expiry(STACK_OF(X509) * certificates)
{
	double earliest = NAN;

	for (int i = 0; i < sk_X509_num(certificates); i++)
		earliest = fmin(earliest, expiry_of(sk_X509_value(certificates, i)));
	return earliest;
}

static const char *release_to(struct arena *arena, const struct text *text)
{
	return arena_copy(arena, text_string(text), text->length);
}

static const char *hexadecimal(struct arena *arena, const unsigned char *bytes, size_t count)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	for (size_t i = 0; i < count && text.length < PKIX_TEXT_MAX; i++)
		text_printf(&text, "%02x", bytes[i]);
	return release_to(arena, &text);
}

static struct pkix_attribute attribute(struct arena *arena, const X509_NAME_ENTRY *entry)
{
	const ASN1_STRING *string = X509_NAME_ENTRY_get_data(entry);
	unsigned char *utf8 = NULL;
	char type[80] = "";
	int length = ASN1_STRING_to_UTF8(&utf8, string);
	struct bytes value = { (const char *)ASN1_STRING_get0_data(string),
			       (size_t)ASN1_STRING_length(string) };

	OBJ_obj2txt(type, sizeof(type), X509_NAME_ENTRY_get_object(entry), 1);
	if (length >= 0)
		value = (struct bytes){ (const char *)utf8, (size_t)length };
	value.data = arena_copy(arena, value.data, value.length);
	OPENSSL_free(utf8);
	return (struct pkix_attribute){ arena_copy_string(arena, type), value };
}

static const char *name_text(struct arena *arena, const X509_NAME *name)
{
	struct pkix_attribute attributes[ATTRIBUTES_MAX];
	CLEANUP(arena_deinit) struct arena scratch = { 0 };
	CLEANUP(text_deinit) struct text text = { 0 };
	size_t count = 0;

	for (int i = 0; i < X509_NAME_entry_count(name) && count < ATTRIBUTES_MAX; i++)
		attributes[count++] = attribute(&scratch, X509_NAME_get_entry(name, i));
	pkix_write_name(attributes, count, &text);
	return release_to(arena, &text);
}

static void write_names(const GENERAL_NAMES *names, struct text *text)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS || text->length > PKIX_TEXT_MAX)
			continue;
		if (text->length)
			text_append_char(text, ',');
		text_append(text, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
			    (size_t)ASN1_STRING_length(name->d.dNSName));
	}
}

static const char *names_text(struct arena *arena, const X509 *certificate)
{
	CLEANUP(text_deinit) struct text raw = { 0 }, text = { 0 };
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	if (names)
		write_names(names, &raw);
	GENERAL_NAMES_free(names);
	pkix_write_text((struct bytes){ text_string(&raw), raw.length }, &text);
	return release_to(arena, &text);
}

static const char *serial_text(struct arena *arena, const X509 *certificate)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);
	size_t length = (size_t)ASN1_STRING_length(serial);

	while (length && !*bytes) {
		bytes++;
		length--;
	}
	return hexadecimal(arena, bytes, length);
}

static const char *fingerprint_text(struct arena *arena, const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	X509_digest(certificate, EVP_sha256(), digest, &length);
	return hexadecimal(arena, digest, length);
}

void certificate_describe(const X509 *own, STACK_OF(X509) * shown, struct arena *arena,
			  struct probe_tls_report *into)
{
	into->earliest_expiry = certificate_earliest_expiry(shown);
	into->fingerprint = fingerprint_text(arena, own);
	into->subject = name_text(arena, X509_get_subject_name(own));
	into->issuer = name_text(arena, X509_get_issuer_name(own));
	into->names = names_text(arena, own);
	into->serial = serial_text(arena, own);
}
