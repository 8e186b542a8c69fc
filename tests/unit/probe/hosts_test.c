#include "probe/hosts.h"

#include "base/text.h"
#include "test.h"

static const char *const file = "127.0.0.1\tlocalhost\n"
				"::1     localhost ip6-localhost # the same\n"
				"# 10.0.0.9 db\n"
				"10.0.0.1 db.internal db   DB2\r\n"
				"2001:db8::1 Db\n"
				"10.0.0.1 db\n"
				"fe80::1%eth0 db\n"
				"10.0.0.300 db\n"
				"10.0.0.2\n"
				"   10.0.0.3   dbx last";

static const char *found(struct text *text, const char *source, const char *name, size_t max)
{
	struct address addresses[8];
	size_t count = hosts_find(bytes_from_string(source), name, addresses, max);

	text_clear(text);
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_append_char(text, ',');
		address_write(&addresses[i], text);
	}
	return text_string(text);
}

TEST(all_addresses_of_a_name)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	CHECK_EQ_STR(found(&text, file, "localhost", 8), "127.0.0.1,::1");
	CHECK_EQ_STR(found(&text, file, "db", 8), "10.0.0.1,2001:db8::1");
	CHECK_EQ_STR(found(&text, file, "dB2", 8), "10.0.0.1");
	CHECK_EQ_STR(found(&text, file, "DB.Internal", 8), "10.0.0.1");
	CHECK_EQ_STR(found(&text, file, "last", 8), "10.0.0.3");
}

TEST(only_whole_names)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	CHECK_EQ_STR(found(&text, file, "d", 8), "");
	CHECK_EQ_STR(found(&text, file, "db.", 8), "");
	CHECK_EQ_STR(found(&text, file, "internal", 8), "");
	CHECK_EQ_STR(found(&text, file, "10.0.0.2", 8), "");
	CHECK_EQ_STR(found(&text, file, "same", 8), "");
	CHECK_EQ_STR(found(&text, file, "", 8), "");
	CHECK_EQ_STR(found(&text, "", "db", 8), "");
}

TEST(no_more_than_asked_for)
{
	CLEANUP(text_deinit) struct text text = { 0 }, many = { 0 };

	for (unsigned i = 0; i < 256; i++)
		text_printf(&many, "10.0.0.%u many\n", i);
	CHECK_EQ_STR(found(&text, text_string(&many), "many", 3), "10.0.0.0,10.0.0.1,10.0.0.2");
	CHECK_EQ_STR(found(&text, text_string(&many), "many", 0), "");
}

TEST_MAIN()
