#include "probe/preference.h"

#include "base/bytes.h"
#include "test.h"

/*
 * Sorts "destination<source" pairs, separated by blanks; without a source there is no way.
 * Returns the destinations.
 */
static const char *sorted(const char *pairs, struct text *text)
{
	struct bytes rest = bytes_from_string(pairs), word, destination;
	struct preference items[8] = { 0 };
	size_t count = 0;

	while (bytes_take_word(&rest, &word)) {
		struct preference *item = &items[count++];

		item->reachable = bytes_take_until(&word, '<', &destination);
		if (!item->reachable)
			destination = word;
		if (address_parse_bytes(destination, &item->destination) < 0 ||
		    (item->reachable && address_parse_bytes(word, &item->source) < 0))
			return "not an address";
	}
	preference_sort(items, count);
	text_clear(text);
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_append_char(text, ' ');
		address_write(&items[i].destination, text);
	}
	return text_string(text);
}

#define CHECK_SORTED(pairs, expected)                                 \
	do {                                                          \
		CLEANUP(text_deinit) struct text sorted_text = { 0 }; \
		CHECK_EQ_STR(sorted(pairs, &sorted_text), expected);  \
	} while (0)

TEST(what_there_is_no_way_to_comes_last)
{
	CHECK_SORTED("2001:db8::1 192.0.2.1<10.0.0.1", "192.0.2.1 2001:db8::1");
	CHECK_SORTED("192.0.2.1 192.0.2.2", "192.0.2.1 192.0.2.2");
	CHECK_SORTED("192.0.2.1 2001:db8::1", "2001:db8::1 192.0.2.1");
}

TEST(ipv6_before_ipv4)
{
	CHECK_SORTED("192.0.2.1<10.0.0.1 2001:db8::1<2001:db8::2", "2001:db8::1 192.0.2.1");
	CHECK_SORTED("127.0.0.1<127.0.0.1 ::1<::1", "::1 127.0.0.1");
	CHECK_SORTED("10.0.0.5<10.0.0.1 fd00::5<fd00::1", "fd00::5 10.0.0.5");
}

/* As with a container that has unique local addresses only. */
TEST(an_address_that_fits_ours_comes_first)
{
	CHECK_SORTED("2001:db8::1<fd00::2 192.0.2.1<10.0.0.1", "192.0.2.1 2001:db8::1");
	CHECK_SORTED("2001:db8::1<fd00::2 fd00::5<fd00::2", "fd00::5 2001:db8::1");
	CHECK_SORTED("2002:1::1<2001:db8::2 192.0.2.1<10.0.0.1", "192.0.2.1 2002:1::1");
}

TEST(scopes)
{
	CHECK_SORTED("2001:db8::1<fe80::2 192.0.2.1<10.0.0.1", "192.0.2.1 2001:db8::1");
	CHECK_SORTED("2001:db8::1<2001:db8::2 fe80::1<fe80::2", "fe80::1 2001:db8::1");
	CHECK_SORTED("192.0.2.1<169.254.0.1 192.0.2.2<10.0.0.1", "192.0.2.2 192.0.2.1");
	CHECK_SORTED("192.0.2.1<10.0.0.1 169.254.1.1<169.254.0.1", "169.254.1.1 192.0.2.1");
}

TEST(the_nearer_one_of_ipv6_only)
{
	CHECK_SORTED("2001:db8:9::1<2001:db8:1::2 2001:db8:1::1<2001:db8:1::2",
		     "2001:db8:1::1 2001:db8:9::1");
	CHECK_SORTED("192.0.2.1<10.0.0.1 10.0.0.9<10.0.0.1", "192.0.2.1 10.0.0.9");
}

TEST(order_stays)
{
	CHECK_SORTED("", "");
	CHECK_SORTED("10.0.0.3<10.0.0.1 10.0.0.2<10.0.0.1 10.0.0.9<10.0.0.1 10.0.0.4<10.0.0.1",
		     "10.0.0.3 10.0.0.2 10.0.0.9 10.0.0.4");
}

TEST_MAIN()
