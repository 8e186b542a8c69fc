#include "probe/view_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "name_server.h"

/* A name that nobody answers is waited for until here; nothing else comes near it. */
#define PATIENCE 60.0

/* A place with files of its own, in our own network namespace, and who looks from there. */
struct place {
	char path[64];
	int root;
	struct view *view;
	struct watch watch;
	struct connections *connections;
	struct resolver *resolver;
	struct name_servers_list list;
	struct text found;
};

static void place_write(struct place *place, const char *name, const char *content)
{
	int fd = openat(place->root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t length = strlen(content);

	CHECK(fd >= 0 && write(fd, content, length) == (ssize_t)length);
	file_close(&fd);
}

static void place_init(struct place *place, const char *hosts, const char *resolv_conf)
{
	int root;

	*place = (struct place){ .path = "/tmp/view_lookup_test-XXXXXX" };
	CHECK(mkdtemp(place->path) != NULL);
	place->root = open(place->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(!mkdirat(place->root, "etc", 0700));
	if (hosts)
		place_write(place, "etc/hosts", hosts);
	if (resolv_conf)
		place_write(place, "etc/resolv.conf", resolv_conf);
	root = fcntl(place->root, F_DUPFD_CLOEXEC, 0);
	place->view = view_new(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), root);
	CHECK(!watch_init(&place->watch));
	place->connections = connections_new(16);
	place->resolver = resolver_new();
	watch_set(&place->watch, resolver_event(place->resolver), EPOLLIN);
	place->list = (struct name_servers_list){ &place->watch, place->connections, NULL };
}

static void place_deinit(struct place *place)
{
	CHECK(!place->list.first);
	connections_free(place->connections);
	resolver_release(place->resolver);
	watch_deinit(&place->watch);
	view_release(place->view);
	unlinkat(place->root, "etc/hosts", 0);
	unlinkat(place->root, "etc/resolv.conf", 0);
	unlinkat(place->root, "other", 0);
	unlinkat(place->root, "etc", AT_REMOVEDIR);
	file_close(&place->root);
	rmdir(place->path);
	text_deinit(&place->found);
}

/* As an engine would: sleeps until something is to be done. */
static struct lookup_view wait_over(struct place *place, struct view_lookup *lookup)
{
	double end = clock_monotonic() + PATIENCE, now = clock_monotonic();
	struct lookup_view view = view_lookup_check(lookup, now);

	while (view.state == LOOKUP_RUNNING && now < end) {
		struct pollfd event = { .fd = place->watch.fd, .events = POLLIN };
		double left = fmin(view_lookup_deadline(lookup), end) - now;

		poll(&event, 1, left > 0 ? (int)ceil(fmin(left, 60) * 1e3) : 0);
		resolver_read_event(place->resolver);
		now = clock_monotonic();
		view = view_lookup_check(lookup, now);
	}
	return view;
}

static const char *shown(const struct lookup_view *view)
{
	static const char *const names[] = {
		[LOOKUP_WAITING] = "waiting",	  [LOOKUP_RUNNING] = "running",
		[LOOKUP_NOT_FOUND] = "not found", [LOOKUP_TIMEOUT] = "timeout",
		[LOOKUP_FAILED] = "failed",	  [LOOKUP_IMPOSSIBLE] = "impossible",
	};

	return view->state == LOOKUP_FOUND ? view->addresses : names[view->state];
}

static struct view_lookup *begin(struct place *place, const char *name)
{
	return view_lookup_new(&place->list, place->resolver, place->view, name, false,
			       clock_monotonic());
}

/* What a lookup of that name came to. */
static const char *find(struct place *place, const char *name)
{
	struct view_lookup *lookup = begin(place, name);
	struct lookup_view view = wait_over(place, lookup);

	text_clear(&place->found);
	text_append_string(&place->found, shown(&view));
	CHECK(view.ended >= view.began);
	CHECK(view_lookup_deadline(lookup) < clock_monotonic());
	view_lookup_free(lookup);
	return text_string(&place->found);
}

/* A place whose name server is ours. */
struct served {
	struct place place;
	struct name_server server;
	bool works;
};

static void served_init(struct served *served, const char *options)
{
	CLEANUP(text_deinit) struct text conf = { 0 };
	char address[INET_ADDRSTRLEN];

	served->works = name_server_start(&served->server, 53);
	inet_ntop(AF_INET, &served->server.address.sin_addr, address, sizeof(address));
	text_printf(&conf, "nameserver %s\n%s", address, options);
	place_init(&served->place, "10.9.9.9 fixed\n", text_string(&conf));
}

static void served_deinit(struct served *served)
{
	place_deinit(&served->place);
	if (served->works)
		name_server_stop(&served->server);
}

/* What was asked since the last time. */
static const char *take_asked(struct served *served)
{
	text_clear(&served->place.found);
	pthread_mutex_lock(&served->server.mutex);
	text_append_string(&served->place.found, text_string(&served->server.asked));
	text_clear(&served->server.asked);
	pthread_mutex_unlock(&served->server.mutex);
	return text_string(&served->place.found);
}

#define SERVED(variable, options)                      \
	CLEANUP(served_deinit) struct served variable; \
	served_init(&(variable), options);             \
	if (!(variable).works)                         \
	TEST_SKIP("needs port 53: only root may listen on it")

TEST(the_hosts_file_comes_first)
{
	CLEANUP(place_deinit) struct place place;

	place_init(&place,
		   "10.0.0.1 db\n127.0.0.1 db\n::1 six\n10.1.1.1 localhost\n10.1.1.2 numbers\n",
		   "nameserver 127.0.0.1\n");
	CHECK_EQ_STR(find(&place, "numbers"), "10.1.1.2");
	CHECK_EQ_STR(find(&place, "SIX"), "::1");
	CHECK_EQ_STR(find(&place, "localhost"), "10.1.1.1");
	CHECK(strstr(find(&place, "db"), "127.0.0.1") != NULL);
	CHECK(strstr(find(&place, "db"), "10.0.0.1") != NULL);
}

TEST(localhost_needs_no_file)
{
	CLEANUP(place_deinit) struct place place;

	place_init(&place, NULL, NULL);
	CHECK(strstr(find(&place, "localhost"), "127.0.0.1") != NULL);
	CHECK(strstr(find(&place, "app.LOCALHOST"), "::1") != NULL);
}

/* Read anew each time. */
TEST(files_may_change)
{
	CLEANUP(place_deinit) struct place place;

	place_init(&place, "10.0.0.1 db\n", NULL);
	CHECK_EQ_STR(find(&place, "db"), "10.0.0.1");
	place_write(&place, "etc/hosts", "10.0.0.2 db\n");
	CHECK_EQ_STR(find(&place, "db"), "10.0.0.2");
	REQUIRE(!unlinkat(place.root, "etc/hosts", 0));
	REQUIRE(!symlinkat("/../../other", place.root, "etc/hosts"));
	place_write(&place, "other", "10.0.0.3 db\n");
	CHECK_EQ_STR(find(&place, "db"), "10.0.0.3");
}

TEST(files_that_tell_nothing)
{
	CLEANUP(place_deinit) struct place place;
	CLEANUP(text_deinit) struct text large = { 0 };

	place_init(&place, "10.0.0.1 db\n", NULL);
	REQUIRE(!mkfifoat(place.root, "etc/resolv.conf", 0600));
	CHECK_EQ_STR(find(&place, "db"), "10.0.0.1");
	CHECK_EQ_STR(find(&place, "other"), "impossible");
	for (unsigned i = 0; i < 200000; i++)
		text_append_string(&large, "10.0.0.1 x\n");
	place_write(&place, "etc/hosts", text_string(&large));
	CHECK_EQ_STR(find(&place, "db"), "impossible");
	REQUIRE(!unlinkat(place.root, "etc/hosts", 0));
	REQUIRE(!symlinkat("hosts", place.root, "etc/hosts"));
	CHECK_EQ_STR(find(&place, "db"), "impossible");
}

TEST(answers)
{
	SERVED(served, "options timeout:1 attempts:1\n");

	CHECK_EQ_STR(find(&served.place, "four.example"), "10.0.0.1");
	CHECK(strstr(find(&served.place, "good.example"), "10.0.0.1,10.0.0.2") != NULL);
	CHECK(strstr(find(&served.place, "good.example"), "2001:db8::1") != NULL);
	CHECK_EQ_STR(find(&served.place, "fixed"), "10.9.9.9");
	CHECK_EQ_STR(find(&served.place, "missing.example"), "not found");
	CHECK_EQ_STR(find(&served.place, "broken.example"), "failed");
	CHECK_EQ_STR(find(&served.place, "refused.example"), "failed");
	CHECK_EQ_STR(find(&served.place, "hang.example"), "timeout");
}

TEST(what_one_family_has_will_do)
{
	SERVED(served, "options timeout:1 attempts:1\n");

	CHECK_EQ_STR(find(&served.place, "split.example"), "10.0.0.1");
	CHECK_EQ_STR(find(&served.place, "half.example"), "10.0.0.1");
}

TEST(hostile_answers)
{
	SERVED(served, "options timeout:1 attempts:1\n");

	CHECK_EQ_STR(find(&served.place, "loop.example"), "not found");
	CHECK_EQ_STR(find(&served.place, "empty.example"), "10.0.0.1");
	CHECK_EQ_STR(find(&served.place, "flood.example"), "10.0.0.1");
	CHECK_EQ_STR(find(&served.place, "garbage.example"), "failed");
	CHECK_EQ_STR(find(&served.place, "cut.example"), "failed");
	CHECK_EQ_STR(find(&served.place, ""), "not found");
	CHECK_EQ_STR(find(&served.place, "a..b"), "not found");
}

/* 64 kB over TCP, of which as many are taken as anybody would try. */
TEST(a_truncated_answer_is_asked_for_again)
{
	struct snapshot *snapshot = snapshot_new(0, 0);
	SERVED(served, "options timeout:1 attempts:1\n");

	CHECK_EQ_INT(strlen(find(&served.place, "big.example")),
		     strlen("10.0.0.1,") * 9 + strlen("10.0.0.10,") * 7 - 1);
	/* The connections that it took are known as ours. */
	connections_copy(served.place.connections, clock_monotonic(), snapshot);
	CHECK(snapshot->own_count >= 1);
	CHECK_EQ_INT(snapshot->own[0].remote.port, 53);
	CHECK_EQ_U64(snapshot->own[0].netns, view_netns(served.place.view));
	snapshot_free(snapshot);
}

TEST(the_search_list)
{
	SERVED(served, "search broken.a b .\noptions ndots:2 timeout:1\n");

	CHECK_EQ_STR(find(&served.place, "missing.x"), "not found");
	CHECK_EQ_STR(take_asked(&served),
		     "missing.x.broken.a/A missing.x.broken.a/AAAA missing.x.b/A "
		     "missing.x.b/AAAA missing.x/A missing.x/AAAA missing.x/A missing.x/AAAA ");
	find(&served.place, "missing.x.");
	CHECK_EQ_STR(take_asked(&served), "missing.x/A missing.x/AAAA ");
	CHECK_EQ_STR(find(&served.place, "four"), "10.0.0.1");
	CHECK_EQ_STR(take_asked(&served), "four.broken.a/A four.broken.a/AAAA ");
	CHECK_EQ_STR(find(&served.place, "four.x.y"), "10.0.0.1");
	CHECK_EQ_STR(take_asked(&served), "four.x.y/A four.x.y/AAAA ");
}

TEST(the_search_list_ends_in_silence)
{
	SERVED(served, "search a b\noptions timeout:1 attempts:1\n");

	CHECK_EQ_STR(find(&served.place, "hang"), "timeout");
	CHECK_EQ_STR(take_asked(&served), "hang.a/A hang.a/AAAA ");
	CHECK_EQ_STR(find(&served.place, "broken"), "failed");
	CHECK_EQ_STR(take_asked(&served), "broken.a/A broken.a/AAAA broken.b/A broken.b/AAAA "
					  "broken/A broken/AAAA ");
}

TEST(options_of_the_place)
{
	SERVED(served, "options use-vc no-aaaa\n");

	CHECK_EQ_STR(find(&served.place, "good.example"), "10.0.0.1,10.0.0.2");
	CHECK_EQ_STR(find(&served.place, "cut.example"), "failed");
	CHECK(strstr(take_asked(&served), "AAAA") == NULL);
}

TEST(one_question_at_a_time)
{
	SERVED(served, "options single-request timeout:1 attempts:1\n");

	CHECK(strstr(find(&served.place, "good.example"), "2001:db8::1") != NULL);
	CHECK_EQ_STR(find(&served.place, "hang.example"), "timeout");
	CHECK(strstr(take_asked(&served), "good.example/A good.example/AAAA ") != NULL);
}

/* Another server, before ours. */
static void write_servers(struct served *served, const char *first)
{
	CLEANUP(text_deinit) struct text conf = { 0 };
	char address[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &served->server.address.sin_addr, address, sizeof(address));
	text_printf(&conf, "nameserver %s\nnameserver %s\n", first, address);
	place_write(&served->place, "etc/resolv.conf", text_string(&conf));
}

/* Where nobody listens: the next server is asked, if there is one. */
TEST(a_server_that_is_not_there)
{
	SERVED(served, "options timeout:1\n");

	write_servers(&served, "127.255.255.254");
	CHECK_EQ_STR(find(&served.place, "four.example"), "10.0.0.1");
	place_write(&served.place, "etc/resolv.conf", "nameserver 127.255.255.254\n");
	CHECK_EQ_STR(find(&served.place, "four.example"), "failed");
	place_write(&served.place, "etc/resolv.conf", "nameserver fe80::1%nodevice\n");
	CHECK_EQ_STR(find(&served.place, "four.example"), "failed");
}

/* Our own environment is nobody's business. */
TEST(the_environment_changes_nothing)
{
	SERVED(served, "");

	setenv("LOCALDOMAIN", "a b c", 1);
	setenv("RES_OPTIONS", "ndots:9 retry:1 retrans:1", 1);
	setenv("HOSTALIASES", "/dev/stdin", 1);
	CHECK_EQ_STR(find(&served.place, "missing"), "not found");
	CHECK_EQ_STR(take_asked(&served), "missing/A missing/AAAA ");
	unsetenv("LOCALDOMAIN");
	unsetenv("RES_OPTIONS");
	unsetenv("HOSTALIASES");
}

TEST(giving_up_leaves_nothing_behind)
{
	SERVED(served, "");

	for (unsigned i = 0; i < 10; i++) {
		struct view_lookup *lookup = begin(&served.place, i % 2 ? "hang.x" : "big.x");

		while (i % 3 && view_lookup_is_reading(lookup))
			view_lookup_check(lookup, clock_monotonic());
		view_lookup_free(lookup);
	}
	CHECK(!served.place.list.first);
}

/* Of one place: they share the servers, and one that is given up does not hurt the others. */
TEST(many_at_once)
{
	struct view_lookup *lookups[300];
	unsigned found = 0;
	SERVED(served, "options timeout:1 attempts:5\n");

	for (unsigned i = 0; i < ARRAY_LENGTH(lookups); i++)
		lookups[i] = begin(&served.place, i % 3 ? "four.x" : "hang.x");
	for (unsigned i = 0; i < ARRAY_LENGTH(lookups); i++) {
		if (i % 3)
			found += wait_over(&served.place, lookups[i]).state == LOOKUP_FOUND;
		view_lookup_free(lookups[i]);
	}
	CHECK_EQ_INT(found, 200);
}

TEST_MAIN()
