/*
 * What goes to another server than the probe's, after a redirect, is what Go's http.Client lets
 * go (net/http/client.go, shouldCopyHeaderOnRedirect): all headers but credentials and cookies.
 * Go counts subdomains as the same; here the same is scheme, host and port. A header that the
 * configuration knows to be a secret stays as well.
 *
 * Of several ways to say who we are the first one counts: a header, the URL, `basic_auth`,
 * `authorization`; as in Go and Prometheus' client.
 *
 * libcurl would call a body "application/x-www-form-urlencoded", and ask before it sends a
 * large one ("Expect: 100-continue"); Go does neither.
 */
#include "probe/request.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "probe/secret.h"

#define BODY_MAX ((size_t)16 * 1024 * 1024)

/* Beside those of the module: authorization, host, two that are not to be sent. */
#define MORE_LINES 4

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcasecmp(name, names[i]))
			return true;
	}
	return false;
}

static bool goes_elsewhere(const struct header_config *header)
{
	static const char *const kept[] = {
		"Authorization",      "Cookie", "Cookie2",
		"Proxy-Authenticate", "Host",	"Proxy-Authorization",
		"WWW-Authenticate"
	};

	return !is_one_of(header->name, kept, ARRAY_LENGTH(kept)) && !header->value.is_secret;
}

/* Headers that belong to a body. */
static bool is_of_body(const char *name)
{
	static const char *const names[] = { "Content-Type",	 "Content-Encoding",
					     "Content-Language", "Content-Length",
					     "Content-Location", "Expect" };

	return is_one_of(name, names, ARRAY_LENGTH(names));
}

static const char *find_line(const struct request *request, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < request->line_count; i++) {
		const char *line = request->lines[i];

		if (!strncasecmp(line, name, length) &&
		    (line[length] == ':' || line[length] == ';'))
			return line;
	}
	return NULL;
}

static void add_line(struct request *request, const char *line)
{
	request->lines[request->line_count++] = line;
}

/* Whoever writes a file must not write a second header, or a second request. */
static bool is_sendable(const struct text *value)
{
	for (size_t i = 0; i < value->length; i++) {
		unsigned char c = (unsigned char)value->data[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static int add_header(struct request *request, const char *name, const char *before,
		      const struct secret_config *secret, struct error *err)
{
	CLEANUP(text_deinit) struct text value = { 0 };
	int r;

	text_append_string(&value, before);
	r = secret_read(secret, &value, err);
	if (!r && !is_sendable(&value))
		r = error_set(err, -EINVAL, "the value of header %s has a line break", name);
	if (!r)
		add_line(request, value.length ? arena_printf(&request->arena, "%s: %s", name,
							      text_string(&value)) :
						 arena_printf(&request->arena, "%s;", name));
	if (value.data)
		explicit_bzero(value.data, value.capacity);
	return r;
}

static int add_headers(struct request *request, const struct probe_config *probe,
		       const struct request_aim *aim, struct error *err)
{
	const struct http_module *http = &probe->module->http;
	int r = 0;

	for (size_t i = 0; i < http->header_count && !r; i++) {
		const struct header_config *header = &http->headers[i];

		if ((!aim->is_own_server && !goes_elsewhere(header)) ||
		    (aim->drops_body && is_of_body(header->name)) ||
		    (probe->hostname && !strcasecmp(header->name, "Host")))
			continue;
		r = add_header(request, header->name, "", &header->value, err);
	}
	if (!r && probe->hostname && aim->is_own_server)
		r = add_header(request, "Host", "",
			       &(struct secret_config){ .text = probe->hostname }, err);
	return r;
}

static int set_basic(struct request *request, const struct http_module *http, struct error *err)
{
	CLEANUP(text_deinit) struct text user = { 0 }, password = { 0 };
	int r = secret_read(&http->basic_auth.username, &user, err);

	if (!r)
		r = secret_read(&http->basic_auth.password, &password, err);
	request->user = arena_copy(&request->arena, text_string(&user), user.length);
	request->password =
		arena_copy(&request->arena, text_string(&password), password.length);
	if (password.data)
		explicit_bzero(password.data, password.capacity);
	return r;
}

static int add_credentials(struct request *request, const struct http_module *http,
			   const struct request_aim *aim, struct error *err)
{
	const char *type = http->authorization.type ? http->authorization.type : "Bearer";

	if (!aim->is_own_server || find_line(request, "Authorization"))
		return 0;
	if (aim->user || aim->password) {
		request->user = arena_copy_string(&request->arena, aim->user ? aim->user : "");
		request->password =
			arena_copy_string(&request->arena, aim->password ? aim->password : "");
		return 0;
	}
	if (secret_is_set(&http->basic_auth.username) ||
	    secret_is_set(&http->basic_auth.password))
		return set_basic(request, http, err);
	if (!secret_is_set(&http->authorization.credentials))
		return 0;
	return add_header(request, "Authorization", arena_printf(&request->arena, "%s ", type),
			  &http->authorization.credentials, err);
}

static int add_body(struct request *request, const struct http_module *http,
		    const struct request_aim *aim, struct error *err)
{
	CLEANUP(text_deinit) struct text body = { 0 };
	int r = 0;

	/* Nobody expects a body here (RFC 9110, 9.3.2), and libcurl does not send one. */
	if (!strcmp(aim->method, "HEAD"))
		return 0;
	if (aim->drops_body || (!http->body && !http->body_file))
		return 0;
	if (http->body_file)
		r = secret_read_file(http->body_file, BODY_MAX, &body, err);
	else
		text_append(&body, http->body, http->body_length);
	request->body = arena_copy(&request->arena, text_string(&body), body.length);
	request->body_length = body.length;
	return r;
}

static void leave_out(struct request *request, const char *name)
{
	if (!find_line(request, name))
		add_line(request, arena_printf(&request->arena, "%s:", name));
}

static int build(const struct probe_config *probe, const struct request_aim *aim,
		 struct request *request, struct error *err)
{
	const struct http_module *http = &probe->module->http;
	int r;

	request->method = arena_copy_string(&request->arena, aim->method);
	request->lines = arena_alloc(&request->arena, http->header_count + MORE_LINES,
				     sizeof(*request->lines));
	r = add_headers(request, probe, aim, err);
	if (!r)
		r = add_credentials(request, http, aim, err);
	if (!r)
		r = add_body(request, http, aim, err);
	leave_out(request, "Content-Type");
	leave_out(request, "Expect");
	return r;
}

int request_build(const struct probe_config *probe, const struct request_aim *aim,
		  struct request *ret_request, struct error *err)
{
	struct request request = { 0 };
	int r = build(probe, aim, &request, err);

	if (r)
		request_deinit(&request);
	else
		*ret_request = request;
	return r;
}

int request_build_lines(const struct header_config *headers, size_t count,
			struct request *ret_request, struct error *err)
{
	struct request request = { 0 };
	int r = 0;

	request.lines = arena_alloc(&request.arena, count, sizeof(*request.lines));
	for (size_t i = 0; i < count && !r; i++)
		r = add_header(&request, headers[i].name, "", &headers[i].value, err);
	if (r)
		request_deinit(&request);
	else
		*ret_request = request;
	return r;
}

void request_deinit(struct request *request)
{
	arena_deinit(&request->arena);
	*request = (struct request){ 0 };
}

const char *request_host(const struct probe_config *probe)
{
	const struct http_module *http = &probe->module->http;

	if (probe->hostname)
		return probe->hostname;
	for (size_t i = 0; i < http->header_count; i++) {
		const char *host = http->headers[i].value.text;

		if (!strcasecmp(http->headers[i].name, "Host") && host && *host)
			return host;
	}
	return NULL;
}
