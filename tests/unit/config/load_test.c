#include "config/load.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parsing.h"

TEST(a_whole_file)
{
	PARSED(config,
	       "collect: { interval: 250ms, sockets: procfs, events: off }\n"
	       "discover: { enabled: false, max_targets: 7 }\n"
	       "targets:\n"
	       "  - name: a\n"
	       "    match: { pid_file: /run/a.pid, comm: a, exe: [ b, /c ], cmdline: x, "
	       "user: 33, listen: 80 }\n"
	       "    children: true\n"
	       "    goroutines: off\n"
	       "detect: { idle_after: 1s, waiting_after: 2s }\n"
	       "limits: { max_destinations: 1, max_pairs: 2, max_series: 3, "
	       "max_connections: 4, forget_after: 5s }\n");
	const struct match_config *match = config->targets[0].matches;

	CHECK_EQ_DBL(config->collect.interval, 0.25);
	CHECK_EQ_INT(config->collect.sockets, SOCKETS_PROCFS);
	CHECK_EQ_U64(config->discover.max_targets, 7);
	CHECK_EQ_U64(config->target_count, 1);
	CHECK_EQ_STR(config->targets[0].name, "a");
	CHECK(config->targets[0].children);
	CHECK(!config->targets[0].is_template);
	CHECK_EQ_U64(config->targets[0].match_count, 1);
	CHECK_EQ_INT(match->pid, 0);
	CHECK_EQ_STR(match->pid_file, "/run/a.pid");
	CHECK_EQ_U64(match->comm.count, 1);
	CHECK_EQ_STR(match->comm.items[0], "a");
	CHECK_EQ_U64(match->exe.count, 2);
	CHECK_EQ_STR(match->exe.items[1], "/c");
	CHECK_EQ_U64(match->argv0.count, 0);
	CHECK_EQ_U64(match->cmdline.count, 1);
	CHECK_EQ_INT(regex_match(match->cmdline.items[0], bytes_from_string("axb"), NULL),
		     REGEX_MATCH);
	CHECK_EQ_INT(match->uid, 33);
	CHECK_EQ_INT(match->listen, 80);
	CHECK_EQ_DBL(config->detect.waiting_after, 2);
	CHECK_EQ_U64(config->limits.max_connections, 4);
	CHECK_EQ_DBL(config->limits.forget_after, 5);
}

/* One condition is enough for a match. */
TEST(containers_units_and_cgroups)
{
	PARSED(config, "targets:\n"
		       "  - { name: a, match: { container: [ shop_, 0123456789ab ] } }\n"
		       "  - { name: b, match: { unit: [ shop, 'shop@*', 'a.scope', a.b ] } }\n"
		       "  - { name: c, match: { cgroup: /a/** } }\n");
	const struct target_config *targets = config->targets;

	REQUIRE(config->target_count == 3);
	REQUIRE(targets[0].matches->container.count == 2);
	CHECK_EQ_STR(targets[0].matches->container.items[0], "shop_");
	CHECK_EQ_STR(targets[0].matches->container.items[1], "0123456789ab");
	REQUIRE(targets[1].matches->unit.count == 4);
	CHECK_EQ_STR(targets[1].matches->unit.items[0], "shop.service");
	CHECK_EQ_STR(targets[1].matches->unit.items[1], "shop@*.service");
	CHECK_EQ_STR(targets[1].matches->unit.items[2], "a.scope");
	CHECK_EQ_STR(targets[1].matches->unit.items[3], "a.b.service");
	REQUIRE(targets[2].matches->cgroup.count == 1);
	CHECK_EQ_STR(targets[2].matches->cgroup.items[0], "/a/**");
}

TEST(alternatives_of_a_match)
{
	PARSED(config, "targets:\n"
		       "  - name: a\n"
		       "    match: [ { pid: 1 }, { pid: 2 } ]\n"
		       "  - name: b\n"
		       "    match: { pid: 3 }\n");
	CHECK_EQ_U64(config->targets[0].match_count, 2);
	CHECK_EQ_INT(config->targets[0].matches[1].pid, 2);
	CHECK_EQ_U64(config->targets[1].match_count, 1);
	CHECK(!config->targets[1].children);
}

TEST(modules)
{
	PARSED(config, "modules:\n"
		       "  api:\n"
		       "    prober: http\n"
		       "    timeout: 3s\n"
		       "    http:\n"
		       "      valid_status_codes: [ 200-299, 401 ]\n"
		       "      method: HEAD\n"
		       "      follow_redirects: false\n"
		       "      body_size_limit: 1MiB\n"
		       "      fail_if_body_matches_regexp: a\n"
		       "      fail_if_body_not_matches_regexp: [ b, c ]\n"
		       "      tls_config: { insecure_skip_verify: true, ca_file: /ca.pem }\n"
		       "  tcp: { prober: tcp, tcp: }\n");
	const struct module_config *api = &config->modules[0];

	CHECK_EQ_U64(config->module_count, 4);
	CHECK_EQ_STR(api->name, "api");
	CHECK_EQ_INT(api->prober, PROBER_HTTP);
	CHECK_EQ_DBL(api->timeout, 3);
	CHECK_EQ_U64(api->http.valid_status_code_count, 2);
	CHECK_EQ_U64(api->http.valid_status_codes[0].last, 299);
	CHECK_EQ_U64(api->http.valid_status_codes[1].first, 401);
	CHECK_EQ_STR(api->http.method, "HEAD");
	CHECK(!api->http.follow_redirects);
	CHECK_EQ_U64(api->http.body_size_limit, 1048576);
	CHECK_EQ_U64(api->http.fail_if_body_matches.count, 1);
	CHECK_EQ_U64(api->http.fail_if_body_not_matches.count, 2);
	CHECK(api->http.tls.insecure_skip_verify);
	CHECK_EQ_STR(api->http.tls.ca_file, "/ca.pem");
	CHECK_EQ_INT(config->modules[1].prober, PROBER_TCP);
}

TEST(defaults_of_a_module)
{
	PARSED(config, "modules: { a: { prober: http, http: { valid_status_codes: [] } } }");
	const struct module_config *module = &config->modules[0];

	CHECK_EQ_DBL(module->timeout, 0);
	CHECK_EQ_U64(module->http.valid_status_code_count, 1);
	CHECK_EQ_U64(module->http.valid_status_codes[0].first, 200);
	CHECK_EQ_U64(module->http.valid_status_codes[0].last, 299);
	CHECK_EQ_STR(module->http.method, "GET");
	CHECK(module->http.follow_redirects);
	CHECK_EQ_U64(module->http.body_size_limit, 0);
	CHECK(!module->http.tls.insecure_skip_verify);
	CHECK_EQ_STR(module->http.tls.ca_file, NULL);
}

TEST(quotes_do_not_matter_for_numbers)
{
	PARSED(config, "collect: { interval: \"1s\" }\n"
		       "limits: { max_pairs: '5' }\n"
		       "targets: [ { name: 12, match: { comm: 7, pid: \"8\" }, "
		       "children: 'yes' } ]\n");
	CHECK_EQ_DBL(config->collect.interval, 1);
	CHECK_EQ_U64(config->limits.max_pairs, 5);
	CHECK_EQ_STR(config->targets[0].name, "12");
	CHECK_EQ_STR(config->targets[0].matches[0].comm.items[0], "7");
	CHECK(config->targets[0].children);
}

TEST(quoted_null_is_a_word)
{
	PARSED(config, "targets: [ { name: \"null\", match: { comm: '~' } } ]\n");
	CHECK_EQ_STR(config->targets[0].name, "null");
	CHECK_EQ_STR(config->targets[0].matches[0].comm.items[0], "~");
}

TEST(comm_is_cut_as_the_kernel_cuts_it)
{
	PARSED(config, "targets: [ { name: a, match: { comm: chromium-browser } } ]\n");
	CHECK_EQ_STR(config->targets[0].matches[0].comm.items[0], "chromium-browse");
}

TEST(unknown_keys_suggest_the_nearest)
{
	CHECK_COMPLAINTS("collect:\n  intervall: 5s\n",
			 "f:2:3: unknown key \"intervall\" in collect, did you mean "
			 "\"interval\"?");
	CHECK_COMPLAINTS("destination: []\n",
			 "f:1:1: unknown key \"destination\" in the file, did you mean "
			 "\"destinations\"?");
	CHECK_COMPLAINTS("targets: [ { name: a, match: { exes: a } } ]\n",
			 "f:1:32: unknown key \"exes\" in a match, did you mean \"exe\"?");
}

TEST(unknown_keys_that_are_near_to_nothing_list_what_there_is)
{
	CHECK_COMPLAINTS(
		"detect: { colour: red }\n",
		"f:1:11: unknown key \"colour\" in detect, expected idle_after, stalled_after "
		"or waiting_after");
	CHECK_COMPLAINTS("modules: { a: { prober: tcp, tcp: { banner: x } } }\n",
			 "f:1:37: unknown key \"banner\" in tcp, expected query_response, tls, "
			 "tls_config, preferred_ip_protocol, ip_protocol_fallback or "
			 "source_ip_address");
	CHECK_COMPLAINTS("password: hunter2\n",
			 "f:1:1: unknown key \"password\" in the file, expected collect, "
			 "discover, targets, process_names, destinations, modules, detect or "
			 "limits");
}

TEST(keys_of_later_versions_take_what_this_one_can_do)
{
	CHECK_COMPLAINTS("collect: { sockets: netlink }\n",
			 "f:1:21: sockets: \"netlink\" is not auto, sock_diag or procfs");
	CHECK_COMPLAINTS("collect: { events: on }\n",
			 "f:1:20: events: \"on\" is not auto or off");
	CHECK_COMPLAINTS("targets: [ { name: a, match: { pid: 1 }, goroutines: memory } ]\n",
			 "f:1:54: goroutines: \"memory\" is not auto or off");
}

TEST(values_are_checked_where_they_stand)
{
	CHECK_COMPLAINTS("collect:\n  interval: 5\n",
			 "f:2:13: interval: \"5\" needs a unit, such as \"5s\"");
	CHECK_COMPLAINTS("collect:\n  interval: 10ms\n",
			 "f:2:13: interval: \"10ms\" is less than 100ms");
	CHECK_COMPLAINTS("collect:\n  interval: 2h\n",
			 "f:2:13: interval: \"2h\" is more than 1h");
	CHECK_COMPLAINTS("limits: { max_pairs: 0, max_series: many }\n",
			 "f:1:22: max_pairs: \"0\" is less than 1\n"
			 "f:1:37: max_series: \"many\" is not a whole number");
	CHECK_COMPLAINTS("discover: { enabled: perhaps }\n",
			 "f:1:22: enabled: \"perhaps\" is not auto, true or false");
}

TEST(lists_are_checked_item_by_item)
{
	CHECK_COMPLAINTS("targets:\n"
			 "  - name: a\n"
			 "    match:\n"
			 "      exe: [ a, '', [ b ], { c: d }, ~ ]\n",
			 "f:4:17: exe: \"\" is empty\n"
			 "f:4:21: exe: expected a word or a list of them, found a list\n"
			 "f:4:28: exe: expected a word or a list of them, found a mapping\n"
			 "f:4:38: exe: expected a word or a list of them, found nothing");
	CHECK_COMPLAINTS("targets: [ { name: a, match: { cmdline: [ a, '(' ] } } ]\n",
			 "f:1:46: cmdline: regular expression \"(\": missing closing "
			 "parenthesis at offset 1");
	CHECK_COMPLAINTS("modules: { a: { prober: http, http: { valid_status_codes: "
			 "[ 200, 20 ] } } }\n",
			 "f:1:66: valid_status_codes: \"20\" is no status code: expected 200, "
			 "200-299 or 2xx");
}

TEST(kinds_are_told_apart)
{
	CHECK_COMPLAINTS("collect: [ a ]\n",
			 "f:1:10: collect: expected a mapping, found a list");
	CHECK_COMPLAINTS("collect: 5s\n",
			 "f:1:10: collect: expected a mapping, found a scalar");
	CHECK_COMPLAINTS("collect: { interval: [ 5s ] }\n",
			 "f:1:22: interval: expected a duration, found a list");
	CHECK_COMPLAINTS("collect: { interval: { a: b } }\n",
			 "f:1:22: interval: expected a duration, found a mapping");
	CHECK_COMPLAINTS(
		"targets: a\n",
		"f:1:10: targets: expected a mapping or a list of them, found a scalar");
	CHECK_COMPLAINTS("targets: [ a ]\n", "f:1:12: a target is a mapping, found a scalar");
	CHECK_COMPLAINTS("targets:\n  -\n", "f:2:4: a target is a mapping, found nothing");
	CHECK_COMPLAINTS("modules: [ a ]\n", "f:1:10: modules: expected a mapping of names to "
					     "mappings, found a list");
	CHECK_COMPLAINTS("modules: { a: }\n", "f:1:15: a module is a mapping, found nothing");
	CHECK_COMPLAINTS("modules: { '': { prober: tcp } }\n", "f:1:12: name: \"\" is empty");
}

TEST(required_keys)
{
	CHECK_COMPLAINTS("targets:\n  - children: true\n",
			 "f:2:5: a target without \"match\"\nf:2:5: a target without \"name\"");
	CHECK_COMPLAINTS("targets: [ { name: , match: { pid: 1 } } ]\n",
			 "f:1:12: a target without \"name\"");
	CHECK_COMPLAINTS("modules: { a: {} }\n", "f:1:15: a module without \"prober\"");
	CHECK_COMPLAINTS("destinations: [ { port: 1, probe: { interval: 1s } } ]\n",
			 "f:1:17: a destination without \"name\"\n"
			 "f:1:35: a probe without \"url\"");
}

TEST(all_mistakes_are_shown_up_to_twenty)
{
	CLEANUP(text_deinit) struct text yaml = { 0 };
	CLEANUP(memory_free_pointer) char *found = NULL;

	text_append_string(&yaml, "collect:\n");
	for (int i = 0; i < 25; i++)
		text_printf(&yaml, "  wrong%d: x\n", i);
	found = complaints(bytes_from_string(text_string(&yaml)));
	CHECK(strstr(found, "f:21:3: unknown key \"wrong19\""));
	CHECK(!strstr(found, "wrong20"));
	CHECK_EQ_STR(strrchr(found, '\n'), "\nand 5 more");
}

TEST(lists_are_bounded)
{
	CLEANUP(text_deinit) struct text yaml = { 0 };

	text_append_string(&yaml, "destinations: [");
	for (int i = 0; i <= 10000; i++)
		text_append_string(&yaml, "a,");
	text_append_string(&yaml, "]\n");
	CHECK_COMPLAINTS(text_string(&yaml), "f:1:15: destinations: a list of more than 10000");
}

TEST(values_are_shown_in_one_line_and_without_secrets)
{
	CHECK_COMPLAINTS("collect: { interval: \"a\\nb\\e\" }\n",
			 "f:1:22: interval: \"a?b?\" is not a duration such as 500ms, 5s, 2m, "
			 "1h30m or 1d");
	CHECK_COMPLAINTS("collect: { interval: 'https://user:hunter2@host/' }\n",
			 "f:1:22: interval: \"https://…\" is not a duration such as 500ms, 5s, "
			 "2m, 1h30m or 1d");
	CHECK_COMPLAINTS("password: hunter2\npasswords: { a: hunter2 }\n",
			 "f:1:1: unknown key \"password\" in the file, expected collect, "
			 "discover, targets, process_names, destinations, modules, detect or "
			 "limits\n"
			 "f:2:1: unknown key \"passwords\" in the file, expected collect, "
			 "discover, targets, process_names, destinations, modules, detect or "
			 "limits");
}

/* Loads a file of the given content; the code that config_load() gives. */
static int load(const char *path, struct error *err)
{
	struct config *config = NULL;
	int r = config_load(path, &config, err);

	CHECK_EQ_INT(r == 0, config != NULL);
	config_free(config);
	return r;
}

static void check_unreadable(const char *path, int code, const char *expected)
{
	CLEANUP(error_deinit) struct error err = { 0 };

	CHECK_EQ_INT(load(path, &err), code);
	CHECK_EQ_STR(error_string(&err), expected);
}

TEST(files_that_cannot_be_read)
{
	check_unreadable("/nowhere/a.yml", -ENOENT,
			 "/nowhere/a.yml: cannot be read: No such file or directory");
	check_unreadable("/", -EISDIR, "/: cannot be read: Is a directory");
	check_unreadable("/dev/zero", -EFBIG, "/dev/zero: larger than 1 MiB");
}

/* A file in a directory of its own, for the length of a test. */
struct place {
	char directory[32], path[48];
};

static struct place place_new(struct bytes content)
{
	struct place place = { .directory = "/tmp/config-test-XXXXXX" };
	int fd;

	if (!mkdtemp(place.directory))
		abort();
	snprintf(place.path, sizeof(place.path), "%s/a.yml", place.directory);
	fd = open(place.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, content.data, content.length) != (ssize_t)content.length)
		abort();
	close(fd);
	return place;
}

static void place_free(const struct place *place)
{
	unlink(place->path);
	rmdir(place->directory);
}

/* Root reads every file, so it becomes somebody else for a moment. */
TEST(files_without_permission)
{
	CLEANUP(place_free) struct place place = place_new(LITERAL("collect: {}\n"));
	CLEANUP(error_deinit) struct error err = { 0 };
	uid_t user = geteuid();
	int r;

	REQUIRE(chmod(place.path, 0) == 0);
	REQUIRE(user != 0 || seteuid(65534) == 0);
	r = load(place.path, &err);
	REQUIRE(seteuid(user) == 0);
	CHECK_EQ_INT(r, -EACCES);
	CHECK(strstr(error_string(&err), "a.yml: cannot be read: Permission denied"));
}

TEST(files_are_named_in_messages)
{
	CLEANUP(place_free)
	struct place place = place_new(LITERAL("collect:\n  intervall: 5s"));
	CLEANUP(error_deinit) struct error err = { 0 };

	CHECK_EQ_INT(load(place.path, &err), -EINVAL);
	CHECK(!strncmp(error_string(&err), place.path, strlen(place.path)));
	CHECK_EQ_STR(error_string(&err) + strlen(place.path),
		     ":2:3: unknown key \"intervall\" in collect, did you mean \"interval\"?");
}

TEST(files_of_a_mebibyte_and_not_a_byte_more)
{
	size_t size = 1 << 20;
	CLEANUP(memory_free_pointer) char *content = memory_new(size + 1, 1);
	struct bytes exact = { content, size }, more = { content, size + 1 };
	CLEANUP(error_deinit) struct error err = { 0 };

	memset(content, '\n', size + 1);
	{
		CLEANUP(place_free) struct place place = place_new(exact);

		CHECK_EQ_INT(load(place.path, &err), 0);
	}
	{
		CLEANUP(place_free) struct place place = place_new(more);

		CHECK_EQ_INT(load(place.path, &err), -EFBIG);
	}
}

TEST_MAIN()
