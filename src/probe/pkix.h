/*
 * Names of certificates as Go writes them (pkix.Name.String), so that they are the same words
 * as in blackbox_exporter's labels.
 */
#pragma once

#include "base/bytes.h"
#include "base/text.h"

/* A part of a distinguished name. */
struct pkix_attribute {
	const char *type; /* "2.5.4.3" */
	struct bytes value; /* UTF-8 it should be */
};

/* Longer names are cut. */
#define PKIX_TEXT_MAX ((size_t)16 * 1024)

/* Appends "CN=a,O=b"; the attributes are in the order of the certificate. */
void pkix_write_name(const struct pkix_attribute *attributes, size_t count, struct text *text);

/* Appends what others wrote: at most PKIX_TEXT_MAX bytes of UTF-8, without NULs. */
void pkix_write_text(struct bytes bytes, struct text *text);
