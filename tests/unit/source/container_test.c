#include "source/container.h"

#include <errno.h>
#include <stdlib.h>

#include "test.h"
#include "tree.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define LOGS "var/log/containers/"
#define DOCKER "var/lib/docker/containers/"

static void check_log(const char *file, const char *expected)
{
	struct bytes name = { 0 }, id = { 0 };
	bool found = container_parse_log(bytes_from_string(file), &name, &id);

	CHECK_EQ_INT(found, *expected != '\0');
	if (!found)
		return;
	CHECK(bytes_equal(name, expected));
	CHECK(bytes_equal(id, ID));
}

TEST(names_of_logs)
{
	check_log("checkout-7d9f8b6c5d-x2x9z_shop_app-" ID ".log",
		  "checkout-7d9f8b6c5d-x2x9z_shop_app");
	check_log("a_b_c-" ID ".log", "a_b_c");
	check_log("a_b_c-" ID ".txt", "");
	check_log("a_b_c-" ID, "");
	check_log("a_b_c_" ID ".log", "");
	check_log("a_b_c" ID ".log", "");
	check_log("a_b-" ID ".log", "");
	check_log("a_b_c_d-" ID ".log", "");
	check_log("_b_c-" ID ".log", "");
	check_log("a__c-" ID ".log", "");
	check_log("a_b_-" ID ".log", "");
	check_log("-" ID ".log", "");
	check_log(ID ".log", "");
	check_log("a_b_c-0123.log", "");
	check_log("", "");
	check_log(".", "");
}

static void check_config(const char *json, const char *expected)
{
	CLEANUP(text_deinit) struct text name = { 0 };
	bool found = container_parse_config(bytes_from_string(json), &name);

	CHECK_EQ_INT(found, *expected != '\0');
	CHECK_EQ_STR(text_string(&name), expected);
}

TEST(names_of_docker)
{
	check_config(
		"{\"State\":{\"Running\":true},\"Config\":{\"Hostname\":\"x\",\"Name\":\"y\"},"
		"\"Name\":\"/checkout\",\"Driver\":\"overlay2\"}",
		"checkout");
	check_config("{\"Name\":\"bare\"}", "bare");
	check_config("{\"Name\":\"/\"}", "");
	check_config("{\"Name\":\"\"}", "");
	check_config("{\"Name\":\"/a b\"}", "");
	check_config("{\"Name\":\"/a\\nb\"}", "");
	check_config("{\"Name\":\"/a\\u007f\"}", "");
	check_config("{\"Id\":\"x\"}", "");
}

static bool takes_name_of(unsigned length)
{
	CLEANUP(text_deinit) struct text json = { 0 }, name = { 0 };

	text_append_string(&json, "{\"Name\":\"/");
	for (unsigned i = 0; i < length; i++)
		text_append_char(&json, 'a');
	text_append_string(&json, "\"}");
	return container_parse_config((struct bytes){ json.data, json.length }, &name) &&
	       name.length == length;
}

TEST(names_are_short)
{
	CHECK(takes_name_of(255));
	CHECK(!takes_name_of(256));
}

struct host {
	struct tree tree;
	struct container_table *table;
};

static void host_init(struct host *host)
{
	CLEANUP(error_deinit) struct error err = { 0 };

	tree_init(&host->tree);
	host->table = container_table_new();
	if (container_table_open(host->table, host->tree.path, &err) < 0)
		abort();
}

static void host_deinit(struct host *host)
{
	container_table_free(host->table);
	tree_deinit(&host->tree);
}

/* "": unknown */
static void check_name(struct host *host, const char *id, double now, const char *expected)
{
	CLEANUP(text_deinit) struct text name = { 0 };
	bool found = container_table_write_name(host->table, bytes_from_string(id), now, &name);

	CHECK_EQ_INT(found, *expected != '\0');
	CHECK_EQ_STR(text_string(&name), expected);
}

TEST(a_table_without_a_folder_knows_nothing)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text name = { 0 };
	struct container_table *table = container_table_new();

	CHECK(!container_table_write_name(table, bytes_from_string(ID), 1, &name));
	CHECK_EQ_INT(container_table_open(table, "/nowhere", &err), -ENOENT);
	CHECK_EQ_STR(error_string(&err), "/nowhere: No such file or directory");
	CHECK(!container_table_write_name(table, bytes_from_string(ID), 2, &name));
	container_table_free(table);
	container_table_free(NULL);
}

TEST(names_of_kubernetes_and_docker)
{
	CLEANUP(host_deinit) struct host host;

	host_init(&host);
	tree_link(&host.tree, LOGS "web-1_shop_app-" ID ".log", "/var/log/pods/nowhere/0.log");
	tree_write(&host.tree, LOGS "readme", "no log of a container");
	tree_write(&host.tree, DOCKER OTHER "/config.v2.json", "{\"Name\":\"/checkout\"}");
	check_name(&host, ID, 1, "web-1_shop_app");
	check_name(&host, OTHER, 1, "checkout");
	check_name(&host, "0123456789ab", 1, "");
	check_name(&host, "", 1, "");
}

/* Kubernetes' name is the one to show where it runs on Docker. */
TEST(both_of_them)
{
	CLEANUP(host_deinit) struct host host;

	host_init(&host);
	tree_link(&host.tree, LOGS "web-1_shop_app-" ID ".log", "nowhere");
	tree_write(&host.tree, DOCKER ID "/config.v2.json", "{\"Name\":\"/k8s_app_web-1\"}");
	check_name(&host, ID, 1, "web-1_shop_app");
}

TEST(an_unknown_name_is_looked_for_again)
{
	CLEANUP(host_deinit) struct host host;

	host_init(&host);
	check_name(&host, ID, 10, "");
	tree_link(&host.tree, LOGS "web-1_shop_app-" ID ".log", "nowhere");
	check_name(&host, ID, 10.5, "");
	check_name(&host, ID, 11, "web-1_shop_app");
}

/* 1, 2, 4, … 32, 60 seconds */
TEST(but_less_and_less_often)
{
	CLEANUP(host_deinit) struct host host;

	host_init(&host);
	for (double now = 0; now < 1000; now += 0.5)
		check_name(&host, ID, now, "");
	tree_write(&host.tree, DOCKER ID "/config.v2.json", "{\"Name\":\"/late\"}");
	/* The last look was at 63 + 15 * 60 = 963. */
	check_name(&host, ID, 1000, "");
	check_name(&host, ID, 1022.5, "");
	check_name(&host, ID, 1023, "late");
}

/* One that came within the same look is not missed for long. */
TEST(links_are_listed_once_a_look)
{
	CLEANUP(host_deinit) struct host host;

	host_init(&host);
	check_name(&host, ID, 10, "");
	tree_link(&host.tree, LOGS "web-1_shop_app-" OTHER ".log", "nowhere");
	check_name(&host, OTHER, 10, "");
	check_name(&host, OTHER, 11, "web-1_shop_app");
}

TEST(a_known_name_is_kept)
{
	CLEANUP(host_deinit) struct host host;

	host_init(&host);
	tree_write(&host.tree, DOCKER ID "/config.v2.json", "{\"Name\":\"/first\"}");
	check_name(&host, ID, 1, "first");
	tree_write(&host.tree, DOCKER ID "/config.v2.json", "{\"Name\":\"/second\"}");
	check_name(&host, ID, 1000, "first");
	tree_remove(&host.tree, "var");
	check_name(&host, ID, 2000, "first");
}

/* Docker's folder is often a link to a larger disk; links lead nowhere outside. */
TEST(links_stay_below_the_folder)
{
	CLEANUP(host_deinit) struct host host;
	CLEANUP(tree_deinit) struct tree outside;
	CLEANUP(text_deinit) struct text path = { 0 };

	tree_init(&outside);
	tree_write(&outside, ID "/config.v2.json", "{\"Name\":\"/outside\"}");
	host_init(&host);
	tree_link(&host.tree, "var/lib/docker", "/data/docker");
	tree_write(&host.tree, "data/docker/containers/" ID "/config.v2.json",
		   "{\"Name\":\"/inside\"}");
	check_name(&host, ID, 1, "inside");
	tree_remove(&host.tree, "data/docker/containers");
	tree_link(&host.tree, "data/docker/containers", outside.path);
	check_name(&host, OTHER, 1, "");
	text_printf(&path, "../../../..%s/" ID "/config.v2.json", outside.path);
	tree_remove(&host.tree, "data/docker/containers");
	tree_link(&host.tree, "data/docker/containers/" OTHER "/config.v2.json",
		  text_string(&path));
	check_name(&host, OTHER, 100, "");
}

TEST(only_regular_files_of_some_size)
{
	CLEANUP(host_deinit) struct host host;
	CLEANUP(text_deinit) struct text large = { 0 }, path = { 0 };

	host_init(&host);
	tree_write(&host.tree, DOCKER ID "/x", "");
	text_printf(&path, "%s/" DOCKER ID "/config.v2.json", host.tree.path);
	REQUIRE(!mkfifo(text_string(&path), 0600));
	check_name(&host, ID, 1, "");
	text_append_string(&large, "{\"Name\":\"/large\"}");
	while (large.length < 2U << 20)
		text_append_string(&large, "                                ");
	tree_write(&host.tree, DOCKER OTHER "/config.v2.json", text_string(&large));
	check_name(&host, OTHER, 1, "");
}

static const char *numbered(unsigned number, struct text *id)
{
	text_clear(id);
	text_printf(id, "%064x", number);
	return text_string(id);
}

/* Those in use stay; the newest is unknown rather than one of them forgotten. */
TEST(a_full_table)
{
	CLEANUP(host_deinit) struct host host;
	CLEANUP(text_deinit) struct text id = { 0 };

	host_init(&host);
	tree_write(&host.tree, DOCKER ID "/config.v2.json", "{\"Name\":\"/one\"}");
	for (unsigned i = 0; i < 4096; i++)
		check_name(&host, numbered(i, &id), 1, "");
	check_name(&host, ID, 1, "");
	check_name(&host, ID, 100, "");
	/* All but one were asked for too long ago. */
	check_name(&host, numbered(7, &id), 120, "");
	check_name(&host, ID, 121.5, "one");
}

TEST_MAIN()
