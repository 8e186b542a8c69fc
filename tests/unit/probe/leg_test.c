#include "probe/leg.h"

#include <errno.h>
#include <stdlib.h>

#include "test.h"

TEST(an_url_is_taken_apart)
{
	struct leg_url url;

	REQUIRE(!leg_url_parse("https://user:p%40ss@Example.com/a?b#c", false, &url));
	CHECK_EQ_STR(url.scheme, "https");
	CHECK_EQ_STR(url.port, "443");
	CHECK_EQ_STR(url.user, "user");
	CHECK_EQ_STR(url.password, "p@ss");
	CHECK(!strstr(url.text, "user") && !strstr(url.text, "p%40ss"));
	CHECK(strstr(url.text, "/a?b"));
	CHECK(!url.tcp);
	leg_url_deinit(&url);
	leg_url_deinit(&url);
}

/* Targets and redirects have them, and a request cannot. */
TEST(blanks_are_encoded)
{
	struct leg_url url;

	REQUIRE(!leg_url_parse("http://a/b c%20d?e=f g", false, &url));
	CHECK_EQ_STR(url.text, "http://a/b%20c%20d?e=f+g");
	leg_url_deinit(&url);
}

TEST(tcp_is_http_to_libcurl)
{
	struct leg_url url;

	REQUIRE(!leg_url_parse("tcp://[::1]:5432", false, &url));
	CHECK(url.tcp);
	CHECK_EQ_STR(url.text, "http://[::1]:5432/");
	leg_url_deinit(&url);
	REQUIRE(!leg_url_parse("https://db.internal", true, &url));
	CHECK(url.tcp);
	CHECK_EQ_STR(url.text, "http://db.internal:443/");
	leg_url_deinit(&url);
}

TEST(other_urls_are_refused)
{
	static const char *const texts[] = {
		"file:///etc/passwd", "ftp://a/", "gopher://a/", "http://", "",
		"http://a:99999/",    "tcp://a",  "http://a b/"
	};
	struct leg_url url;

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		CHECK_EQ_INT(leg_url_parse(texts[i], false, &url), -EINVAL);
}

static void check_name(const char *text, const char *expected)
{
	struct leg_url url;

	REQUIRE(!leg_url_parse(text, false, &url));
	CHECK_EQ_STR(leg_url_name(&url), expected);
	leg_url_deinit(&url);
}

TEST(names_are_looked_up_and_addresses_are_not)
{
	check_name("http://payments.internal/", "payments.internal");
	check_name("http://10.0.0.1.example/", "10.0.0.1.example");
	check_name("http://xn--bcher-kva.example/", "xn--bcher-kva.example");
	check_name("http://10.0.0.1/", NULL);
	check_name("http://[2001:db8::1]:80/", NULL);
	check_name("http://LOCALHOST/", NULL);
	check_name("http://a.localhost/", NULL);
	check_name("http://notlocalhost/", "notlocalhost");
}

TEST(localhost_has_its_addresses)
{
	struct leg_url url;

	REQUIRE(!leg_url_parse("http://a.localhost:8080/", false, &url));
	CHECK_EQ_STR(leg_url_addresses(&url), "::1,127.0.0.1");
	leg_url_deinit(&url);
	REQUIRE(!leg_url_parse("http://127.0.0.1/", false, &url));
	CHECK_EQ_STR(leg_url_addresses(&url), NULL);
	leg_url_deinit(&url);
}

static bool same(const char *a, const char *b)
{
	struct leg_url x, y;
	bool is_same;

	if (leg_url_parse(a, false, &x) < 0 || leg_url_parse(b, false, &y) < 0)
		abort();
	is_same = leg_url_same_server(&x, &y);
	leg_url_deinit(&x);
	leg_url_deinit(&y);
	return is_same;
}

TEST(a_server_is_scheme_host_and_port)
{
	CHECK(same("http://a/x", "http://A:80/y"));
	CHECK(!same("http://a/", "https://a/"));
	CHECK(!same("http://a/", "http://a:8080/"));
	CHECK(!same("http://a/", "http://a.b/"));
}

TEST_MAIN()
