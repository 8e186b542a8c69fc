/*
 * The table against the rules of prometheus/docs, practices/naming.md, and of promtool's linter
 * (client_golang, prometheus/testutil/promlint); and the page of a snapshot that has
 * everything.
 */
#include "expose/catalog.h"

#include <ctype.h>

#include "full_snapshot.h"

static bool is_snake_case(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!islower((unsigned char)*c) && *c != '_' &&
		    !(isdigit((unsigned char)*c) && c > name))
			return false;
	return *name && *name != '_' && !strstr(name, "__") && !ends_with(name, "_");
}

/* Whether `word` is a part of the name between underscores. */
static bool has_word(const char *name, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(name, word); at; at = strstr(at + 1, word))
		if ((at == name || at[-1] == '_') && (at[length] == '\0' || at[length] == '_'))
			return true;
	return false;
}

static void check_words(const char *name)
{
	static const char *const bad[] = {
		"s",	     "ms",	     "us",	  "ns",	    "sec",
		"b",	     "kb",	     "mb",	  "gb",	    "h",
		"d",	     "percent",	     "minutes",	  "hours",  "days",
		"bits",	     "milliseconds", "kilobytes", "gauge",  "counter",
		"histogram", "summary",	     "untyped",	  "bucket", "sum",
		"count",     "created",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		if (has_word(name, bad[i])) {
			printf("# %s has the word %s\n", name, bad[i]);
			CHECK(false);
		}
}

static void check_type(const struct family *family)
{
	CHECK(ends_with(family->name, "_total") == (family->type == FAMILY_COUNTER));
	CHECK(ends_with(family->name, "_info") == (family->type == FAMILY_INFO));
}

static void check_unit(const struct family *family)
{
	static const char *const units[] = { "seconds", "bytes", "ratio" };

	for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
		bool declared = family->unit && strcmp(family->unit, units[i]) == 0;
		CLEANUP(text_deinit) struct text end = { 0 };

		text_printf(&end, "_%s%s", units[i],
			    family->type == FAMILY_COUNTER ? "_total" : "");
		CHECK(ends_with(family->name, text_string(&end)) == declared);
		CHECK(has_word(family->name, units[i]) == declared);
	}
	CHECK(!family->unit || family->type != FAMILY_INFO);
}

static void check_labels(const struct family *family)
{
	static const char *const bad[] = {
		"le",	    "quantile", "type",	   "job",   "instance",
		"region",   "zone",	"cluster", "owner", "datacenter",
		"customer", "stage",	"service", "env",   "environment",
	};

	for (size_t i = 0; family->labels[i]; i++) {
		CHECK(is_snake_case(family->labels[i]));
		for (size_t k = 0; k < ARRAY_LENGTH(bad); k++)
			CHECK(strcmp(family->labels[i], bad[k]) != 0);
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(family->labels[i], family->labels[k]) != 0);
	}
}

/* One sentence: a capital, a full stop at the end and none followed by another sentence. */
static void check_help(const struct family *family)
{
	size_t length = strlen(family->help);

	CHECK(length > 10 && length < 250);
	CHECK(isupper((unsigned char)family->help[0]));
	CHECK(ends_with(family->help, "."));
	CHECK(!strstr(family->help, ". ") && !strchr(family->help, '\n'));
}

TEST(names_things_well)
{
	const struct family *family;

	for (size_t i = 0; (family = catalog_family(i)); i++) {
		bool ours = strncmp(family->name, "outbound_", strlen("outbound_")) == 0;
		bool common = strncmp(family->name, "process_", strlen("process_")) == 0;
		unsigned before = test_failures;

		CHECK(ours || common);
		CHECK(is_snake_case(family->name));
		check_words(family->name);
		check_type(family);
		check_unit(family);
		check_labels(family);
		check_help(family);
		if (test_failures > before)
			printf("# that was %s\n", family->name);
	}
}

TEST(names_things_once)
{
	const struct family *a, *b;

	for (size_t i = 0; (a = catalog_family(i)); i++)
		for (size_t k = 0; k < i && (b = catalog_family(k)); k++)
			CHECK(strcmp(a->name, b->name) != 0);
}

/* The samples of a page: its lines that are no comments. */
static void keep_samples(const struct text *page, struct text *samples)
{
	struct bytes rest = { page->data, page->length }, line;

	while (bytes_take_line(&rest, &line))
		if (!bytes_starts_with(line, "#")) {
			text_append(samples, line.data, line.length);
			text_append_char(samples, '\n');
		}
}

TEST(shows_the_same_samples_in_both_formats)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, openmetrics = { 0 };
	CLEANUP(text_deinit) struct text a = { 0 }, b = { 0 };

	render(&snapshot, 1000, &page, &openmetrics);
	keep_samples(&page, &a);
	keep_samples(&openmetrics, &b);
	CHECK(a.length > 1000);
	CHECK_EQ_STR(text_string(&a), text_string(&b));
}

TEST(keeps_the_order_of_the_table)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };
	const struct family *family;
	const char *at;

	render(&snapshot, 1000, &page, &other);
	at = text_string(&page);
	for (size_t i = 0; (family = catalog_family(i)); i++) {
		CLEANUP(text_deinit) struct text head = { 0 };
		const char *found;

		text_printf(&head, "# HELP %s ", family->name);
		found = strstr(text_string(&page), text_string(&head));
		if (!found && strcmp(family->name, "process_max_fds") == 0)
			continue;
		if (!found || found < at)
			printf("# %s\n", family->name);
		REQUIRE(found && found >= at);
		at = found;
	}
}

TEST(limits_series_and_says_so)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	snapshot.self.truncated[TRUNCATED_SERIES] = 5;
	render(&snapshot, 4, &page, &other);
	check_has(&page, "outbound_target_up{target=\"checkout\"} 1");
	check_has(&page, "outbound_target_processes{target=\"gone\"} 0");
	check_lacks(&page, "outbound_target_threads");
	check_lacks(&page, "outbound_connections");
	check_has(&page, "outbound_exporter_build_info{version=\"1.2.3\",revision=\"abcdef\","
			 "branch=\"main\",compiler=\"gcc 12\"} 1");
	CHECK(snapshot.self.truncated[TRUNCATED_SERIES] > 60);
	snapshot = full();
	snapshot.self.truncated[TRUNCATED_SERIES] = 5;
	text_clear(&page);
	render(&snapshot, 0, &page, &other);
	check_lacks(&page, "outbound_target_");
	check_has(&page, "process_threads 3");
}

TEST(shows_an_empty_snapshot)
{
	struct snapshot snapshot = { .self = { .cpu_seconds = NAN } };
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
	check_lacks(&page, "outbound_target");
	check_lacks(&page, "process_cpu_seconds_total");
	check_has(&page, "outbound_exporter_truncated_total{what=\"targets\"} 0");
}

TEST(describes_every_row)
{
	CLEANUP(text_deinit) struct text table = { 0 };
	const struct family *family;

	catalog_describe(&table);
	CHECK(strncmp(text_string(&table),
		      "| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n",
		      strlen("| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n")) ==
	      0);
	for (size_t i = 0; (family = catalog_family(i)); i++) {
		CLEANUP(text_deinit) struct text row = { 0 };

		text_printf(&row, "\n| `%s` | %s | ", family->name,
			    family_type_name(family->type));
		CHECK(strstr(text_string(&table), text_string(&row)) != NULL);
	}
	check_has(&table, "| `outbound_probes_total` | counter | `destination`, `target` | "
			  "Probes that ended since start. |");
	CHECK(strstr(text_string(&table), "/proc/\\<pid>/fd") != NULL);
}

TEST_MAIN()
