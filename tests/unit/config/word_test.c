/* What units, containers and globs may be; the others are in option_test.c. */
#include "config/word.h"

#include "test.h"

#define CHECK_WORD(type, text, wrong) CHECK_EQ_STR(word_check(type, text), wrong)

TEST(units)
{
	static const char no_name[] = "is not the name of a systemd unit";
	static const char template[] =
		"is a template, of which only instances run: name one, or write @*";
	static const char idle[] = "has no processes: the service that it is about has";

	CHECK_WORD(OPTION_UNITS, "checkout", NULL);
	CHECK_WORD(OPTION_UNITS, "checkout.service", NULL);
	CHECK_WORD(OPTION_UNITS, "postgresql@15-main.service", NULL);
	CHECK_WORD(OPTION_UNITS, "postgresql@*", NULL);
	CHECK_WORD(OPTION_UNITS, "user-1000.slice", NULL);
	CHECK_WORD(OPTION_UNITS, "session-4.scope", NULL);
	CHECK_WORD(OPTION_UNITS, "machine-a\\x2db.scope", NULL);
	CHECK_WORD(OPTION_UNITS, "com.example.app", NULL);
	CHECK_WORD(OPTION_UNITS, "", "is empty");
	CHECK_WORD(OPTION_UNITS, "system.slice/checkout",
		   "is not a systemd unit: a path is for the key cgroup");
	CHECK_WORD(OPTION_UNITS, "check out", no_name);
	CHECK_WORD(OPTION_UNITS, ".service", no_name);
	CHECK_WORD(OPTION_UNITS, "k\xc3\xa4se", no_name);
	CHECK_WORD(OPTION_UNITS, "getty@", template);
	CHECK_WORD(OPTION_UNITS, "getty@.service", template);
	CHECK_WORD(OPTION_UNITS, "backup.timer", idle);
	CHECK_WORD(OPTION_UNITS, "multi-user.target", idle);
}

TEST(units_are_at_most_255_bytes)
{
	static const char wrong[] = "is longer than the name of a unit can be";
	char name[257];

	memset(name, 'a', sizeof(name));
	name[247] = '\0';
	CHECK_WORD(OPTION_UNITS, name, NULL);
	name[247] = 'a';
	name[248] = '\0';
	CHECK_WORD(OPTION_UNITS, name, wrong);
}

TEST(suffixes)
{
	CHECK(word_has_unit_suffix("a.service"));
	CHECK(word_has_unit_suffix("a.b.scope"));
	CHECK(!word_has_unit_suffix("a"));
	CHECK(!word_has_unit_suffix("a.b"));
	CHECK(!word_has_unit_suffix("a.service.d"));
}

TEST(containers)
{
	CHECK_WORD(OPTION_CONTAINERS, "checkout", NULL);
	CHECK_WORD(OPTION_CONTAINERS, "checkout-7d9f_shop_app", NULL);
	CHECK_WORD(OPTION_CONTAINERS, "0123456789ab", NULL);
	CHECK_WORD(OPTION_CONTAINERS, "", "is empty");
	CHECK_WORD(OPTION_CONTAINERS, "/checkout",
		   "is not the name or id of a container: write it without a slash");
	CHECK_WORD(OPTION_CONTAINERS, "containerd://0123456789ab",
		   "is not the name or id of a container: write it without a slash");
	CHECK_WORD(OPTION_CONTAINERS, "check out", "is not the name or id of a container");
	CHECK_WORD(OPTION_CONTAINERS, "a\tb", "is not the name or id of a container");
}

TEST(globs)
{
	static const char no_slash[] =
		"does not begin with a slash, as the path of a cgroup does";
	static const char stars[] = "has ** beside other characters: it stands between slashes";

	CHECK_WORD(OPTION_GLOBS, "/", NULL);
	CHECK_WORD(OPTION_GLOBS, "/system.slice/*.service/**", NULL);
	CHECK_WORD(OPTION_GLOBS, "/**/docker-*.scope", NULL);
	CHECK_WORD(OPTION_GLOBS, "/../docker-*.scope", NULL);
	CHECK_WORD(OPTION_GLOBS, "", "is empty");
	CHECK_WORD(OPTION_GLOBS, "system.slice/*", no_slash);
	CHECK_WORD(OPTION_GLOBS, "**", no_slash);
	CHECK_WORD(OPTION_GLOBS, "/a//b", "has a slash too many");
	CHECK_WORD(OPTION_GLOBS, "/a/", "has a slash too many");
	CHECK_WORD(OPTION_GLOBS, "/a\nb", "holds a control character");
	CHECK_WORD(OPTION_GLOBS, "/a**", stars);
	CHECK_WORD(OPTION_GLOBS, "/**a", stars);
	CHECK_WORD(OPTION_GLOBS, "/***", stars);
}

TEST_MAIN()
