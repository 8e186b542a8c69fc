/* Certificates that tests make for themselves, and a TLS server's side of a connection. */
#pragma once

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define AUTHORITY_DAY ((long)24 * 60 * 60)

struct authority_pair {
	X509 *certificate;
	EVP_PKEY *key;
};

struct authority_wish {
	const char *subject; /* common name */
	const char *names; /* "DNS:a,IP:127.0.0.1"; NULL: none */
	const struct authority_pair *issuer; /* NULL: itself */
	long begins, ends; /* seconds from now; 0 and 0: from yesterday until in 30 days */
};

static inline void authority_require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static inline void authority_extend(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	authority_require(extension && X509_add_ext(certificate, extension, -1) == 1, value);
	X509_EXTENSION_free(extension);
}

static inline X509 *authority_begin(const struct authority_wish *wish)
{
	X509 *certificate = X509_new();
	static long serial = 0x0abc;
	bool usual = !wish->begins && !wish->ends;

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
	X509_gmtime_adj(X509_getm_notBefore(certificate),
			usual ? -AUTHORITY_DAY : wish->begins);
	X509_gmtime_adj(X509_getm_notAfter(certificate),
			usual ? 30 * AUTHORITY_DAY : wish->ends);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
				   (const unsigned char *)wish->subject, -1, -1, 0);
	authority_extend(certificate, NID_basic_constraints,
			 wish->issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
	if (wish->names)
		authority_extend(certificate, NID_subject_alt_name, wish->names);
	return certificate;
}

/* Signs what authority_begin() gave, after whatever else was done to it. */
static inline struct authority_pair authority_end(X509 *certificate,
						  const struct authority_pair *issuer)
{
	struct authority_pair pair = { certificate, EVP_EC_gen("P-256") };
	const struct authority_pair *signer = issuer ? issuer : &pair;

	X509_set_pubkey(certificate, pair.key);
	X509_set_issuer_name(certificate, X509_get_subject_name(signer->certificate));
	authority_require(X509_sign(certificate, signer->key, EVP_sha256()) > 0, "X509_sign");
	return pair;
}

static inline struct authority_pair authority_make(struct authority_wish wish)
{
	return authority_end(authority_begin(&wish), wish.issuer);
}

static inline void authority_pair_free(struct authority_pair *pair)
{
	X509_free(pair->certificate);
	EVP_PKEY_free(pair->key);
}

static inline char *authority_drain(BIO *bio)
{
	char *data, *copy;
	long length = BIO_get_mem_data(bio, &data);

	copy = strndup(data, (size_t)length);
	BIO_free(bio);
	return copy;
}

/* PEM, to be freed. */
static inline char *authority_certificate_pem(const struct authority_pair *pair)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, pair->certificate);
	return authority_drain(bio);
}

static inline char *authority_key_pem(const struct authority_pair *pair)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, pair->key, NULL, NULL, 0, NULL, NULL);
	return authority_drain(bio);
}

/* A server's; to be freed. */
static inline SSL_CTX *authority_server(const struct authority_pair *pair)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	authority_require(SSL_CTX_use_certificate(context, pair->certificate) == 1 &&
				  SSL_CTX_use_PrivateKey(context, pair->key) == 1,
			  "SSL_CTX_use_certificate");
	return context;
}
