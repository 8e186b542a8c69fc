/* One run of a probe from beginning to end, in the thread of the test. */
#pragma once

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "probe/runner.h"

struct probing {
	struct module_config module;
	struct probe_config probe;
	struct probe_report report; /* of the last run */
	struct run *run; /* keeps the report; NULL: there was none */
	struct resolver *resolver;
	struct connections *connections;
	struct runner runner;
};

static inline void probing_init(struct probing *probing)
{
	*probing = (struct probing){
		.module = { .name = "m", .prober = PROBER_HTTP },
		.probe = { .interval = 1, .timeout = 5 },
	};
	probing->probe.module = &probing->module;
	probing->module.http.follow_redirects = true;
	probing->resolver = resolver_new();
	probing->connections = connections_new(100);
	if (runner_init(&probing->runner, probing->resolver, probing->connections) < 0)
		abort();
}

static inline void probing_deinit(struct probing *probing)
{
	run_free(probing->run);
	runner_deinit(&probing->runner);
	resolver_release(probing->resolver);
	connections_free(probing->connections);
}

/* Why it failed; "success". What was found is in `report`. */
static inline const char *probing_ask(struct probing *probing, const char *url)
{
	struct run *run;

	run_free(probing->run);
	probing->probe.url = url;
	probing->probe.wants_log = true;
	runner_add(&probing->runner, run_new(&probing->runner.context, &probing->probe, NULL,
					     false, clock_monotonic(), NULL));
	runner_turn(&probing->runner);
	while (!(run = runner_take(&probing->runner))) {
		runner_wait(&probing->runner, INFINITY);
		runner_turn(&probing->runner);
	}
	probing->run = run;
	probing->report = *run_report(run);
	return probing->report.success ? "success" : probe_reason_name(probing->report.reason);
}
