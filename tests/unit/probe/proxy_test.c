#include "probe/proxy.h"

#include <stdlib.h>

#include "test.h"

static bool is_exempt(const char *list, const char *host)
{
	return proxy_is_exempt(list, host, "443");
}

TEST(names_match_themselves_and_what_is_below)
{
	CHECK(is_exempt("a.test", "a.test"));
	CHECK(is_exempt("x, A.Test ,y", "b.a.TEST"));
	CHECK(!is_exempt("a.test", "ba.test"));
	CHECK(!is_exempt(".a.test", "a.test"));
	CHECK(is_exempt(".a.test", "b.a.test"));
	CHECK(!is_exempt("*.a.test", "a.test"));
	CHECK(is_exempt("*.a.test", "b.a.test"));
	CHECK(is_exempt("*", "anything"));
	CHECK(!is_exempt("", "a.test"));
	CHECK(!is_exempt(",,", "a.test"));
}

TEST(ports_count_when_they_are_there)
{
	CHECK(is_exempt("a.test:443", "a.test"));
	CHECK(!is_exempt("a.test:80", "a.test"));
	CHECK(is_exempt("[2001:db8::1]:443", "[2001:db8::1]"));
	CHECK(!is_exempt("[2001:db8::1]:80", "[2001:db8::1]"));
	CHECK(is_exempt("2001:db8::1", "[2001:db8::1]"));
}

TEST(addresses_match_addresses_and_prefixes)
{
	CHECK(is_exempt("10.0.0.1", "10.0.0.1"));
	CHECK(!is_exempt("10.0.0.1", "10.0.0.10"));
	CHECK(is_exempt("10.0.0.0/8", "10.1.2.3"));
	CHECK(!is_exempt("10.0.0.0/8", "11.1.2.3"));
	CHECK(!is_exempt("10.0.0.0/8", "a.test"));
	CHECK(is_exempt("2001:db8::/32", "[2001:db8::7]"));
	CHECK(!is_exempt("10.0.0.0/99", "10.1.2.3"));
	CHECK(!is_exempt("0.0.1", "10.0.0.1"));
}

TEST(this_machine_is_exempt_from_lists)
{
	CHECK(is_exempt("", "localhost"));
	CHECK(is_exempt("", "127.1.2.3"));
	CHECK(is_exempt("", "[::1]"));
}

static const char *chosen(const struct http_module *http, const char *scheme, const char *host)
{
	static struct text text;

	text_clear(&text);
	return proxy_choose(http, scheme, host, "80", &text) ? text_string(&text) : NULL;
}

TEST(a_module_names_its_proxy)
{
	struct http_module http = { .proxy_url = "http://p:1" };

	setenv("HTTP_PROXY", "http://env:1", 1);
	CHECK_EQ_STR(chosen(&http, "http", "localhost"), "http://p:1");
	http.no_proxy = "a.test";
	CHECK_EQ_STR(chosen(&http, "http", "a.test"), NULL);
	CHECK_EQ_STR(chosen(&http, "https", "b.test"), "http://p:1");
	CHECK_EQ_STR(chosen(&http, "http", "localhost"), NULL);
	http = (struct http_module){ 0 };
	CHECK_EQ_STR(chosen(&http, "http", "b.test"), NULL);
}

TEST(the_environment_counts_when_it_is_asked)
{
	const struct http_module http = { .proxy_from_environment = true };

	setenv("HTTP_PROXY", "env:1", 1);
	setenv("http_proxy", "http://lower:1", 1);
	unsetenv("HTTPS_PROXY");
	setenv("https_proxy", "http://secure:1", 1);
	setenv("NO_PROXY", "b.test", 1);
	CHECK_EQ_STR(chosen(&http, "http", "a.test"), "http://env:1");
	CHECK_EQ_STR(chosen(&http, "https", "a.test"), "http://secure:1");
	CHECK_EQ_STR(chosen(&http, "http", "b.test"), NULL);
	CHECK_EQ_STR(chosen(&http, "http", "127.0.0.1"), NULL);
	unsetenv("HTTP_PROXY");
	CHECK_EQ_STR(chosen(&http, "http", "a.test"), "http://lower:1");
	unsetenv("http_proxy");
	CHECK_EQ_STR(chosen(&http, "http", "a.test"), NULL);
}

TEST_MAIN()
