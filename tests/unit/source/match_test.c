#include "source/match.h"

#include <stdint.h>

#include "test.h"

static struct string_list strings(const char *const *items, size_t count)
{
	return (struct string_list){ (const char **)(uintptr_t)items, count };
}

#define STRINGS(...)                                  \
	strings((const char *const[]){ __VA_ARGS__ }, \
		ARRAY_LENGTH(((const char *const[]){ __VA_ARGS__ })))

/* A checkout written in Java, as the facts about it are. */
static struct match_facts checkout(void)
{
	static const char cmdline[] = "/usr/bin/java\0-Xmx1g\0--name=checkout\0a b\0";
	static const pid_t pid_files[] = { 100, 7, 0 };
	static const uint16_t listens[] = { 8080, 9100 };

	return (struct match_facts){
		.pid = 100,
		.comm = "java",
		.exe = "/usr/lib/jvm/bin/java",
		.cmdline = { cmdline, sizeof(cmdline) - 1 },
		.has_user = true,
		.user = 33,
		.start_time = 1700000000.25,
		.cgroups = "0::/system.slice/checkout.service",
		.pid_files = pid_files,
		.listens = listens,
		.listen_count = ARRAY_LENGTH(listens),
	};
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct target_config *rule_of(struct match_config *matches, size_t count,
					   const struct match_facts *facts)
{
	static struct target_config rule;
	const struct config config = { .targets = &rule, .target_count = 1 };

	rule = (struct target_config){ .name = "it", .matches = matches, .match_count = count };
	return match_rule(&config, facts);
}

static bool holds(struct match_config match)
{
	const struct match_facts facts = checkout();

	return rule_of(&match, 1, &facts) != NULL;
}

TEST(pid)
{
	CHECK(holds((struct match_config){ .pid = 100 }));
	CHECK(!holds((struct match_config){ .pid = 101 }));
}

TEST(pid_file)
{
	struct match_config matches[] = { { .pid_file = "/run/a" },
					  { .pid_file = "/run/b" },
					  { .pid_file = "/run/c" } };
	struct match_facts facts = checkout();

	CHECK(rule_of(matches, 1, &facts) != NULL);
	facts.pid = 7;
	CHECK(!rule_of(matches, 1, &facts));
	CHECK(rule_of(matches, 2, &facts) != NULL);
	facts.pid = 8;
	CHECK(!rule_of(matches, 3, &facts));
}

TEST(comm)
{
	CHECK(holds((struct match_config){ .comm = STRINGS("java") }));
	CHECK(holds((struct match_config){ .comm = STRINGS("node", "java") }));
	CHECK(!holds((struct match_config){ .comm = STRINGS("jav") }));
	CHECK(!holds((struct match_config){ .comm = STRINGS("Java", "java2") }));
}

TEST(exe)
{
	CHECK(holds((struct match_config){ .exe = STRINGS("java") }));
	CHECK(holds((struct match_config){ .exe = STRINGS("/usr/lib/jvm/bin/java") }));
	CHECK(holds((struct match_config){ .exe = STRINGS("nginx", "java") }));
	CHECK(!holds((struct match_config){ .exe = STRINGS("/usr/bin/java") }));
	CHECK(!holds((struct match_config){ .exe = STRINGS("bin/java") }));
	CHECK(!holds((struct match_config){ .exe = STRINGS("jvm") }));
}

/* Reading exe takes the right to ptrace. */
TEST(argv0_stands_in_for_an_exe_that_cannot_be_read)
{
	struct match_config base = { .exe = STRINGS("java") },
			    path = { .exe = STRINGS("/usr/bin/java") };
	struct match_facts facts = checkout();

	facts.exe = NULL;
	CHECK(rule_of(&base, 1, &facts) != NULL);
	CHECK(rule_of(&path, 1, &facts) != NULL);
	facts.cmdline = (struct bytes){ NULL, 0 };
	CHECK(!rule_of(&base, 1, &facts));
}

TEST(argv0)
{
	CHECK(holds((struct match_config){ .argv0 = STRINGS("java") }));
	CHECK(holds((struct match_config){ .argv0 = STRINGS("/usr/bin/java") }));
	CHECK(!holds((struct match_config){ .argv0 = STRINGS("/usr/lib/jvm/bin/java") }));
}

TEST(user)
{
	CHECK(holds((struct match_config){ .user = "www-data", .uid = 33 }));
	CHECK(!holds((struct match_config){ .user = "root", .uid = 0 }));
	CHECK(rule_of(&(struct match_config){ .user = "root", .uid = 0 }, 1,
		      &(struct match_facts){ .comm = "x" }) == NULL);
}

TEST(listen)
{
	struct match_config match = { .listen = 80 };
	struct match_facts facts = checkout();

	CHECK(holds((struct match_config){ .listen = 8080 }));
	CHECK(holds((struct match_config){ .listen = 9100 }));
	CHECK(!holds((struct match_config){ .listen = 80 }));
	facts.listens_unknown = true;
	CHECK(rule_of(&match, 1, &facts) != NULL);
}

/* The same checkout in a container of Kubernetes. */
static bool holds_in_container(struct match_config match, const char *name)
{
	struct match_facts facts = checkout();

	cgroup_parse(bytes_from_string("0::/kubepods.slice/crio-" ID ".scope"), &facts.cgroup);
	facts.container = name;
	return rule_of(&match, 1, &facts) != NULL;
}

TEST(container)
{
	static const char name[] = "checkout-7d9f_shop_app";

	CHECK(holds_in_container((struct match_config){ .container = STRINGS("checkout") },
				 name));
	CHECK(holds_in_container((struct match_config){ .container = STRINGS("x", name) },
				 name));
	CHECK(holds_in_container((struct match_config){ .container = STRINGS("x", "out") },
				 "out-of_shop_checkout"));
	CHECK(!holds_in_container((struct match_config){ .container = STRINGS("shop") }, name));
	CHECK(!holds_in_container((struct match_config){ .container = STRINGS("checkout") },
				  NULL));
	CHECK(!holds_in_container((struct match_config){ .container = STRINGS("checkout") },
				  "check"));
	CHECK(holds_in_container((struct match_config){ .container = STRINGS("0123456789ab") },
				 NULL));
	CHECK(holds_in_container((struct match_config){ .container = STRINGS("x", ID) }, name));
	CHECK(!holds_in_container((struct match_config){ .container = STRINGS("0123456789") },
				  name));
	CHECK(!holds((struct match_config){ .container = STRINGS(ID, "checkout") }));
}

TEST(unit)
{
	CHECK(holds_in_container((struct match_config){ .unit = STRINGS("crio-" ID ".scope") },
				 NULL));
	CHECK(holds_in_container(
		(struct match_config){ .unit = STRINGS("a.service", "kube*.slice") }, NULL));
	CHECK(!holds_in_container((struct match_config){ .unit = STRINGS("crio.service") },
				  NULL));
	CHECK(!holds((struct match_config){ .unit = STRINGS("crio.service") }));
}

TEST(cgroup)
{
	CHECK(holds_in_container(
		(struct match_config){ .cgroup = STRINGS("/kubepods.slice/*") }, NULL));
	CHECK(holds_in_container((struct match_config){ .cgroup = STRINGS("/a", "/**") },
				 NULL));
	CHECK(!holds_in_container((struct match_config){ .cgroup = STRINGS("/kubepods.slice") },
				  NULL));
	CHECK(!holds((struct match_config){ .cgroup = STRINGS("/**") }));
}

static bool cmdline_holds(const char *first, const char *second)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct regex *regexes[2] = { NULL, NULL };
	bool held = false;

	if (!regex_new(first, &regexes[0], &err) && !regex_new(second, &regexes[1], &err))
		held = holds((struct match_config){ .cmdline = { regexes, 2 } });
	CHECK_EQ_STR(error_string(&err), "");
	regex_free(regexes[0]);
	regex_free(regexes[1]);
	return held;
}

/* Arguments are joined by single blanks; expressions are not anchored; all must match. */
TEST(cmdline)
{
	CHECK(cmdline_holds("checkout", "java"));
	CHECK(cmdline_holds("^/usr/bin/java -Xmx1g --name=checkout a b$", ""));
	CHECK(!cmdline_holds("checkout", "nginx"));
	CHECK(!cmdline_holds("nginx", "checkout"));
}

TEST(all_conditions_of_an_alternative_must_hold)
{
	CHECK(holds((struct match_config){ .comm = STRINGS("java"), .listen = 8080 }));
	CHECK(!holds((struct match_config){ .comm = STRINGS("java"), .listen = 80 }));
	CHECK(!holds((struct match_config){ .comm = STRINGS("node"), .listen = 8080 }));
	CHECK(!holds((struct match_config){
		.comm = STRINGS("java"), .user = "root", .uid = 0, .pid = 100 }));
}

TEST(any_alternative_will_do)
{
	struct match_config matches[] = { { .comm = STRINGS("node") },
					  { .comm = STRINGS("java"), .pid = 7 },
					  { .listen = 9100 } };
	const struct match_facts facts = checkout();

	CHECK(rule_of(matches, 3, &facts) != NULL);
	CHECK(!rule_of(matches, 2, &facts));
	CHECK(!rule_of(matches, 0, &facts));
}

TEST(the_first_rule_wins)
{
	struct match_config node = { .comm = STRINGS("node") },
			    java = { .comm = STRINGS("java") }, pid = { .pid = 100 };
	struct target_config rules[] = { { .name = "a", .matches = &node, .match_count = 1 },
					 { .name = "b", .matches = &java, .match_count = 1 },
					 { .name = "c", .matches = &pid, .match_count = 1 } };
	const struct config config = { .targets = rules, .target_count = 3 };
	const struct match_facts facts = checkout();

	CHECK(match_rule(&config, &facts) == &rules[1]);
}

/* The pid files of all rules are numbered through. */
TEST(pid_files_of_later_rules)
{
	struct match_config first[] = { { .comm = STRINGS("node") }, { .pid_file = "/run/7" } },
			    last = { .pid_file = "/run/100" };
	struct target_config rules[] = { { .name = "a", .matches = first, .match_count = 2 },
					 { .name = "b", .matches = &last, .match_count = 1 } };
	const struct config config = { .targets = rules, .target_count = 2 };
	static const pid_t pid_files[] = { 0, 7, 100 };
	struct match_facts facts = checkout();

	facts.pid_files = pid_files;
	CHECK(match_rule(&config, &facts) == &rules[1]);
	CHECK_EQ_INT(match_needs(&config).pid_files, 3);
}

static struct match_needs needs_of(struct match_config match, const char *name)
{
	struct target_config rule = { .name = name,
				      .matches = &match,
				      .match_count = 1,
				      .is_template = strstr(name, "{{") != NULL };
	const struct config config = { .targets = &rule, .target_count = 1 };

	return match_needs(&config);
}

TEST(only_what_is_asked_for_is_needed)
{
	struct match_needs needs = needs_of((struct match_config){ .comm = STRINGS("x") }, "a");

	CHECK(!needs.exe && !needs.cmdline && !needs.user && !needs.cgroups && !needs.listen);
	needs = needs_of((struct match_config){ .exe = STRINGS("x") }, "a");
	CHECK(needs.exe && needs.cmdline && !needs.user);
	needs = needs_of((struct match_config){ .argv0 = STRINGS("x") }, "a");
	CHECK(!needs.exe && needs.cmdline);
	needs = needs_of((struct match_config){ .user = "root" }, "a");
	CHECK(needs.user && !needs.cmdline);
	needs = needs_of((struct match_config){ .listen = 80 }, "a");
	CHECK(needs.listen);
	needs = needs_of((struct match_config){ .unit = STRINGS("x.service") }, "a");
	CHECK(needs.cgroups && !needs.container && !needs.cmdline);
	needs = needs_of((struct match_config){ .cgroup = STRINGS("/x") }, "a");
	CHECK(needs.cgroups && !needs.container);
	needs = needs_of((struct match_config){ .container = STRINGS(ID, "0123456789ab") },
			 "a");
	CHECK(needs.cgroups && !needs.container);
	needs = needs_of((struct match_config){ .container = STRINGS(ID, "shop") }, "a");
	CHECK(needs.cgroups && needs.container);
	needs = needs_of((struct match_config){ 0 }, "{{.Username}}");
	CHECK(needs.user && !needs.cgroups);
	needs = needs_of((struct match_config){ 0 }, "x-{{ .Cgroups }}");
	CHECK(needs.cgroups);
}

static void check_name(const char *template, const struct match_facts *facts,
		       const char *expected)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text name = { 0 };
	struct regex *regexes[2] = { NULL, NULL };
	struct match_config match = { .cmdline = { regexes, 2 } };
	const struct target_config rule = { .name = template,
					    .is_template = strstr(template, "{{") != NULL,
					    .matches = &match,
					    .match_count = 1 };

	REQUIRE(!regex_new("-Xmx(?P<Heap>\\d+)", &regexes[0], &err));
	REQUIRE(!regex_new("--name=(?P<Name>\\S+)", &regexes[1], &err));
	match_write_name(&rule, facts, &name);
	CHECK_EQ_STR(text_string(&name), expected);
	regex_free(regexes[0]);
	regex_free(regexes[1]);
}

TEST(templates_of_process_exporter)
{
	const struct match_facts facts = checkout();

	check_name("plain", &facts, "plain");
	check_name("{{.Comm}}", &facts, "java");
	check_name("{{.ExeBase}}", &facts, "java");
	check_name("{{.ExeFull}}", &facts, "/usr/bin/java");
	check_name("{{.PID}}", &facts, "100");
	check_name("{{.StartTime}}", &facts, "2023-11-14T22:13:20Z");
	check_name("{{.Cgroups}}", &facts, "0::/system.slice/checkout.service");
	check_name("{{.Matches.Name}}", &facts, "checkout");
	check_name("{{.Matches.Heap}}", &facts, "1");
	check_name("a-{{ .Comm }}:{{.Matches.Name}}-z", &facts, "a-java:checkout-z");
	check_name("{{.Comm}} {{ open", &facts, "java {{ open");
}

TEST(usernames)
{
	struct match_facts facts = checkout();

	facts.user = 0;
	check_name("{{.Username}}", &facts, "root");
	facts.user = 4000000123;
	check_name("{{.Username}}", &facts, "4000000123");
	facts.has_user = false;
	check_name("{{.Username}}", &facts, "");
}

TEST(templates_of_little)
{
	const struct match_facts facts = { .comm = "kernel-ish", .pid = 5 };

	check_name("{{.ExeBase}}", &facts, "kernel-ish");
	check_name("{{.ExeFull}}", &facts, "kernel-ish");
	check_name("{{.Matches.Name}}", &facts, "");
	check_name("{{.Cgroups}}", &facts, "");
}

TEST(base_names)
{
	CHECK_EQ_STR(match_base_name("/usr/bin/java"), "java");
	CHECK_EQ_STR(match_base_name("java"), "java");
	CHECK_EQ_STR(match_base_name("/"), "");
	CHECK_EQ_STR(match_base_name(""), "");
}

TEST_MAIN()
