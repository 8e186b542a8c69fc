#include "probe/route.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "test.h"

static const char *filtered(struct text *into, const char *addresses)
{
	text_clear(into);
	route_filter(NULL, addresses, into);
	return text_string(into);
}

TEST(this_machine_can_reach_itself)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(80) };

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(route_exists(NULL, (const struct sockaddr *)&here, sizeof(here)));
}

TEST(nobody_can_reach_what_is_no_address)
{
	struct sockaddr unix_socket = { .sa_family = AF_UNSPEC };

	CHECK(!route_exists(NULL, &unix_socket, sizeof(unix_socket)));
}

/* To the broadcast address nobody comes without SO_BROADCAST (socket(7)). */
TEST(what_has_no_way_is_left_out)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	CHECK_EQ_STR(filtered(&text, "255.255.255.255,127.0.0.1,127.0.0.2"),
		     "127.0.0.1,127.0.0.2");
	CHECK_EQ_STR(filtered(&text, "127.0.0.1,255.255.255.255"), "127.0.0.1");
	CHECK_EQ_STR(filtered(&text, "127.0.0.1"), "127.0.0.1");
}

TEST(without_any_way_all_stay)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	CHECK_EQ_STR(filtered(&text, "255.255.255.255,255.255.255.255"),
		     "255.255.255.255,255.255.255.255");
	text_append_string(&text, "x:");
	route_filter(NULL, "255.255.255.255", &text);
	CHECK_EQ_STR(text_string(&text), "255.255.255.255,255.255.255.255x:255.255.255.255");
}

TEST(ipv6_comes_first_and_what_cannot_be_reached_last)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct address addresses[3];

	REQUIRE(!address_parse("255.255.255.255", &addresses[0]));
	REQUIRE(!address_parse("127.0.0.1", &addresses[1]));
	REQUIRE(!address_parse("127.0.0.2", &addresses[2]));
	route_sort(NULL, addresses, 3);
	for (size_t i = 0; i < 3; i++)
		address_write(&addresses[i], &text);
	CHECK_EQ_STR(text_string(&text), "127.0.0.1127.0.0.2255.255.255.255");
	route_sort(NULL, addresses, 0);
}

static const char *chosen(const char *addresses, enum ip_protocol preferred, bool fallback)
{
	static struct text text;

	text_clear(&text);
	return route_choose(addresses, preferred, fallback, &text) ? text_string(&text) : NULL;
}

TEST(one_of_the_preferred_family_is_chosen_whatever_the_routes)
{
	static const char *const both = "255.255.255.255,2001:db8::1,10.0.0.2,2001:db8::2";

	CHECK_EQ_STR(chosen(both, IP_PROTOCOL_6, true), "2001:db8::1");
	CHECK_EQ_STR(chosen(both, IP_PROTOCOL_ANY, true), "2001:db8::1");
	CHECK_EQ_STR(chosen(both, IP_PROTOCOL_4, true), "255.255.255.255");
	CHECK_EQ_STR(chosen("10.0.0.1,10.0.0.2", IP_PROTOCOL_6, true), "10.0.0.1");
	CHECK_EQ_STR(chosen("2001:db8::1", IP_PROTOCOL_4, true), "2001:db8::1");
	CHECK_EQ_STR(chosen("10.0.0.1", IP_PROTOCOL_6, false), NULL);
	CHECK_EQ_STR(chosen("::1", IP_PROTOCOL_4, false), NULL);
	CHECK_EQ_STR(chosen("", IP_PROTOCOL_4, true), NULL);
}

TEST_MAIN()
