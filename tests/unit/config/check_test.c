#include "config/check.h"

#include <pwd.h>
#include <unistd.h>

#include "parsing.h"

TEST(names_of_targets_are_unique)
{
	CHECK_COMPLAINTS("targets:\n"
			 "  - { name: a, match: { pid: 1 } }\n"
			 "  - { name: b, match: { pid: 1 } }\n"
			 "  - { name: a, match: { pid: 1 } }\n",
			 "f:4:13: name: \"a\" is taken, at 2:13");
	CHECK_COMPLAINTS("targets: [ { name: other, match: { pid: 1 } } ]\n",
			 "f:1:20: name: \"other\" is the name of what goes beyond a limit, "
			 "choose another");
}

TEST(names_of_destinations_are_unique)
{
	CHECK_COMPLAINTS("destinations:\n"
			 "  - { name: a, port: 1 }\n"
			 "  - { name: a, port: 2 }\n"
			 "  - { name: other, port: 3 }\n",
			 "f:3:13: name: \"a\" is taken, at 2:13\n"
			 "f:4:13: name: \"other\" is the name of what goes beyond a limit, "
			 "choose another");
}

TEST(names_of_targets_and_destinations_may_be_the_same)
{
	CHECK_COMPLAINTS("targets: [ { name: a, match: { pid: 1 } } ]\n"
			 "destinations: [ { name: a, port: 1 } ]\n"
			 "modules: { a: { prober: tcp }, other: { prober: tcp } }\n",
			 "");
}

static const char empty[] = "a match without a condition would match every process";

static void check_empty(const char *yaml, const char *place)
{
	CLEANUP(text_deinit) struct text expected = { 0 };

	text_printf(&expected, "%s: %s", place, empty);
	CHECK_COMPLAINTS(yaml, text_string(&expected));
}

TEST(an_empty_match_is_refused)
{
	check_empty("targets: [ { name: a, match: {} } ]\n", "f:1:30");
	check_empty("targets: [ { name: a, match: [ { pid: 1 }, {} ] } ]\n", "f:1:44");
	check_empty("targets: [ { name: a, match: { comm: [], exe: [] } } ]\n", "f:1:30");
	check_empty("targets: [ { name: a, match: { pid: ~ } } ]\n", "f:1:30");
	check_empty(
		"targets: [ { name: a, match: { container: [], unit: [], cgroup: [] } } ]\n",
		"f:1:30");
	check_empty("process_names: [ { name: a } ]\n", "f:1:18");
	CHECK_COMPLAINTS("targets: [ { name: a, match: [] } ]\n",
			 "f:1:30: match: expected a list of at least one mapping");
	CHECK_COMPLAINTS("targets: [ { name: a, match: } ]\n",
			 "f:1:12: a target without \"match\"");
}

TEST(a_match_with_a_mistake_is_not_called_empty)
{
	CHECK_COMPLAINTS("targets: [ { name: a, match: { pid: x } } ]\n",
			 "f:1:37: pid: \"x\" is not a whole number");
	CHECK_COMPLAINTS("targets: [ { name: a, match: { comm: [ '' ] } } ]\n",
			 "f:1:40: comm: \"\" is empty");
	CHECK_COMPLAINTS("targets: [ { name: a, match: { pidd: 1 } } ]\n",
			 "f:1:32: unknown key \"pidd\" in a match, did you mean \"pid\"?");
}

TEST(units_containers_and_globs_with_a_mistake)
{
	CHECK_COMPLAINTS("targets: [ { name: a, match: { unit: a/b.service } } ]\n",
			 "f:1:38: unit: \"a/b.service\" is not a systemd unit: a path is for "
			 "the key cgroup");
	CHECK_COMPLAINTS("targets:\n  - name: a\n    match:\n      cgroup: [ /a, '' ]\n",
			 "f:4:21: cgroup: \"\" is empty");
	CHECK_COMPLAINTS(
		"targets: [ { name: a, match: { cgroup: a/* } } ]\n",
		"f:1:40: cgroup: \"a/*\" does not begin with a slash, as the path of a "
		"cgroup does");
	CHECK_COMPLAINTS(
		"targets: [ { name: a, match: { container: /a } } ]\n",
		"f:1:43: container: \"/a\" is not the name or id of a container: write "
		"it without a slash");
	CHECK_COMPLAINTS("targets: [ { name: a, match: { container: { a: b } } } ]\n",
			 "f:1:43: container: expected a name or id, or a list of them, found a "
			 "mapping");
	CHECK_COMPLAINTS(
		"process_names: [ { name: a, comm: [ x ], unit: b } ]\n",
		"f:1:42: unknown key \"unit\" in process_names, expected name, comm, exe "
		"or cmdline");
}

TEST(users_by_name_and_number)
{
	const struct passwd *own = getpwuid(geteuid());
	CLEANUP(text_deinit) struct text yaml = { 0 };

	REQUIRE(own);
	text_printf(&yaml,
		    "targets: [ { name: a, match: [ { user: %s }, { user: 4294967294 } ] } ]",
		    own->pw_name);
	{
		PARSED(config, text_string(&yaml));
		CHECK_EQ_STR(config->targets[0].matches[0].user, own->pw_name);
		CHECK_EQ_U64(config->targets[0].matches[0].uid, geteuid());
		CHECK_EQ_U64(config->targets[0].matches[1].uid, 4294967294);
	}
}

TEST(users_that_do_not_exist)
{
	CHECK_COMPLAINTS("targets:\n  - name: a\n    match: { user: no-such-user }\n",
			 "f:3:20: user: there is no user \"no-such-user\"");
	CHECK_COMPLAINTS("targets: [ { name: a, match: { user: -1 } } ]\n",
			 "f:1:38: user: there is no user \"-1\"");
	CHECK_COMPLAINTS("targets: [ { name: a, match: { user: 4294967295 } } ]\n",
			 "f:1:38: user: cannot look up \"4294967295\": Numerical result out "
			 "of range");
}

TEST(process_names_become_targets)
{
	PARSED(config, "process_names:\n"
		       "  - comm: [ a, b ]\n"
		       "  - name: 'x {{.Matches.n}}'\n"
		       "    exe: java\n"
		       "    cmdline: [ '-D(?P<n>\\w+)', z ]\n"
		       "  - { name: fixed, comm: c }\n"
		       "  - { name: fixed, comm: d }\n"
		       "targets: [ { name: first, match: { pid: 1 } } ]\n");
	const struct target_config *targets = config->targets;

	CHECK_EQ_U64(config->target_count, 5);
	CHECK_EQ_STR(targets[0].name, "first");
	CHECK_EQ_STR(targets[1].name, "{{.ExeBase}}");
	CHECK(targets[1].is_template);
	CHECK(targets[1].children);
	CHECK_EQ_U64(targets[1].match_count, 1);
	CHECK_EQ_U64(targets[1].matches[0].comm.count, 2);
	CHECK(targets[2].is_template);
	CHECK_EQ_STR(targets[2].matches[0].argv0.items[0], "java");
	CHECK_EQ_U64(targets[2].matches[0].exe.count, 0);
	CHECK_EQ_U64(targets[2].matches[0].cmdline.count, 2);
	CHECK_EQ_STR(targets[3].name, "fixed");
	CHECK(!targets[3].is_template);
	CHECK_EQ_STR(targets[4].name, "fixed");
}

TEST(process_names_give_way_to_targets)
{
	CHECK_COMPLAINTS("targets: [ { name: a, match: { pid: 1 } } ]\n"
			 "process_names: [ { name: a, comm: x } ]\n",
			 "f:2:26: name: \"a\" is taken by a target");
}

TEST(groups_of_a_template_exist)
{
	CHECK_COMPLAINTS(
		"process_names:\n"
		"  - { name: '{{.Matches.a}}{{ .Matches.b }}', cmdline: [ x, '(?<b>y)' ] }\n",
		"f:2:13: name: no cmdline has a group (?P<a>…)");
	CHECK_COMPLAINTS("process_names:\n  - { name: '{{.Matches.a}}', comm: x }\n",
			 "f:2:13: name: no cmdline has a group (?P<a>…)");
	CHECK_COMPLAINTS("process_names:\n"
			 "  - { name: '{{.Matches.ab}}', cmdline: '(?P<a>x)(?P<abc>y)' }\n",
			 "f:2:13: name: no cmdline has a group (?P<ab>…)");
	CHECK_COMPLAINTS("process_names:\n"
			 "  - { name: '{{.Matches.a}}', cmdline: \"(?'a'x)\" }\n",
			 "");
}

TEST(destinations_by_each_kind_of_place)
{
	PARSED(config, "destinations:\n"
		       "  - { name: a, host: a.example.org, port: 443 }\n"
		       "  - { name: b, address: 10.0.0.5 }\n"
		       "  - { name: c, cidr: 10.0.0.0/8, port: 80 }\n"
		       "  - { name: d, port: 53 }\n");
	const struct destination_config *destinations = config->destinations;

	CHECK_EQ_STR(destinations[0].host, "a.example.org");
	CHECK(!destinations[0].has_prefix);
	CHECK_EQ_INT(destinations[0].port, 443);
	CHECK(destinations[1].has_prefix);
	CHECK_EQ_INT(destinations[1].prefix.bits, 128);
	CHECK_EQ_INT(destinations[1].port, 0);
	CHECK(destinations[2].has_prefix);
	CHECK_EQ_INT(destinations[2].prefix.bits, 104);
	CHECK(!destinations[3].has_prefix);
	CHECK_EQ_STR(destinations[3].host, NULL);
	CHECK_EQ_STR(destinations[3].probe.url, NULL);
	CHECK_EQ_DBL(destinations[3].probe.interval, 0);
}

TEST(destinations_have_one_place)
{
	CHECK_COMPLAINTS("destinations: [ { name: a } ]\n",
			 "f:1:17: a destination needs host, address, cidr or port");
	CHECK_COMPLAINTS("destinations: [ { name: a, host: b, cidr: 10.0.0.0/8 } ]\n",
			 "f:1:43: cidr: excludes host, which is given already");
	CHECK_COMPLAINTS("destinations: [ { name: a, cidr: 10.0.0.0/8, address: 10.0.0.1 } ]\n",
			 "f:1:34: cidr: excludes address, which is given already");
}

/* A destination with this probe, and a module with this timeout. */
#define PROBE(probe) "destinations: [ { name: a, port: 1, probe: { " probe " } } ]\n"
#define MODULE(timeout) "modules: { m: { prober: http, timeout: " timeout " } }"

static void check_probe(const char *yaml, const char *module, double interval, double timeout)
{
	PARSED(config, yaml);
	CHECK_EQ_STR(config->destinations[0].probe.module->name, module);
	CHECK_EQ_DBL(config->destinations[0].probe.interval, interval);
	CHECK_EQ_DBL(config->destinations[0].probe.timeout, timeout);
}

TEST(defaults_of_a_probe)
{
	check_probe(PROBE("url: 'http://a'"), "http_2xx", 15, 5);
	check_probe(PROBE("url: 'https://a'"), "http_2xx", 15, 5);
	check_probe(PROBE("url: 'tcp://a:1'"), "tcp_connect", 15, 5);
	check_probe(PROBE("url: 'tcp://a:1', module: ~"), "tcp_connect", 15, 5);
}

TEST(a_timeout_nobody_chose_gives_way_to_the_interval)
{
	check_probe(PROBE("url: 'http://a', interval: 2s"), "http_2xx", 2, 2);
	check_probe(PROBE("url: 'http://a', interval: 2s, timeout: 2s"), "http_2xx", 2, 2);
	check_probe(PROBE("url: 'http://a', module: m") MODULE("9s"), "m", 15, 9);
	check_probe(PROBE("url: 'http://a', module: m") MODULE("60s"), "m", 15, 15);
	check_probe(PROBE("url: 'http://a', module: m, timeout: 1s") MODULE("9s"), "m", 15, 1);
}

TEST(a_timeout_that_somebody_chose_fits_into_the_interval)
{
	CHECK_COMPLAINTS(PROBE("url: 'http://a', timeout: 20s"),
			 "f:1:72: timeout: \"20s\" is longer than the interval");
	CHECK_COMPLAINTS(PROBE("url: 'http://a', timeout: 6s, interval: 5s"),
			 "f:1:72: timeout: \"6s\" is longer than the interval");
}

TEST(modules_that_are_configured_replace_the_own_ones)
{
	PARSED(config, PROBE("url: 'http://a'") "modules: { http_2xx: { prober: http, http: "
						"{ method: HEAD } } }");
	CHECK_EQ_STR(config->destinations[0].probe.module->http.method, "HEAD");
	CHECK_EQ_U64(config->module_count, 2);
}

TEST(modules_exist)
{
	CHECK_COMPLAINTS(PROBE("url: 'http://a', module: http_2x"),
			 "f:1:71: module: there is no module \"http_2x\", did you mean "
			 "\"http_2xx\"?");
	CHECK_COMPLAINTS(PROBE("url: 'http://a', module: zzz"),
			 "f:1:71: module: there is no module \"zzz\"");
}

TEST(modules_fit_the_url)
{
	CHECK_COMPLAINTS(PROBE("url: 'tcp://a:1', module: http_2xx"),
			 "f:1:72: module: \"http_2xx\" is for http:// and https://, but the "
			 "URL is tcp://");
	CHECK_COMPLAINTS(PROBE("url: 'https://a', module: tcp_connect"),
			 "f:1:72: module: \"tcp_connect\" is for tcp://, but the URL is "
			 "http:// or https://");
	CHECK_COMPLAINTS(PROBE("url: 'http://a'") "modules: { http_2xx: { prober: tcp } }",
			 "f:1:51: module: \"http_2xx\" is for tcp://, but the URL is http:// "
			 "or https://");
}

TEST(urls_are_checked_and_not_quoted)
{
	CHECK_COMPLAINTS(PROBE("url: 'ftp://user:hunter2@a/'"),
			 "f:1:51: url: the URL must begin with http://, https:// or tcp://");
	CHECK_COMPLAINTS(PROBE("url: 'tcp://a'"),
			 "f:1:51: url: the URL needs a port: tcp://host:port");
	CHECK_COMPLAINTS(PROBE("url: 'http://user:hunter2@a:x/'"),
			 "f:1:51: url: the URL's port is not 1 to 65535");
}

TEST(a_null_probe_is_none)
{
	PARSED(config, "destinations: [ { name: a, port: 1, probe: } ]\n");
	CHECK_EQ_STR(config->destinations[0].probe.url, NULL);
}

TEST_MAIN()
