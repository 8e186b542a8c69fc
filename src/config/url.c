/*
 * Stricter than RFC 3986: what libcurl would make of an odd URL should not decide what is
 * probed. Credentials are allowed, and no message quotes a URL because of them.
 */
#include "config/url.h"

#include <errno.h>
#include <string.h>

#include "base/address.h"

static const struct {
	const char *prefix;
	enum url_scheme scheme;
	uint16_t port;
} schemes[] = {
	{ "http://", URL_HTTP, 80 },
	{ "https://", URL_HTTPS, 443 },
	{ "tcp://", URL_TCP, 0 },
};

static bool is_host_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

bool url_is_host(struct bytes name)
{
	for (size_t i = 0; i < name.length; i++) {
		if (!is_host_character(name.data[i]))
			return false;
	}
	return name.length && name.data[0] != '-' && name.data[0] != '.';
}

static bool is_ipv6(struct bytes name)
{
	struct address address;

	return memchr(name.data, ':', name.length) && address_parse_bytes(name, &address) == 0;
}

/* Everything after the scheme up to the path; moves the port, if any, into `ret_port`. */
static int split_port(struct bytes authority, struct bytes *ret_host, struct bytes *ret_port,
		      struct error *err)
{
	const char *end = authority.data + authority.length, *colon;

	*ret_host = authority;
	if (bytes_starts_with(authority, "[")) {
		const char *close = memchr(authority.data, ']', authority.length);

		if (!close)
			return error_set(err, -EINVAL, "the URL has [ without ]");
		*ret_host = (struct bytes){ authority.data + 1,
					    (size_t)(close - authority.data - 1) };
		if (!is_ipv6(*ret_host) || (close + 1 < end && close[1] != ':'))
			return error_set(err, -EINVAL,
					 "the URL has no IPv6 address between [ and ]");
		colon = close + 1 < end ? close + 1 : NULL;
	} else {
		colon = memchr(authority.data, ':', authority.length);
		if (colon)
			ret_host->length = (size_t)(colon - authority.data);
		if (!url_is_host(*ret_host))
			return error_set(err, -EINVAL, "the URL has no valid host");
	}
	*ret_port = colon ? (struct bytes){ colon + 1, (size_t)(end - colon - 1) } :
			    (struct bytes){ end, 0 };
	if (colon && !ret_port->length)
		return error_set(err, -EINVAL, "the URL has : without a port");
	return 0;
}

static int parse_port(struct bytes digits, struct url *url, struct error *err)
{
	uint64_t port = url->port;

	if (digits.length && !bytes_parse_u64(digits, 10, &port))
		port = 0;
	if (digits.length && (port < 1 || port > UINT16_MAX))
		return error_set(err, -EINVAL, "the URL's port is not 1 to 65535");
	if (!port)
		return error_set(err, -EINVAL, "the URL needs a port: tcp://host:port");
	url->port = (uint16_t)port;
	return 0;
}

/* "user:password@", up to the last @, as libcurl has it. */
static void skip_credentials(struct bytes *authority)
{
	const char *at = memrchr(authority->data, '@', authority->length);

	if (!at)
		return;
	authority->length -= (size_t)(at + 1 - authority->data);
	authority->data = at + 1;
}

static int check_characters(const char *string, struct error *err)
{
	for (const char *c = string; *c; c++) {
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
			return error_set(
				err, -EINVAL,
				"the URL holds a character that must be written as %%xx");
	}
	return 0;
}

int url_parse(const char *string, struct url *ret_url, struct error *err)
{
	struct bytes authority = { 0 }, digits = { 0 };
	struct url url = { 0 };
	const char *end;

	for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
		size_t length = strlen(schemes[i].prefix);

		if (strncmp(string, schemes[i].prefix, length) != 0)
			continue;
		url = (struct url){ .scheme = schemes[i].scheme, .port = schemes[i].port };
		authority = (struct bytes){ string + length, strcspn(string + length, "/?#") };
	}
	if (!authority.data)
		return error_set(err, -EINVAL,
				 "the URL must begin with http://, https:// or tcp://");
	end = authority.data + authority.length;
	if (url.scheme == URL_TCP && strchr(string, '@'))
		return error_set(err, -EINVAL, "a tcp:// URL has no credentials");
	skip_credentials(&authority);
	if (url.scheme == URL_TCP && *end)
		return error_set(err, -EINVAL, "a tcp:// URL ends after the port");
	if (check_characters(string, err) < 0 ||
	    split_port(authority, &url.host, &digits, err) < 0 ||
	    parse_port(digits, &url, err) < 0)
		return -EINVAL;
	*ret_url = url;
	return 0;
}

bool url_is_authority(struct bytes authority)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct url url = { .port = 80 };
	struct bytes digits = { 0 };

	return is_ipv6(authority) || (split_port(authority, &url.host, &digits, &err) == 0 &&
				      parse_port(digits, &url, &err) == 0);
}
