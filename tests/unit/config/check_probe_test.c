#include "parsing.h"

#define TARGETS                                                                               \
	"targets: [ { name: shop, match: { pid: 1 } }, { name: till, match: { pid: 2 } } ]\n" \
	"process_names: [ { comm: a }, { name: shop2, comm: b }, { name: shop2, comm: c } ]\n"
/* A destination with this probe, in a line of its own. */
#define PROBE(keys) "destinations: [ { name: a, host: h, port: 1, probe:\n{ " keys " } } ]\n"
#define URL "url: 'http://a', "

static void check_url(const char *keys, const char *expected)
{
	CLEANUP(text_deinit) struct text yaml = { 0 };

	text_printf(&yaml, "destinations: [ { name: a, %s, probe: auto } ]\n", keys);
	{
		PARSED(config, text_string(&yaml));
		const struct probe_config *probe = &config->destinations[0].probe;

		CHECK_EQ_STR(probe->url, expected);
		CHECK_EQ_STR(probe->module->name, "tcp_connect");
		CHECK_EQ_DBL(probe->interval, 15);
		CHECK_EQ_DBL(probe->timeout, 5);
		CHECK(probe->automatic && probe->from_host && !probe->from_target);
		CHECK(!probe->reuse);
	}
}

TEST(automatic_probes)
{
	check_url("host: db.example.org, port: 5432", "tcp://db.example.org:5432");
	check_url("address: 10.0.0.5, port: 80", "tcp://10.0.0.5:80");
	check_url("address: 'fd00::5', port: 80", "tcp://[fd00::5]:80");
	check_url("cidr: 10.0.0.5/32, port: 80", "tcp://10.0.0.5:80");
}

static void check_refused(const char *keys, const char *expected)
{
	CLEANUP(text_deinit) struct text yaml = { 0 };

	text_printf(&yaml, "destinations:\n  - name: a\n    probe: auto\n    %s\n", keys);
	CHECK_COMPLAINTS(text_string(&yaml), expected);
}

TEST(automatic_probes_need_a_place)
{
	static const char expected[] =
		"f:3:12: probe: auto needs a host or an address, and a port";

	check_refused("host: a", expected);
	check_refused("port: 1", expected);
	check_refused("cidr: 10.0.0.0/8\n    port: 1", expected);
}

TEST(a_word_that_is_none)
{
	CHECK_COMPLAINTS("destinations: [ { name: a, port: 1, probe: off } ]",
			 "f:1:44: probe: expected a mapping or auto, found a scalar");
	CHECK_COMPLAINTS("collect: auto",
			 "f:1:10: collect: expected a mapping, found a scalar");
}

static void check_origin(const char *yaml, bool host, bool target, const char *targets)
{
	CLEANUP(text_deinit) struct text names = { 0 };
	PARSED(config, yaml);
	const struct probe_config *probe = &config->destinations[0].probe;

	CHECK_EQ_INT(probe->from_host, host);
	CHECK_EQ_INT(probe->from_target, target);
	for (size_t i = 0; i < probe->targets.count; i++)
		text_printf(&names, "%s%s", i ? " " : "", probe->targets.items[i]);
	CHECK_EQ_STR(text_string(&names), targets);
}

TEST(where_it_comes_from)
{
	check_origin(PROBE(URL) TARGETS, true, false, "");
	check_origin(PROBE(URL "from: host") TARGETS, true, false, "");
	check_origin(PROBE(URL "from: []") TARGETS, true, false, "");
	check_origin(PROBE(URL "from: target") TARGETS, false, true, "shop till shop2");
	check_origin(PROBE(URL "from: [ target ], targets: till") TARGETS, false, true, "till");
	check_origin(PROBE(URL "from: [ host, target ], targets: [ shop2, shop ]") TARGETS,
		     true, true, "shop2 shop");
	CHECK_COMPLAINTS(PROBE(URL "from: [ host, targets ]") TARGETS,
			 "f:2:34: from: \"targets\" is not host or target, did you mean "
			 "\"target\"?");
}

TEST(targets_exist)
{
	CHECK_COMPLAINTS(PROBE(URL "from: target, targets: [ shop, tills ]") TARGETS,
			 "f:2:51: targets: there is no target of the name \"tills\", did you "
			 "mean \"till\"?");
	CHECK_COMPLAINTS(PROBE(URL "from: target, targets: '{{.ExeBase}}'") TARGETS,
			 "f:2:43: targets: there is no target of the name \"{{.ExeBase}}\"");
	CHECK_COMPLAINTS(PROBE(URL "targets: shop") TARGETS,
			 "f:2:29: targets: only with from: target");
	CHECK_COMPLAINTS(PROBE(URL "from: target"),
			 "f:2:26: from: there is no target of a fixed name");
	CHECK_COMPLAINTS(PROBE(URL "from: target") "process_names: [ { comm: a } ]",
			 "f:2:26: from: there is no target of a fixed name");
}

TEST(addresses_instead_of_lookups)
{
	PARSED(config, PROBE(URL "resolve: [ 'a:443:10.0.0.1', 'b:80:[fd00::1],fd00::2' ]"));
	const struct probe_config *probe = &config->destinations[0].probe;

	REQUIRE(probe->resolve.count == 2);
	CHECK_EQ_STR(probe->resolve.items[0], "a:443:10.0.0.1");
	CHECK_EQ_STR(probe->resolve.items[1], "b:80:[fd00::1],fd00::2");
	CHECK_COMPLAINTS(PROBE(URL
			       "resolve: [ a, 'b:1', '-c:1:10.0.0.1', 'd:0:10.0.0.1', 'e:1:f', "
			       "'g:1:10.0.0.1,', 'h:1:', 'i:1:[fd00::1' ]"),
			 "f:2:31: resolve: \"a\" is not host:port:address\n"
			 "f:2:34: resolve: \"b:1\" is not host:port:address\n"
			 "f:2:41: resolve: \"-c:1:10.0.0.1\" does not begin with a host name\n"
			 "f:2:58: resolve: \"d:0:10.0.0.1\" has a port that is not 1 to 65535\n"
			 "f:2:74: resolve: \"e:1:f\" has an address that is none\n"
			 "f:2:83: resolve: \"g:1:10.0.0.1,\" has an address that is none\n"
			 "f:2:100: resolve: \"h:1:\" has an address that is none\n"
			 "f:2:108: resolve: \"i:1:[fd00::1\" has an address that is none");
}

static void check_reuse(const char *yaml, bool reuse, double after)
{
	PARSED(config, yaml);
	CHECK_EQ_INT(config->destinations[0].probe.reuse, reuse);
	CHECK_EQ_DBL(config->destinations[0].probe.reuse_after, after);
}

TEST(connections_used_twice)
{
	check_reuse(PROBE(URL), false, 0);
	check_reuse(PROBE(URL "reuse_after: 0s"), true, 0);
	check_reuse(PROBE(URL "reuse_after: 1500ms"), true, 1.5);
	check_reuse(PROBE(URL "reuse_after: 60s, interval: 61s"), true, 60);
	check_reuse(PROBE(URL "reuse_after: 1h, interval: 1s"), true, 3600);
	CHECK_COMPLAINTS(PROBE("url: 'tcp://a:1', reuse_after: 1s"),
			 "f:2:34: reuse_after: not for tcp://, where nothing is asked twice");
}

TEST(modules_that_cannot_be_used)
{
	CHECK_COMPLAINTS(PROBE(URL "module: m") "modules: { m: { prober: icmp } }",
			 "f:2:28: module: \"m\": prober icmp is not supported");
	CHECK_COMPLAINTS(
		PROBE(URL) "modules: { http_2xx: { prober: http, http: { oauth2: { a: b } "
			   "} } }",
		"f:2:8: module: \"http_2xx\": http.oauth2 is not supported");
	CHECK_COMPLAINTS(
		"destinations:\n- { name: a, host: h, port: 1, probe: auto }\n"
		"modules: { tcp_connect: { prober: http } }",
		"f:2:39: module: \"tcp_connect\" is for http:// and https://, but the URL "
		"is tcp://");
}

TEST(destinations_that_nobody_named)
{
	PARSED(config, "discover: { probe: auto }");
	PARSED(usual, "discover: { probe: off }");

	CHECK_EQ_INT(config->discover.probe, DISCOVER_PROBE_AUTO);
	CHECK_EQ_INT(usual->discover.probe, DISCOVER_PROBE_OFF);
	CHECK(!usual->discover.probe);
}

TEST_MAIN()
