#include "config/dump.h"

#include <fcntl.h>

#include "base/file.h"
#include "config/schema.h"
#include "parsing.h"

static const char *dump_of(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->module_count; i++) {
		if (!strcmp(config->modules[i].name, name))
			return config->modules[i].dump;
	}
	return NULL;
}

TEST(defaults_are_shown)
{
	PARSED(config, "");

	CHECK_EQ_STR(dump_of(config, "http_2xx"), "prober: http\n"
						  "http:\n"
						  "  valid_status_codes:\n"
						  "    - 200-299\n"
						  "  method: GET\n"
						  "  follow_redirects: true\n"
						  "  fail_if_ssl: false\n"
						  "  fail_if_not_ssl: false\n"
						  "  tls_config:\n"
						  "    insecure_skip_verify: false\n"
						  "  proxy_from_environment: false\n"
						  "  skip_resolve_phase_with_proxy: false\n"
						  "  enable_http2: true\n"
						  "  ip_protocol_fallback: true\n");
	CHECK_EQ_STR(dump_of(config, "tcp_connect"), "prober: tcp\n"
						     "tcp:\n"
						     "  tls: false\n"
						     "  tls_config:\n"
						     "    insecure_skip_verify: false\n"
						     "  ip_protocol_fallback: true\n");
}

#define SECRETS                                                                      \
	"modules:\n"                                                                 \
	"  m:\n"                                                                     \
	"    prober: http\n"                                                         \
	"    timeout: 1500ms\n"                                                      \
	"    http:\n"                                                                \
	"      headers: { Authorization: hunter1, X-Passwd: hunter2, accept: a }\n"  \
	"      body: 'password=hunter3'\n"                                           \
	"      http_headers:\n"                                                      \
	"        X-Y: { values: hunter, secrets: [ hunter3, hunter4 ], files: f }\n" \
	"        X-Api-Key: { values: [ hunter5 ], files: /k }\n"                    \
	"        X-Z: {}\n"                                                          \
	"      basic_auth: { username: u, password: hunter6 }\n"                     \
	"      proxy_url: 'http://a:hunter7@proxy:3128/'\n"                          \
	"      proxy_connect_header: { X: [ hunter8, hunter9 ] }\n"                  \
	"      tls_config: { cert: c, key: hunter0 }\n"

TEST(secrets_are_not_shown)
{
	PARSED(config, SECRETS);
	const char *dump = dump_of(config, "m");

	CHECK(!strstr(dump, "hunter"));
	CHECK(strstr(dump, "timeout: 1500ms\n"));
	CHECK(strstr(dump, "  headers:\n"
			   "    Authorization: \"<secret>\"\n"
			   "    X-Passwd: \"<secret>\"\n"
			   "    accept: a\n"
			   "  http_headers:\n"
			   "    X-Y:\n"
			   "      values:\n"
			   "        - \"<secret>\"\n"
			   "      secrets:\n"
			   "        - \"<secret>\"\n"
			   "        - \"<secret>\"\n"
			   "      files:\n"
			   "        - f\n"
			   "    X-Api-Key:\n"
			   "      values:\n"
			   "        - \"<secret>\"\n"
			   "      files:\n"
			   "        - /k\n"
			   "    X-Z: {}\n"
			   "  body: \"<secret>\"\n"));
	CHECK(strstr(dump, "  basic_auth:\n"
			   "    username: u\n"
			   "    password: \"<secret>\"\n"));
	CHECK(strstr(dump, "  proxy_url: \"http://<secret>@proxy:3128/\"\n"));
	CHECK(strstr(dump, "  proxy_connect_header:\n"
			   "    X:\n"
			   "      - \"<secret>\"\n"
			   "      - \"<secret>\"\n"));
	CHECK(strstr(dump, "    cert: c\n    key: \"<secret>\"\n"));
}

TEST(secrets_of_older_files_are_not_shown_either)
{
	PARSED(config, "modules:\n"
		       "  a: { prober: http, http: { bearer_token: hunter2 } }\n"
		       "  b: { prober: http, http: { authorization: { type: T, credentials: "
		       "hunter2 } } }\n");

	CHECK(strstr(dump_of(config, "a"), "  authorization:\n"
					   "    type: Bearer\n"
					   "    credentials: \"<secret>\"\n"));
	CHECK(strstr(dump_of(config, "b"), "    type: T\n    credentials: \"<secret>\"\n"));
}

TEST(a_conversation)
{
	PARSED(config, "modules: { m: { prober: tcp, tcp: { query_response: [ { expect: '^a', "
		       "labels: [ { name: n, value: '${1}' }, { name: o } ], send: \"b\\r\" }, "
		       "{ expect_bytes: \"b\\r\" }, "
		       "{ expect_bytes: !!binary AP8=, starttls: true } ] } } }");

	CHECK(strstr(dump_of(config, "m"), "  query_response:\n"
					   "    - expect: \"^a\"\n"
					   "      labels:\n"
					   "        - name: n\n"
					   "          value: \"${1}\"\n"
					   "        - name: o\n"
					   "      send: \"<secret>\"\n"
					   "      starttls: false\n"
					   "    - expect_bytes: \"b\\x0d\"\n"
					   "      starttls: false\n"
					   "    - expect_bytes: !!binary AP8=\n"
					   "      starttls: true\n"
					   "  tls: false\n"));
}

TEST(only_the_section_of_the_prober)
{
	PARSED(config, "modules:\n"
		       "  a: { prober: tcp, http: { method: PUT } }\n"
		       "  b: { prober: icmp, timeout: 5s, http: { method: PUT } }\n"
		       "  c: { prober: http, http: { no_follow_redirects: true } }\n");

	CHECK(!strstr(dump_of(config, "a"), "http"));
	CHECK_EQ_STR(dump_of(config, "b"), "prober: icmp\ntimeout: 5s\n");
	CHECK(strstr(dump_of(config, "c"), "follow_redirects: false\n"));
	CHECK(!strstr(dump_of(config, "c"), "no_follow"));
}

/* A dump, below the name of a module, is a configuration with the same dump. */
static void check_again(const char *dump)
{
	CLEANUP(text_deinit) struct text yaml = { 0 };
	struct bytes rest = bytes_from_string(dump), line;

	text_append_string(&yaml, "modules:\n  m:\n");
	while (bytes_take_line(&rest, &line))
		text_printf(&yaml, "    %.*s\n", (int)line.length, line.data);
	{
		PARSED(config, text_string(&yaml));
		CHECK_EQ_STR(dump_of(config, "m"), dump);
	}
}

TEST(it_loads_again_and_is_the_same)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	REQUIRE(file_read(AT_FDCWD, "config/examples/full.yml", 1 << 20, &text) == 0);
	text_append_string(&text, "\n");
	{
		PARSED(config, text_string(&text));
		for (size_t i = 0; i < config->module_count; i++)
			check_again(config->modules[i].dump);
	}
	{
		PARSED(config, SECRETS);
		check_again(dump_of(config, "m"));
	}
}

TEST(texts_that_yaml_could_take_for_something_else)
{
	static const char *const texts[] = { "true",  "Null", "~",     "- a",  "a: b",
					     "#a",    "\\\\", "\\\"",  "\\n",  "\\t",
					     "\\x7f", "é",    "\\x85", "\\N",  "\\u2028",
					     "ﷺ",     " a ",  "4711",  "0x1f", "\\uFEFFa",
					     "|",     ".a",   "<<",    "-",    "!!x" };

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		CLEANUP(text_deinit) struct text yaml = { 0 };

		text_printf(&yaml,
			    "modules: { m: { prober: tcp, tcp: { query_response: "
			    "{ expect_bytes: \"%s\" } } } }",
			    texts[i]);
		PARSED(config, text_string(&yaml));
		check_again(dump_of(config, "m"));
	}
}

/* Each row of the module's table that is to be shown, shows. */
static void check_shown(const struct section *section, const char *dumps)
{
	for (const struct option *option = section->options; option->name; option++) {
		CLEANUP(text_deinit) struct text key = { 0 };

		text_printf(&key, "%s:", option->name);
		if (option->replaced_by || option->has_no_field)
			continue;
		CHECK(strstr(dumps, text_string(&key)));
		if (!strstr(dumps, text_string(&key)))
			printf("# %s is not shown\n", option->name);
		if (option->section && option->type != OPTION_PAIRS)
			check_shown(option->section, dumps);
	}
}

TEST(no_key_is_forgotten)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text dumps = { 0 };
	CLEANUP(free_config) struct config *config = NULL;

	REQUIRE(!config_load("config/examples/full.yml", &config, &err));
	for (size_t i = 0; i < config->module_count; i++)
		text_append_string(&dumps, config->modules[i].dump);
	check_shown(&schema_module, text_string(&dumps));
}

TEST_MAIN()
