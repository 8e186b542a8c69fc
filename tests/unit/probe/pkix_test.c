#include "probe/pkix.h"

#include <string.h>

#include "test.h"

#define CN "2.5.4.3"
#define ORGANIZATION "2.5.4.10"
#define UNIT "2.5.4.11"
#define COUNTRY "2.5.4.6"
#define SERIAL "2.5.4.5"
#define EMAIL "1.2.840.113549.1.9.1"

struct part {
	const char *type, *value;
};

/* What is written of these parts; static. */
static const char *name(const struct part *parts, size_t count)
{
	static struct text text;
	struct pkix_attribute attributes[16];

	for (size_t i = 0; i < count; i++)
		attributes[i] = (struct pkix_attribute){ parts[i].type,
							 bytes_from_string(parts[i].value) };
	text_clear(&text);
	pkix_write_name(attributes, count, &text);
	return text_string(&text);
}

#define NAME(...)                                  \
	name((const struct part[]){ __VA_ARGS__ }, \
	     ARRAY_LENGTH(((const struct part[]){ __VA_ARGS__ })))

TEST(parts_are_in_the_order_of_go)
{
	CHECK_EQ_STR(NAME({ CN, "a" }), "CN=a");
	CHECK_EQ_STR(NAME({ COUNTRY, "DE" }, { ORGANIZATION, "o" }, { CN, "a" }),
		     "CN=a,O=o,C=DE");
	CHECK_EQ_STR(NAME({ CN, "a" }, { COUNTRY, "DE" }, { SERIAL, "7" }),
		     "SERIALNUMBER=7,CN=a,C=DE");
}

TEST(parts_of_one_type_are_joined_or_the_last_one_counts)
{
	CHECK_EQ_STR(NAME({ UNIT, "x" }, { CN, "a" }, { UNIT, "y" }), "CN=a,OU=x+OU=y");
	CHECK_EQ_STR(NAME({ CN, "a" }, { CN, "b" }), "CN=b");
	CHECK_EQ_STR(NAME({ CN, "" }, { ORGANIZATION, "" }), "O=");
}

TEST(other_types_are_numbers_at_the_end)
{
	CHECK_EQ_STR(NAME({ EMAIL, "a@b.c" }, { "1.2.3", "ok" }, { CN, "a" }),
		     "CN=a,1.2.3=#13026f6b,1.2.840.113549.1.9.1=#0c056140622e63");
	CHECK_EQ_STR(NAME({ "1.2.3", "\xff" }), "1.2.3="
						"\xef\xbf\xbd");
}

/* As blackbox_exporter 0.23 has it. */
TEST(a_name_of_all_kinds)
{
	CHECK_EQ_STR(NAME({ "2.5.4.17", "123" }, { "2.5.4.9", "S 1" }, { "2.5.4.9", "S 2" },
			  { COUNTRY, "DE" }, { "2.5.4.8", "Some" }, { "2.5.4.7", "City" },
			  { ORGANIZATION, "a" }, { ORGANIZATION, "b" }, { UNIT, "x" },
			  { UNIT, "y" }, { CN, "leaf #1" }, { EMAIL, "a@b.c" },
			  { SERIAL, "77" }, { "0.9.2342.19200300.100.1.25", "com" }),
		     "SERIALNUMBER=77,CN=leaf #1,OU=x+OU=y,O=a+O=b,POSTALCODE=123,STREET=S 1+"
		     "STREET=S 2,L=City,ST=Some,C=DE,"
		     "0.9.2342.19200300.100.1.25=#1303636f6d,"
		     "1.2.840.113549.1.9.1=#0c056140622e63");
}

TEST(what_has_a_meaning_is_escaped)
{
	CHECK_EQ_STR(NAME({ CN, " a,b+c\"d\\e<f>g;h " }),
		     "CN=\\ a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h\\ ");
	CHECK_EQ_STR(NAME({ CN, "#a#=b c" }), "CN=\\#a#=b c");
}

TEST(a_long_value_has_a_long_length)
{
	char value[301] = "", expected[32];

	memset(value, 'a', 300);
	snprintf(expected, sizeof(expected), "1.2.3=#1382012c6161");
	CHECK(!strncmp(NAME({ "1.2.3", value }), expected, strlen(expected)));
	value[200] = '\0';
	CHECK(!strncmp(NAME({ "1.2.3", value }), "1.2.3=#1381c86161", 17));
}

TEST(text_is_bounded_and_of_utf8_without_nuls)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	static char large[PKIX_TEXT_MAX + 100];

	pkix_write_text((struct bytes){ "a\0b\xff", 4 }, &text);
	CHECK_EQ_STR(text_string(&text), "a\xef\xbf\xbd"
					 "b\xef\xbf\xbd");
	text_clear(&text);
	memset(large, 'x', sizeof(large));
	pkix_write_text((struct bytes){ large, sizeof(large) }, &text);
	CHECK_EQ_U64(text.length, PKIX_TEXT_MAX);
	text_clear(&text);
	pkix_write_text((struct bytes){ large, 0 }, &text);
	CHECK_EQ_STR(text_string(&text), "");
}

TEST_MAIN()
