/* The URLs that a probe can have: http://, https:// and tcp://host:port. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

enum url_scheme { URL_HTTP, URL_HTTPS, URL_TCP };

struct url {
	enum url_scheme scheme;
	struct bytes host; /* a slice of the string; of an IPv6 address without the brackets */
	uint16_t port; /* the scheme's, when there is none in the URL */
};

/* 0; or -EINVAL and what is wrong in `err`, which never quotes what may be a secret. */
int url_parse(const char *string, struct url *ret_url, struct error *err) MUST_CHECK;

/* Whether this is a host name, or an IPv4 address, by its characters. */
bool url_is_host(struct bytes name);

/* Whether this is a host name or an address, with a port or without, and nothing else. */
bool url_is_authority(struct bytes authority);
