#include "base/glob.h"

#include "test.h"

static bool matches(const char *glob, const char *path)
{
	return glob_match(glob, bytes_from_string(path));
}

TEST(literally)
{
	CHECK(matches("/", "/"));
	CHECK(matches("/a/b.c", "/a/b.c"));
	CHECK(!matches("/a/b.c", "/a/b.cd"));
	CHECK(!matches("/a/b.c", "/a/b"));
	CHECK(!matches("/a", "/a/b"));
	CHECK(!matches("/a/b", "/a"));
	CHECK(!matches("/a", "/"));
	CHECK(!matches("/", "/a"));
}

TEST(within_a_component)
{
	CHECK(matches("/system.slice/*.service", "/system.slice/nginx.service"));
	CHECK(!matches("/system.slice/*.service", "/system.slice/a/b.service"));
	CHECK(!matches("/system.slice/*.service", "/system.slice/nginx.service/worker"));
	CHECK(matches("/a?c/[x-z]", "/abc/y"));
	CHECK(!matches("/a?c", "/a/c"));
	CHECK(!matches("/*", "/"));
	CHECK(matches("/*", "/.hidden"));
	CHECK(matches("/*a*b*", "/xxaxxbxx"));
}

/* systemd writes what a name may not hold as \x2d. */
TEST(a_backslash_is_a_backslash)
{
	CHECK(matches("/machine-a\\x2db.scope", "/machine-a\\x2db.scope"));
	CHECK(!matches("/\\*", "/*"));
}

TEST(any_number_of_components)
{
	CHECK(matches("/**", "/"));
	CHECK(matches("/**", "/a/b"));
	CHECK(matches("/a/**", "/a"));
	CHECK(matches("/a/**", "/a/b/c"));
	CHECK(!matches("/a/**", "/b/a"));
	CHECK(!matches("/a/**", "/ab"));
	CHECK(matches("/**/c", "/c"));
	CHECK(matches("/**/c", "/a/b/c"));
	CHECK(matches("/**/c", "/../c"));
	CHECK(!matches("/**/c", "/a/b/c/d"));
	CHECK(matches("/a/**/z", "/a/z"));
	CHECK(matches("/a/**/z", "/a/z/y/z"));
	CHECK(matches("/**/**", "/"));
	CHECK(matches("/**/a/b", "/a/a/b"));
}

/* What the first took too early is not given back, and need not be. */
TEST(several_of_them)
{
	CHECK(matches("/**/a/**/b/c", "/x/a/b/a/b/c"));
	CHECK(matches("/**/a/b/**/c", "/a/x/a/b/c"));
	CHECK(matches("/**/a/**/a/**", "/a/a"));
	CHECK(!matches("/**/a/**/a/**", "/a/b"));
	CHECK(!matches("/**/a/**/b/c", "/a/b/x/c"));
}

TEST(bytes_that_end_early)
{
	CHECK(glob_match("/a/b", (struct bytes){ "/a/bcd", 4 }));
	CHECK(!glob_match("/a", (struct bytes){ 0 }));
	CHECK(glob_match("/**", (struct bytes){ 0 }));
}

TEST_MAIN()
