#include "daemon/report.h"

#include <errno.h>
#include <unistd.h>

#include "base/capture.h"
#include "test.h"

static char said[4096];

/* Behind the timestamp of a line. */
static bool said_line(const char *line)
{
	const char *found = strstr(said, line);

	return found && found > said && found[-1] == ' ';
}

TEST(a_line_for_each_problem)
{
	CLEANUP(error_deinit) struct error err = { 0 };

	CHECK_EQ_INT(error_set(&err, -EINVAL, "a.yml:1:2: wrong"), -EINVAL);
	CHECK_EQ_INT(error_set(&err, -EINVAL, "a.yml:2:3: worse"), -EINVAL);
	capture_begin();
	report_lines(LOG_ERROR, "Could not start", &err);
	capture_end(said, sizeof(said));
	CHECK(said_line("level=error msg=\"Could not start\" err=\"a.yml:1:2: wrong\"\n"));
	CHECK(said_line("level=error msg=\"Could not start\" err=\"a.yml:2:3: worse\"\n"));
}

TEST(what_it_starts_with)
{
	struct destination_config destinations[] = { { .name = "a" },
						     { .name = "b", .probe.url = "http://b" } };
	struct target_config targets[] = { { .name = "t" } };
	const struct config config = { .targets = targets,
				       .target_count = 1,
				       .destinations = destinations,
				       .destination_count = 2 };

	capture_begin();
	report_start();
	report_config(&(struct flags){ .config_file = "a.yml" }, &config);
	capture_end(said, sizeof(said));
	CHECK(strstr(said, "msg=\"Starting outbound_exporter\" version=") != NULL);
	CHECK(said_line("level=info msg=\"Loaded config file\" file=a.yml targets=1 "
			"destinations=2 probes=1 discovery=off\n"));
	capture_begin();
	report_config(&(struct flags){ 0 }, &(struct config){ 0 });
	capture_end(said, sizeof(said));
	CHECK(strstr(said, "No config file: watching every process") != NULL);
}

TEST(modules_that_cannot_be_used)
{
	struct module_config modules[] = {
		{ .name = "icmp", .unsupported = "prober icmp is not supported" },
		{ .name = "http_2xx" },
		{ .name = "login", .unsupported = "http.oauth2 is not supported" },
	};
	struct config config = { .modules = modules, .module_count = 3 };

	capture_begin();
	report_config(&(struct flags){ .config_file = "a.yml" }, &config);
	capture_end(said, sizeof(said));
	CHECK(said_line("level=warn msg=\"Modules that cannot be used\" modules=\"icmp (prober "
			"icmp is not supported), login (http.oauth2 is not supported)\"\n"));
	config.modules = &modules[1];
	config.module_count = 1;
	capture_begin();
	report_config(&(struct flags){ .config_file = "a.yml" }, &config);
	capture_end(said, sizeof(said));
	CHECK(!strstr(said, "level=warn"));
}

TEST(a_look)
{
	struct target_row targets[] = { { .name = "here", .processes = 2 },
					{ .name = "gone" } };
	struct snapshot snapshot = { .targets = targets,
				     .target_count = 2,
				     .process_count = 2 };

	capture_begin();
	report_look(&snapshot);
	capture_end(said, sizeof(said));
	CHECK(said_line("level=info msg=Watching targets=2 processes=2 "
			"unreadable_processes=0\n"));
	CHECK(said_line("level=warn msg=\"No process matches the target\" target=gone\n"));
	CHECK(!strstr(said, "here"));
}

static void look(uint64_t unreadable, char **argv)
{
	struct snapshot *snapshot = snapshot_new(0, 0);

	snapshot->self.unreadable[UNREADABLE_PERMISSION] = unreadable;
	capture_begin();
	report_unreadable(snapshot, argv);
	capture_end(said, sizeof(said));
	snapshot_free(snapshot);
}

TEST(nothing_was_unreadable)
{
	char *argv[] = { (char[]){ "outbound_exporter" }, NULL };

	look(0, argv);
	CHECK_EQ_STR(said, "");
}

/* A command to copy into a shell, whatever its arguments hold. */
TEST(the_command_that_would_read_more)
{
	char *argv[] = { (char[]){ "outbound_exporter" },
			 (char[]){ "--config.file=it's $x.yml" }, (char[]){ "--once" }, NULL };

	look(17, argv);
	CHECK(strstr(said, "level=warn") != NULL);
	CHECK(strstr(said, "processes=17") != NULL);
	if (!geteuid()) {
		CHECK(strstr(said, "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH") != NULL);
		return;
	}
	CHECK(strstr(said, "run=\"sudo /") != NULL);
	CHECK(strstr(said, "'--config.file=it'\\\\''s $x.yml' --once\"") != NULL);
}

TEST(a_view_that_cannot_be_taken)
{
	capture_begin();
	report_view("app", -EPERM, "CAP_SYS_ADMIN");
	report_view("odd", -ENOSYS, NULL);
	report_view("app", 0, NULL);
	capture_end(said, sizeof(said));
	CHECK(said_line(
		"level=warn msg=\"The target's view of the network cannot be taken: its "
		"probes are left out\" target=app err=\"Operation not permitted\" "
		"needs=CAP_SYS_ADMIN\n"));
	CHECK(said_line(
		"level=warn msg=\"The target's view of the network cannot be taken: its "
		"probes are left out\" target=odd err=\"Function not implemented\"\n"));
	CHECK(said_line("level=info msg=\"The target's view of the network can be taken now\" "
			"target=app\n"));
}

TEST_MAIN()
