/*
 * libcurl would keep a parsed file for a day whatever happens to it (CURLOPT_CA_CACHE_TIMEOUT
 * (3)), and parse it anew for each handshake if there is a directory, too (vtls/openssl.c).
 */
#include "probe/authorities.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "probe/secret.h"

#define PEM_MAX ((size_t)16 * 1024 * 1024)

/* The authorities of so many files are kept. */
#define KEPT_MAX 8

static struct kept {
	char *key;
	X509_STORE *authorities;
} kept[KEPT_MAX];
static size_t kept_next;
static pthread_mutex_t kept_mutex = PTHREAD_MUTEX_INITIALIZER;

void authorities_close_pem(BIO **bio)
{
	BIO_free(*bio);
}

BIO *authorities_open_pem(const struct text *pem)
{
	BIO *bio = BIO_new_mem_buf(text_string(pem), (int)pem->length);

	if (!bio)
		abort();
	return bio;
}

int authorities_read_pem(const char *text, const char *file, struct text *into,
			 struct error *err)
{
	if (!text)
		return secret_read_file(file, PEM_MAX, into, err);
	text_append_string(into, text);
	return 0;
}

/* What else is in the file, and what is no certificate, does not matter. */
static bool add_certificates(X509_STORE *store, const struct text *pem)
{
	CLEANUP(authorities_close_pem) BIO *bio = authorities_open_pem(pem);
	bool any = false;
	X509 *certificate;
	long length;
	char *name, *header;
	unsigned char *data;

	while (PEM_read_bio(bio, &name, &header, &data, &length) == 1) {
		const unsigned char *at = data;

		certificate = strstr(name, "CERTIFICATE") ? d2i_X509(NULL, &at, length) : NULL;
		any |= certificate && X509_STORE_add_cert(store, certificate) == 1;
		X509_free(certificate);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(data);
	}
	ERR_clear_error();
	return any;
}

static X509_STORE *new_store(void)
{
	X509_STORE *store = X509_STORE_new();

	if (!store)
		abort();
	return store;
}

static X509_STORE *load(const char *text, const char *file, const char *directory,
			struct error *err)
{
	CLEANUP(text_deinit) struct text pem = { 0 };
	X509_STORE *store = new_store();

	if (directory)
		X509_STORE_load_path(store, directory);
	if (!text && !file)
		return store;
	if (authorities_read_pem(text, file, &pem, err) == 0 && add_certificates(store, &pem))
		return store;
	if (!err->text.length)
		error_set(err, -EINVAL, "%s: no certificate in it", file ? file : "ca");
	X509_STORE_free(store);
	return NULL;
}

/* Another file, or another state of it, is another key. */
static void write_key(const char *path, struct text *key)
{
	struct stat s = { 0 };

	if (!path || stat(path, &s) < 0)
		s.st_size = -1;
	text_printf(key, "%s %ju %jd %jd.%09ld %jd.%09ld\n", path ? path : "",
		    (uintmax_t)s.st_ino, (intmax_t)s.st_size, (intmax_t)s.st_mtim.tv_sec,
		    s.st_mtim.tv_nsec, (intmax_t)s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
}

static struct kept *find_kept(const char *key)
{
	for (size_t i = 0; i < KEPT_MAX; i++) {
		if (kept[i].key && !strcmp(kept[i].key, key))
			return &kept[i];
	}
	return NULL;
}

static X509_STORE *acquire_kept(const char *key)
{
	struct kept *entry;
	X509_STORE *authorities = NULL;

	pthread_mutex_lock(&kept_mutex);
	entry = find_kept(key);
	if (entry) {
		authorities = entry->authorities;
		X509_STORE_up_ref(authorities);
	}
	pthread_mutex_unlock(&kept_mutex);
	return authorities;
}

/* Unless another thread has read the same meanwhile. */
static void keep(const char *key, X509_STORE *authorities)
{
	struct kept *entry;

	pthread_mutex_lock(&kept_mutex);
	if (!find_kept(key)) {
		entry = &kept[kept_next++ % KEPT_MAX];
		free(entry->key);
		X509_STORE_free(entry->authorities);
		X509_STORE_up_ref(authorities);
		*entry = (struct kept){ memory_copy_string(key), authorities };
	}
	pthread_mutex_unlock(&kept_mutex);
}

/* A file may take its time, and others are not to wait for it: it is read without the mutex. */
static X509_STORE *load_or_find(const char *file, const char *directory, struct error *err)
{
	CLEANUP(text_deinit) struct text key = { 0 };
	X509_STORE *authorities;

	write_key(file, &key);
	write_key(directory, &key);
	authorities = acquire_kept(text_string(&key));
	if (authorities)
		return authorities;
	authorities = load(NULL, file, directory, err);
	if (authorities)
		keep(text_string(&key), authorities);
	return authorities;
}

/* Where distributions have the file. */
static const char *system_file(void)
{
	static const char *const files[] = {
		"/etc/ssl/certs/ca-certificates.crt", /* Debian, Gentoo, Arch */
		"/etc/pki/tls/certs/ca-bundle.crt", /* Fedora, RHEL */
		"/etc/ssl/ca-bundle.pem", /* SUSE */
		"/etc/ssl/cert.pem", /* Alpine */
	};

	for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
		if (!access(files[i], R_OK))
			return files[i];
	}
	return NULL;
}

/* Without any, no certificate is good, which is then said of it. */
static X509_STORE *system_authorities(void)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	const char *file = getenv(X509_get_default_cert_file_env());
	const char *directory = getenv(X509_get_default_cert_dir_env());
	X509_STORE *authorities;

	if (!file && !directory) {
		file = system_file();
		directory = file ? NULL : X509_get_default_cert_dir();
	}
	authorities = load_or_find(file, directory, &err);
	return authorities ? authorities : new_store();
}

X509_STORE *authorities_acquire(const struct tls_config *config, struct error *err)
{
	if (config->ca)
		return load(config->ca, NULL, NULL, err);
	if (config->ca_file)
		return load_or_find(config->ca_file, NULL, err);
	return config->insecure_skip_verify ? new_store() : system_authorities();
}
