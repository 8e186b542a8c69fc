/*
 * The rules are those of golang.org/x/net/http/httpproxy: an entry of no_proxy is "*", an
 * address, a prefix, or a domain (with its subdomains; those alone when it begins with a dot or
 * "*."), and may end in a port. This machine itself is exempt always, but for a `proxy_url`
 * without a list. Names in capitals come first.
 */
#include "probe/proxy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/memory.h"

static const char *variable(const char *upper, const char *lower)
{
	const char *value = getenv(upper);

	return value && *value ? value : getenv(lower);
}

/* Without brackets; a heap string. */
static char *bare(const char *host)
{
	char *copy = memory_copy_string(host + (host[0] == '['));
	size_t length = strlen(copy);

	if (length && (copy[length - 1] == ']' || copy[length - 1] == '.'))
		copy[length - 1] = '\0';
	return copy;
}

static bool is_here(const char *host, const struct address *address)
{
	struct prefix loopback;

	if (!address)
		return !strcasecmp(host, "localhost");
	return (!prefix_parse("127.0.0.0/8", &loopback) &&
		prefix_contains(&loopback, address)) ||
	       (!prefix_parse("::1/128", &loopback) && prefix_contains(&loopback, address));
}

static bool ends_with(const char *host, const char *domain)
{
	size_t length = strlen(host), tail = strlen(domain);

	return length >= tail && !strcasecmp(host + length - tail, domain);
}

static bool matches_domain(const char *domain, const char *host)
{
	if (!strncmp(domain, "*.", 2))
		domain++;
	if (domain[0] == '.')
		return ends_with(host, domain);
	return !strcasecmp(host, domain) ||
	       (ends_with(host, domain) && strlen(host) > strlen(domain) &&
		host[strlen(host) - strlen(domain) - 1] == '.');
}

/* Cuts the port off; "": none. An address of IPv6 has one behind brackets only. */
static const char *cut_port(char *entry)
{
	char *colon = strrchr(entry, ':');

	if (!colon || (entry[0] != '[' && strchr(entry, ':') != colon) ||
	    (entry[0] == '[' && colon[-1] != ']'))
		return "";
	*colon = '\0';
	return colon + 1;
}

static bool matches(char *entry, const char *host, const struct address *address,
		    const char *port)
{
	CLEANUP(memory_free_pointer) char *name = NULL;
	struct prefix prefix;
	const char *entry_port;

	if (!strcmp(entry, "*"))
		return true;
	if (strchr(entry, '/'))
		return address && !prefix_parse(entry, &prefix) &&
		       prefix_contains(&prefix, address);
	entry_port = cut_port(entry);
	name = bare(entry);
	if (!*name || (*entry_port && strcmp(entry_port, port) != 0))
		return false;
	if (!prefix_parse(name, &prefix))
		return address && prefix_contains(&prefix, address);
	return !address && matches_domain(name, host);
}

static char *trimmed(struct bytes word)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct bytes blank;

	if (!bytes_take_word(&word, &blank))
		blank.length = 0;
	text_append(&text, blank.data, blank.length);
	return memory_copy_string(text_string(&text));
}

bool proxy_is_exempt(const char *no_proxy, const char *host, const char *port)
{
	CLEANUP(memory_free_pointer) char *name = bare(host);
	struct bytes rest = bytes_from_string(no_proxy), word;
	struct address parsed, *address = address_parse(name, &parsed) < 0 ? NULL : &parsed;
	bool more = true;

	if (is_here(name, address))
		return true;
	while (more) {
		CLEANUP(memory_free_pointer) char *entry = NULL;

		more = bytes_take_until(&rest, ',', &word);
		entry = trimmed(more ? word : rest);
		if (matches(entry, name, address, port))
			return true;
	}
	return false;
}

static bool choose_of_environment(const char *scheme, const char *host, const char *port,
				  struct text *into)
{
	bool secure = !strcmp(scheme, "https");
	const char *proxy = secure ? variable("HTTPS_PROXY", "https_proxy") :
				     variable("HTTP_PROXY", "http_proxy");
	const char *exempt = variable("NO_PROXY", "no_proxy");

	if (!proxy || !*proxy || proxy_is_exempt(exempt ? exempt : "", host, port))
		return false;
	if (!strstr(proxy, "://"))
		text_append_string(into, "http://");
	text_append_string(into, proxy);
	return true;
}

bool proxy_choose(const struct http_module *http, const char *scheme, const char *host,
		  const char *port, struct text *into)
{
	if (http->proxy_from_environment)
		return choose_of_environment(scheme, host, port, into);
	if (!http->proxy_url)
		return false;
	if (http->no_proxy && *http->no_proxy && proxy_is_exempt(http->no_proxy, host, port))
		return false;
	text_append_string(into, http->proxy_url);
	return true;
}
