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
	capture_begin();
	report_start(&(struct flags){ .config_file = "a.yml" });
	capture_end(said, sizeof(said));
	CHECK(strstr(said, "msg=\"Starting outbound_exporter\" version=") != NULL);
	CHECK(said_line("level=info msg=\"Loaded config file\" file=a.yml\n"));
	capture_begin();
	report_start(&(struct flags){ 0 });
	capture_end(said, sizeof(said));
	CHECK(strstr(said, "No config file: watching every process") != NULL);
}

static void look(uint64_t unreadable, char **argv)
{
	struct snapshot *snapshot = snapshot_new(0, 0);

	snapshot->target_count = 3;
	snapshot->process_count = 5;
	snapshot->self.unreadable[UNREADABLE_PERMISSION] = unreadable;
	capture_begin();
	report_first_look(snapshot, argv);
	capture_end(said, sizeof(said));
	snapshot_free(snapshot);
}

TEST(the_first_look)
{
	char *argv[] = { (char[]){ "outbound_exporter" }, NULL };

	look(0, argv);
	CHECK(said_line("level=info msg=Watching targets=3 processes=5 "
			"unreadable_processes=0\n"));
	CHECK(!strstr(said, "level=warn"));
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

TEST_MAIN()
