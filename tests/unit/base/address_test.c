#include "base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "test.h"

static struct address address(const char *string)
{
	struct address address = { { 0xee } };

	CHECK_EQ_INT(address_parse(string, &address), 0);
	return address;
}

static void check_written(const char *string, const char *expected)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct address parsed = address(string);

	address_write(&parsed, &text);
	CHECK_EQ_STR(text_string(&text), expected);
}

TEST(parses_and_writes)
{
	check_written("0.0.0.0", "0.0.0.0");
	check_written("10.0.0.5", "10.0.0.5");
	check_written("255.255.255.255", "255.255.255.255");
	check_written("::", "::");
	check_written("::1", "::1");
	check_written("2001:DB8:0:0:0:0:0:1", "2001:db8::1");
	check_written("fe80::1:0:0:1", "fe80::1:0:0:1");
}

TEST(ipv4_in_ipv6_is_ipv4)
{
	struct address mapped = address("::ffff:10.0.0.5"), plain = address("10.0.0.5");

	CHECK(address_equal(&mapped, &plain));
	CHECK(address_is_ipv4(&mapped));
	check_written("::ffff:10.0.0.5", "10.0.0.5");
	check_written("::ffff:a00:5", "10.0.0.5");
}

/* Another kind of notation (RFC 4291, 2.5.5.1), deprecated: not the same host. */
TEST(ipv4_compatible_is_not_mapped)
{
	struct address compatible = address("::10.0.0.5");

	CHECK(!address_is_ipv4(&compatible));
}

TEST(refuses_what_is_no_address)
{
	static const char *const wrong[] = { "",	  "10.0.0",	"10.0.0.256",
					     "10.0.0.5 ", "010.0.0.x",	"localhost",
					     "[::1]",	  "::1%lo",	"1:2:3",
					     "::g",	  "10.0.0.5:80" };
	struct address parsed;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		CHECK_EQ_INT(address_parse(wrong[i], &parsed), -EINVAL);
}

TEST(any)
{
	struct address four = address("0.0.0.0"), six = address("::"), one = address("::1"),
		       mapped = address("::ffff:0:0"), other = address("0.0.0.1");

	CHECK(address_is_any(&four));
	CHECK(address_is_any(&six));
	CHECK(address_is_any(&mapped));
	CHECK(!address_is_any(&one));
	CHECK(!address_is_any(&other));
}

TEST(endpoints)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct endpoint a = { address("10.0.0.5"), 443 },
			b = { address("::ffff:10.0.0.5"), 443 };

	CHECK(endpoint_equal(&a, &b));
	b.port = 444;
	CHECK(!endpoint_equal(&a, &b));
	endpoint_write(&a, &text);
	text_append_char(&text, ' ');
	a.address = address("2001:db8::1");
	a.port = 65535;
	endpoint_write(&a, &text);
	CHECK_EQ_STR(text_string(&text), "10.0.0.5:443 [2001:db8::1]:65535");
}

TEST(from_sockaddr)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(80) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(81) };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct address expected = address("10.1.2.3");
	struct endpoint endpoint;

	inet_pton(AF_INET, "10.1.2.3", &four.sin_addr);
	REQUIRE(!endpoint_from_sockaddr((const struct sockaddr *)&four, &endpoint));
	CHECK(address_equal(&endpoint.address, &expected));
	CHECK_EQ_INT(endpoint.port, 80);
	inet_pton(AF_INET6, "::ffff:10.1.2.3", &six.sin6_addr);
	REQUIRE(!endpoint_from_sockaddr((const struct sockaddr *)&six, &endpoint));
	CHECK(address_equal(&endpoint.address, &expected));
	CHECK_EQ_INT(endpoint.port, 81);
	CHECK_EQ_INT(endpoint_from_sockaddr((const struct sockaddr *)&local, &endpoint),
		     -EAFNOSUPPORT);
}

static bool contains(const char *range, const char *host)
{
	struct address inside = address(host);
	struct prefix prefix;

	CHECK_EQ_INT(prefix_parse(range, &prefix), 0);
	return prefix_contains(&prefix, &inside);
}

TEST(prefixes_of_ipv4)
{
	CHECK(contains("10.0.0.0/8", "10.255.0.1"));
	CHECK(!contains("10.0.0.0/8", "11.0.0.1"));
	CHECK(contains("10.0.0.0/8", "::ffff:10.1.1.1"));
	CHECK(contains("10.0.0.128/25", "10.0.0.129"));
	CHECK(!contains("10.0.0.128/25", "10.0.0.127"));
	CHECK(contains("10.0.0.5", "10.0.0.5"));
	CHECK(!contains("10.0.0.5", "10.0.0.4"));
	CHECK(contains("10.0.0.5/32", "10.0.0.5"));
	CHECK(!contains("10.0.0.5/32", "10.0.0.4"));
}

/* All of IPv4 is not all of IPv6: it has its place in it. */
TEST(prefixes_of_everything)
{
	CHECK(contains("0.0.0.0/0", "255.1.2.3"));
	CHECK(!contains("0.0.0.0/0", "2001:db8::1"));
	CHECK(contains("::/0", "2001:db8::1"));
	CHECK(contains("::/0", "10.0.0.1"));
}

TEST(prefixes_of_ipv6)
{
	CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
	CHECK(!contains("2001:db8::/33", "2001:db8:8000::1"));
	CHECK(contains("2001:db8::1", "2001:db8::1"));
	CHECK(!contains("2001:db8::1/128", "2001:db8::2"));
	/* Bits behind the length do not count. */
	CHECK(contains("2001:db8::ffff/32", "2001:db8::1"));
}

TEST(refuses_what_is_no_prefix)
{
	static const char *const wrong[] = { "",
					     "/",
					     "10.0.0.0/",
					     "10.0.0.0/33",
					     "10.0.0.0/-1",
					     "10.0.0.0/8/8",
					     "10.0.0.0/8 ",
					     "10.0.0/8",
					     "::/129",
					     "::/0x10",
					     "example.com/8",
					     "10.0.0.0/ 8",
					     "1111:2222:3333:4444:5555:6666:7777:8888:9999/8" };
	struct prefix prefix = { .bits = 77 }, unchanged = prefix;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		CHECK_EQ_INT(prefix_parse(wrong[i], &prefix), -EINVAL);
	CHECK_EQ_MEM(&prefix, &unchanged, sizeof(prefix));
}

TEST(a_piece_of_text_is_an_address)
{
	struct bytes text = bytes_from_string("10.0.0.5 ::1");
	struct address address, expected;

	CHECK_EQ_INT(address_parse_bytes(text, &address), -EINVAL);
	CHECK_EQ_INT(address_parse_bytes((struct bytes){ text.data, 8 }, &address), 0);
	CHECK_EQ_INT(address_parse("10.0.0.5", &expected), 0);
	CHECK(address_equal(&address, &expected));
	CHECK_EQ_INT(address_parse_bytes((struct bytes){ text.data + 9, 3 }, &address), 0);
	CHECK_EQ_INT(address_parse_bytes((struct bytes){ "1.2.3.4\0", 8 }, &address), -EINVAL);
	CHECK_EQ_INT(address_parse_bytes((struct bytes){ "", 0 }, &address), -EINVAL);
}

TEST_MAIN()
