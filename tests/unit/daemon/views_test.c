#include "daemon/views.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/capture.h"
#include "config/load.h"
#include "test.h"

#define INSIDE "probe: {url: \"tcp://192.0.2.1:9\", from: target, interval: 1d}"

struct stage {
	pid_t child;
	struct config *config;
	struct sources sources;
	struct probe_engine *probes;
	struct views *views;
};

static bool stage_init(struct stage *stage)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text yaml = { 0 };

	stage->child = fork();
	if (!stage->child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	text_printf(&yaml,
		    "targets: [{name: t, match: {pid: %d}}, {name: u, match: {comm: nobody}}]\n"
		    "destinations:\n- {name: a, address: 192.0.2.1, " INSIDE "}\n"
		    "- {name: b, address: 192.0.2.1, " INSIDE "}\n",
		    (int)stage->child);
	if (config_parse("test.yml", bytes_from_string(text_string(&yaml)), &stage->config,
			 &err) < 0 ||
	    sources_init(&stage->sources, stage->config, "/proc", NULL, &err) < 0) {
		printf("# %s\n", error_string(&err));
		return false;
	}
	stage->probes = probe_engine_new(stage->config, NULL);
	stage->views = views_new(stage->config);
	return true;
}

static void stage_deinit(struct stage *stage)
{
	kill(stage->child, SIGKILL);
	waitpid(stage->child, NULL, 0);
	views_free(stage->views);
	probe_engine_free(stage->probes);
	sources_deinit(&stage->sources);
	config_free(stage->config);
}

/* How many probes have a view after a look, of two for each target. */
static unsigned look(struct stage *stage)
{
	struct snapshot *snapshot = snapshot_new(0, 1);
	unsigned count = 0;

	sources_collect(&stage->sources, snapshot);
	views_update(stage->views, &stage->sources, stage->probes);
	probe_engine_copy(stage->probes, snapshot);
	CHECK_EQ_INT(snapshot->probe_count, 4);
	for (size_t i = 0; i < snapshot->probe_count; i++) {
		if (snapshot->probes[i].view != PROBE_VIEW_TAKEN)
			continue;
		CHECK_EQ_STR(snapshot->probes[i].target, "t");
		count++;
	}
	snapshot_free(snapshot);
	return count;
}

TEST(views_come_and_go_with_processes)
{
	char said[1024];
	struct stage stage;

	REQUIRE(stage_init(&stage));
	CHECK_EQ_INT(views_count(stage.views), 2);
	capture_begin();
	CHECK_EQ_INT(look(&stage), 2);
	CHECK_EQ_INT(look(&stage), 2);
	kill(stage.child, SIGKILL);
	waitpid(stage.child, NULL, 0);
	CHECK_EQ_INT(look(&stage), 0);
	capture_end(said, sizeof(said));
	/* That a process ends is nothing to complain about. */
	CHECK_EQ_STR(said, "");
	stage_deinit(&stage);
}

TEST(nobody_wants_any)
{
	struct config *config;
	struct views *views;

	REQUIRE(!config_parse("test.yml", bytes_from_string("targets: []\n"), &config,
			      &(struct error){ 0 }));
	views = views_new(config);
	CHECK_EQ_INT(views_count(views), 0);
	views_free(views);
	views_free(NULL);
	config_free(config);
}

TEST_MAIN()
