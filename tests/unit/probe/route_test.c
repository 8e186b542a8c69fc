#include "probe/route.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "test.h"

static const char *filtered(struct text *into, const char *addresses)
{
	text_clear(into);
	route_filter(addresses, into);
	return text_string(into);
}

TEST(this_machine_can_reach_itself)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(80) };

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(route_exists((const struct sockaddr *)&here, sizeof(here)));
}

TEST(nobody_can_reach_what_is_no_address)
{
	struct sockaddr unix_socket = { .sa_family = AF_UNSPEC };

	CHECK(!route_exists(&unix_socket, sizeof(unix_socket)));
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
	route_filter("255.255.255.255", &text);
	CHECK_EQ_STR(text_string(&text), "255.255.255.255,255.255.255.255x:255.255.255.255");
}

TEST_MAIN()
