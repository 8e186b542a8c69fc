#include "probe/pin.h"

#include "test.h"

static const char *const entries[] = { "a.test:443:10.0.0.1,10.0.0.2",
				       "[2001:db8::1]:80:[::1]",
				       "nonsense",
				       "more:nonsense",
				       "[unclosed:1:2",
				       "",
				       "a.test:443:10.0.0.3",
				       "*:8443:2001:db8::2,[2001:db8::3]" };

static const char *found(const char *host, const char *port)
{
	const struct string_list pins = { (const char **)entries, ARRAY_LENGTH(entries) };
	static struct text text;

	text_clear(&text);
	return pin_find(&pins, host, port, &text) ? text_string(&text) : NULL;
}

TEST(the_first_entry_for_host_and_port_counts)
{
	CHECK_EQ_STR(found("A.test", "443"), "10.0.0.1,10.0.0.2");
	CHECK_EQ_STR(found("a.test", "80"), NULL);
	CHECK_EQ_STR(found("b.test", "443"), NULL);
	CHECK_EQ_STR(found("[2001:db8::1]", "80"), "::1");
	CHECK_EQ_STR(found("b.test", "8443"), "2001:db8::2,2001:db8::3");
	CHECK_EQ_STR(found("more", "nonsense"), NULL);
}

TEST_MAIN()
