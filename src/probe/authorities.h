/*
 * Whom a connection trusts: certificates that are read from files, and kept, because to parse a
 * system's file of them costs more than a handshake. A file that has changed is read again.
 */
#pragma once

#include "base/error.h"
#include "config/module.h"

struct x509_store_st; /* OpenSSL's X509_STORE */
struct bio_st; /* OpenSSL's BIO */

/*
 * Those of the configuration, else the system's: SSL_CERT_FILE and SSL_CERT_DIR, else where
 * distributions have them; it may have none. A reference for the caller, to be given back to
 * OpenSSL; NULL with a reason when the configuration's cannot be read. Any thread may ask.
 */
struct x509_store_st *authorities_acquire(const struct tls_config *config,
					  struct error *err) MUST_CHECK;

/* Reads `text`, or, when it is NULL, `file`, which is not large. 0 or -errno. */
int authorities_read_pem(const char *text, const char *file, struct text *into,
			 struct error *err) MUST_CHECK;

/* For OpenSSL to read from `pem`, which must outlive it. */
struct bio_st *authorities_open_pem(const struct text *pem);
void authorities_close_pem(struct bio_st **bio); /* for CLEANUP; takes NULL */
