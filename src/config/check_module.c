/*
 * The combinations that blackbox_exporter refuses (config/config.go there, and Validate() in
 * prometheus/common, config/http_config.go), and what it can and this program cannot.
 */
#include "config/checker.h"

#include <string.h>
#include <strings.h>

/* Ends the lists of keys that exclude each other. */
#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void check_tls(struct checker *checker, struct node *node, const struct tls_config *tls)
{
	struct node *cert, *key, *version;

	if (!node)
		return;
	checker_exclude(checker, node, KEYS("ca", "ca_file"));
	checker_exclude(checker, node, KEYS("cert", "cert_file"));
	checker_exclude(checker, node, KEYS("key", "key_file"));
	cert = checker_given(node, tls->cert ? "cert" : "cert_file");
	key = checker_given(node, tls->key ? "key" : "key_file");
	if (cert && !key)
		node_complain(node, checker->problems,
			      "tls_config: a certificate needs its key: key_file or key");
	if (key && !cert)
		node_complain(node, checker->problems,
			      "tls_config: a key needs its certificate: cert_file or cert");
	version = node_get(node, "min_version");
	if (tls->max_version && tls->min_version > tls->max_version)
		node_complain(version, checker->problems,
			      "min_version: %s is newer than max_version", version->text);
}

static void check_authorization(struct checker *checker, struct node *node)
{
	struct node *type = node_get(node, "type");

	checker_exclude(checker, node,
			KEYS("credentials", "credentials_file", "credentials_env"));
	if (type && type->kind == NODE_SCALAR && !strcasecmp(type->text, "basic"))
		node_complain(type, checker->problems,
			      "type: %s has a key of its own, basic_auth", type->text);
	if (!checker_given(node, "credentials") && !checker_given(node, "credentials_file") &&
	    !checker_given(node, "credentials_env") && !checker_has_bad_item(node))
		node_complain(node, checker->problems,
			      "authorization: needs credentials, credentials_file or "
			      "credentials_env");
}

static void check_credentials(struct checker *checker, struct node *node)
{
	struct node *basic = node_get(node, "basic_auth");
	struct node *authorization = node_get(node, "authorization");

	checker_exclude(checker, node,
			KEYS("basic_auth", "authorization", "oauth2", "bearer_token",
			     "bearer_token_file"));
	if (basic) {
		checker_exclude(checker, basic,
				KEYS("username", "username_file", "username_env"));
		checker_exclude(checker, basic,
				KEYS("password", "password_file", "password_env"));
	}
	if (authorization && authorization->kind == NODE_MAPPING)
		check_authorization(checker, authorization);
}

static void check_proxy(struct checker *checker, struct node *node,
			const struct http_module *http)
{
	struct node *url = checker_given(node, "proxy_url"), *other;

	if (url && http->proxy_from_environment)
		node_complain(url, checker->problems,
			      "proxy_url: excludes proxy_from_environment, which is given");
	other = checker_given(node, "no_proxy");
	if (other && !url)
		node_complain(other, checker->problems, "no_proxy: only with proxy_url");
	other = node_get(node, "proxy_connect_header");
	if (other && other->count && !url && !http->proxy_from_environment)
		node_complain(other, checker->problems,
			      "proxy_connect_header: only with proxy_url or "
			      "proxy_from_environment");
}

/* Prometheus' list of headers that have a key of their own, or are the connection's matter. */
static void check_http_headers(struct checker *checker, struct node *node)
{
	static const char *const reserved[] = { "Authorization",    "Host",
						"Content-Encoding", "Content-Length",
						"Content-Type",	    "User-Agent",
						"Connection",	    "Keep-Alive",
						"Www-Authenticate", "Proxy-Authenticate",
						"Accept-Encoding",  "Proxy-Authorization" };

	for (size_t i = 0; node && node->kind == NODE_MAPPING && i < node->count; i++) {
		for (size_t j = 0; j < ARRAY_LENGTH(reserved); j++) {
			if (!strcasecmp(node->keys[i].text, reserved[j]))
				node_complain(&node->keys[i], checker->problems,
					      "http_headers: %s is not for here", reserved[j]);
		}
	}
}

/* One of "gzip, br;q=0.5, *;q=0": whether it lets the server use this coding. */
static bool accepts(struct bytes item, const char *coding)
{
	struct bytes rest = item, name, digits = { 0 };
	const char *semicolon = memchr(item.data, ';', item.length);

	if (semicolon) {
		rest.length = (size_t)(semicolon - item.data);
		digits = (struct bytes){ semicolon, item.length - rest.length };
	}
	if (!bytes_take_word(&rest, &name) ||
	    (!bytes_equal(name, coding) && !bytes_equal(name, "*")))
		return false;
	for (size_t i = 0; i < digits.length; i++) {
		if (digits.data[i] >= '1' && digits.data[i] <= '9')
			return true;
	}
	return !semicolon;
}

static bool is_acceptable(const char *list, const char *coding)
{
	struct bytes rest = bytes_from_string(list), item;

	while (bytes_take_until(&rest, ',', &item)) {
		if (accepts(item, coding))
			return true;
	}
	return accepts(rest, coding);
}

static void check_compression(struct checker *checker, struct node *node,
			      const struct http_module *http)
{
	struct node *compression = node_get(node, "compression");

	for (size_t i = 0; http->compression && i < http->given.header_count; i++) {
		const struct header_config *header = &http->given.headers[i];

		if (header->name && !strcasecmp(header->name, "Accept-Encoding") &&
		    header->value.text && *header->value.text &&
		    !is_acceptable(header->value.text, http->compression))
			node_complain(
				compression, checker->problems,
				"compression: the header Accept-Encoding does not accept %s",
				http->compression);
	}
}

/* Whether a row that may make the module unusable does. */
static bool is_in_use(const struct node *node, const char *key)
{
	static const char *const words[] = { "false", "no", "off" };
	const struct node *value = node_get(node, key);

	for (size_t i = 0; value && i < ARRAY_LENGTH(words); i++) {
		if (value->kind == NODE_SCALAR && !strcasecmp(value->text, words[i]))
			return false;
	}
	return value != NULL;
}

static void check_versions(struct checker *checker, struct node *node,
			   const struct http_module *http)
{
	for (size_t i = 0; i < http->valid_http_versions.count; i++) {
		if (!strcmp(http->valid_http_versions.items[i], "HTTP/3.0") &&
		    !is_in_use(node, "enable_http3"))
			node_complain(node_get(node, "valid_http_versions"), checker->problems,
				      "valid_http_versions: HTTP/3.0 is only for enable_http3");
	}
}

static void check_http(struct checker *checker, struct node *node,
		       const struct http_module *http)
{
	checker_exclude(checker, node, KEYS("body", "body_file"));
	checker_exclude(checker, node,
			KEYS("fail_if_body_matches_regexp", "fail_if_matches_regexp"));
	checker_exclude(checker, node,
			KEYS("fail_if_body_not_matches_regexp", "fail_if_not_matches_regexp"));
	check_credentials(checker, node);
	check_proxy(checker, node, http);
	check_http_headers(checker, node_get(node, "http_headers"));
	check_compression(checker, node, http);
	check_versions(checker, node, http);
	check_tls(checker, node_get(node, "tls_config"), &http->tls);
}

static void check_labels(struct checker *checker, struct node *list,
			 const struct query_config *query)
{
	for (size_t i = 0; i < query->label_count; i++) {
		struct node *name = node_get(checker_element(list, i), "name");

		for (size_t j = 0; j < i; j++) {
			if (query->labels[i].name && query->labels[j].name &&
			    !strcmp(query->labels[i].name, query->labels[j].name))
				node_complain(name, checker->problems, "name: %s is taken",
					      checker_quote(checker, name->text));
		}
	}
}

static void check_tcp(struct checker *checker, struct node *node, const struct tcp_module *tcp)
{
	struct node *list = node_get(node, "query_response");

	for (size_t i = 0; i < tcp->query_count; i++) {
		struct node *query = checker_element(list, i);

		checker_exclude(checker, query, KEYS("expect", "expect_bytes"));
		check_labels(checker, node_get(query, "labels"), &tcp->queries[i]);
	}
	check_tls(checker, node_get(node, "tls_config"), &tcp->tls);
}

static void append_reason(struct text *reasons, const char *reason)
{
	text_printf(reasons, "%s%s is not supported", reasons->length ? "; " : "", reason);
}

static void list_unsupported(const struct node *node, const struct http_module *http,
			     struct text *reasons)
{
	const char *proxy = http->proxy_url;

	for (const struct option *option = schema_http.options; option->name; option++) {
		CLEANUP(text_deinit) struct text name = { 0 };

		text_printf(&name, "http.%s", option->name);
		if (option->is_unsupported && is_in_use(node, option->name))
			append_reason(reasons, text_string(&name));
	}
	if (proxy && !strncmp(proxy, "socks", 5))
		append_reason(reasons, "http.proxy_url of socks5://");
}

static void check_supported(struct checker *checker, struct node *node,
			    struct module_config *module)
{
	CLEANUP(text_deinit) struct text reasons = { 0 }, prober = { 0 };
	struct node *http = node_get(node, "http"), *word = node_get(node, "prober");

	if (module->prober == PROBER_HTTP && http) {
		list_unsupported(http, &module->http, &reasons);
	} else if (module->prober != PROBER_HTTP && module->prober != PROBER_TCP) {
		text_printf(&prober, "prober %s", word->text);
		append_reason(&reasons, text_string(&prober));
	}
	if (reasons.length)
		module->unsupported =
			arena_copy_string(&checker->draft->config.arena, text_string(&reasons));
}

void check_modules(struct checker *checker)
{
	struct config *config = &checker->draft->config;
	struct node *modules = node_get(checker->root, "modules"), *part;

	for (size_t i = 0; modules && modules->kind == NODE_MAPPING && i < modules->count;
	     i++) {
		struct node *node = &modules->items[i];
		struct module_config *module = &config->modules[i];

		if (node->kind != NODE_MAPPING)
			continue;
		part = node_get(node, "http");
		if (part)
			check_http(checker, part, &module->http);
		part = node_get(node, "tcp");
		if (part)
			check_tcp(checker, part, &module->tcp);
		check_supported(checker, node, module);
	}
}
