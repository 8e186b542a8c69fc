#include "probe/resolv_conf.h"

#include "base/text.h"
#include "test.h"

static struct resolv_conf parsed(const char *text)
{
	struct resolv_conf conf;

	resolv_conf_parse(bytes_from_string(text), &conf);
	return conf;
}

/* The servers, "10.0.0.1 fe80::1%eth0", then the search list after a "|". */
static const char *shown(const struct resolv_conf *conf, struct text *text)
{
	text_clear(text);
	for (size_t i = 0; i < conf->server_count; i++) {
		if (i)
			text_append_char(text, ' ');
		address_write(&conf->servers[i].address, text);
		if (conf->servers[i].scope.length)
			text_append_char(text, '%');
		text_append(text, conf->servers[i].scope.data, conf->servers[i].scope.length);
	}
	for (size_t i = 0; i < conf->search_count; i++) {
		text_append_char(text, '|');
		text_append(text, conf->search[i].data, conf->search[i].length);
	}
	return text_string(text);
}

#define CHECK_SHOWN(source, expected)                                    \
	do {                                                             \
		CLEANUP(text_deinit) struct text shown_text = { 0 };     \
		struct resolv_conf shown_conf = parsed(source);          \
		CHECK_EQ_STR(shown(&shown_conf, &shown_text), expected); \
	} while (0)

TEST(what_a_container_has)
{
	const char *text = "# Generated\n"
			   "search default.svc.cluster.local svc.cluster.local cluster.local\n"
			   "nameserver 10.96.0.10\n"
			   "options ndots:5\n";
	struct resolv_conf conf = parsed(text);

	CHECK_SHOWN(text, "10.96.0.10|default.svc.cluster.local|svc.cluster.local|"
			  "cluster.local");
	CHECK_EQ_INT(conf.ndots, 5);
	CHECK_EQ_INT(conf.timeout, 5);
	CHECK_EQ_INT(conf.attempts, 2);
	CHECK(!conf.rotate && !conf.use_vc && !conf.single_request && !conf.no_aaaa);
}

TEST(nothing_means_this_machine)
{
	CHECK_SHOWN("", "127.0.0.1");
	CHECK_SHOWN("nameserver\nnameserver \nnameserver example.org\n", "127.0.0.1");
	CHECK_SHOWN("options\nsearch\ndomain\n", "127.0.0.1");
}

TEST(three_servers_at_most)
{
	CHECK_SHOWN("nameserver 10.0.0.1\nnameserver bad\nnameserver\t2001:db8::1\n"
		    "nameserver   fe80::1%eth0\nnameserver 10.0.0.4",
		    "10.0.0.1 2001:db8::1 fe80::1%eth0");
}

TEST(comments_are_where_glibc_has_them)
{
	CHECK_SHOWN("#nameserver 10.0.0.1\n;nameserver 10.0.0.2\n nameserver 10.0.0.3\n"
		    "nameserver 10.0.0.4#5 x\nnameserver 10.0.0.6;\nnameservers 10.0.0.7\n"
		    "nameserver:10.0.0.8\n",
		    "10.0.0.4 10.0.0.6");
}

TEST(the_last_search_or_domain_holds)
{
	CHECK_SHOWN("search a b\ndomain c d\n", "127.0.0.1|c");
	CHECK_SHOWN("domain c\nsearch a\tb \n", "127.0.0.1|a|b");
	CHECK_SHOWN("search a\nsearch\n", "127.0.0.1|a");
	CHECK_SHOWN("search a\nsearch \ndomain\t\n", "127.0.0.1|a");
}

TEST(options_have_limits)
{
	struct resolv_conf conf =
		parsed("options ndots:99 timeout:1000000000000 attempts:17\n");

	CHECK_EQ_INT(conf.ndots, 15);
	CHECK_EQ_INT(conf.timeout, 30);
	CHECK_EQ_INT(conf.attempts, 5);
	conf = parsed("options timeout:0 attempts:0 ndots:0\n");
	CHECK_EQ_INT(conf.ndots, 0);
	CHECK_EQ_INT(conf.timeout, 1);
	CHECK_EQ_INT(conf.attempts, 1);
	conf = parsed("options ndots:-1 timeout: attempts:3x\noptions ndots:2\n");
	CHECK_EQ_INT(conf.ndots, 2);
	CHECK_EQ_INT(conf.timeout, 1);
	CHECK_EQ_INT(conf.attempts, 3);
}

TEST(options_that_are_words)
{
	struct resolv_conf conf =
		parsed("options rotate use-vc single-request no-aaaa edns0\n");

	CHECK(conf.rotate && conf.use_vc && conf.single_request && conf.no_aaaa);
	conf = parsed("options rotated use-vcs no-aaaa-at-all single-request-reopen\n");
	CHECK(!conf.rotate && !conf.use_vc && conf.single_request && !conf.no_aaaa);
}

TEST(absurd_texts_are_bounded)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct resolv_conf conf;

	text_append_string(&text, "search");
	for (unsigned i = 0; i < 10000; i++)
		text_append_string(&text, " a");
	for (unsigned i = 0; i < 10000; i++)
		text_append_string(&text, "\nnameserver 10.0.0.1");
	conf = parsed(text_string(&text));
	CHECK_EQ_INT(conf.search_count, RESOLV_CONF_SEARCH_MAX);
	CHECK_EQ_INT(conf.server_count, RESOLV_CONF_SERVERS_MAX);
	text_clear(&text);
	text_append_string(&text, "nameserver ");
	for (unsigned i = 0; i < 10000; i++)
		text_append_string(&text, "1");
	CHECK_SHOWN(text_string(&text), "127.0.0.1");
}

TEST_MAIN()
