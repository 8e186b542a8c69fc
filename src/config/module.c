/*
 * blackbox_exporter sets `headers` and adds http_headers to them; of the latter, values come
 * before secrets and those before files (prometheus/common, config/headers.go).
 */
#include "config/module.h"

#include <string.h>
#include <strings.h>

/* As people call them. Such a header does not follow a redirect, see request.c. */
static bool is_secret_name(const char *header)
{
	static const char *const words[] = { "auth",	"cookie",    "credential", "jwt",
					     "key",	"passw",     "pwd",	   "secret",
					     "session", "signature", "token",	   "vault" };

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (strcasestr(header, words[i]))
			return true;
	}
	return false;
}

static void append(struct header_config *headers, size_t *count, const char *name,
		   struct secret_config value)
{
	value.is_secret |= value.file || value.variable || (name && is_secret_name(name));
	headers[(*count)++] = (struct header_config){ .name = name, .value = value };
}

static void append_values(struct header_config *headers, size_t *count,
			  const struct header_values_config *from)
{
	for (size_t i = 0; i < from->values.count; i++)
		append(headers, count, from->name,
		       (struct secret_config){ .text = from->values.items[i] });
	for (size_t i = 0; i < from->secrets.count; i++)
		append(headers, count, from->name,
		       (struct secret_config){ .text = from->secrets.items[i],
					       .is_secret = true });
	for (size_t i = 0; i < from->files.count; i++)
		append(headers, count, from->name,
		       (struct secret_config){ .file = from->files.items[i] });
}

static size_t count_values(const struct header_values_config *from, size_t count)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += from[i].values.count + from[i].secrets.count + from[i].files.count;
	return total;
}

static void complete_headers(struct http_module *http, struct arena *arena)
{
	const struct header_config *given = http->given.headers;
	size_t count = 0;

	http->headers = arena_alloc(arena,
				    http->given.header_count +
					    count_values(http->given.http_headers,
							 http->given.http_header_count),
				    sizeof(*http->headers));
	for (size_t i = 0; i < http->given.header_count; i++)
		append(http->headers, &count, given[i].name, given[i].value);
	for (size_t i = 0; i < http->given.http_header_count; i++)
		append_values(http->headers, &count, &http->given.http_headers[i]);
	http->header_count = count;
}

static void complete_connect_headers(struct http_module *http, struct arena *arena)
{
	const struct header_values_config *from = http->given.proxy_connect_headers;
	size_t from_count = http->given.proxy_connect_header_count;

	http->proxy_connect_headers = arena_alloc(arena, count_values(from, from_count),
						  sizeof(*http->proxy_connect_headers));
	for (size_t i = 0; i < from_count; i++)
		append_values(http->proxy_connect_headers, &http->proxy_connect_header_count,
			      &from[i]);
}

/* blackbox_exporter's example has a name that Go never has for it. */
static void complete_versions(struct string_list *versions)
{
	for (size_t i = 0; i < versions->count; i++) {
		if (!strcmp(versions->items[i], "HTTP/2"))
			versions->items[i] = "HTTP/2.0";
	}
}

void module_complete(struct module_config *module, struct arena *arena)
{
	struct http_module *http = &module->http;
	const struct secret_config *credentials = &http->authorization.credentials;

	http->follow_redirects &= !http->given.no_follow_redirects;
	complete_versions(&http->valid_http_versions);
	complete_headers(http, arena);
	complete_connect_headers(http, arena);
	if (!credentials->text && !credentials->file && !credentials->variable)
		http->authorization.type = NULL;
}
