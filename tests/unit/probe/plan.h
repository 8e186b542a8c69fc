/* Engines for tests: a configuration written down in C, and looks at what comes of it. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "probe/engine.h"

#define PROBES_MAX 1100

struct plan {
	struct config config;
	struct destination_config destinations[PROBES_MAX];
	struct module_config module, tcp;
	char names[PROBES_MAX][16], urls[PROBES_MAX][96];
};

static inline struct plan *plan_new(void)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	plan->module = (struct module_config){ .name = "m", .prober = PROBER_HTTP };
	plan->module.http.follow_redirects = true;
	plan->tcp = (struct module_config){ .name = "tcp", .prober = PROBER_TCP };
	plan->config.destinations = plan->destinations;
	return plan;
}

/* Adds a probe; the name of the n-th is "d000", "d001", … */
static inline void plan_add(struct plan *plan, double interval, double timeout,
			    const char *format, ...) PRINTF(4, 5);

static inline void plan_add(struct plan *plan, double interval, double timeout,
			    const char *format, ...)
{
	size_t i = plan->config.destination_count++;
	va_list arguments;

	snprintf(plan->names[i], sizeof(plan->names[i]), "d%03zu", i);
	va_start(arguments, format);
	vsnprintf(plan->urls[i], sizeof(plan->urls[i]), format, arguments);
	va_end(arguments);
	plan->destinations[i] = (struct destination_config){
		.name = plan->names[i],
		.probe = { .url = plan->urls[i],
			   .interval = interval,
			   .timeout = timeout,
			   .module = strncmp(plan->urls[i], "tcp:", 4) ? &plan->module :
									 &plan->tcp,
			   .from_host = true },
	};
}

static inline struct probe_engine *begin(struct plan *plan, const struct probe_engine *previous)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct probe_engine *engine = probe_engine_new(&plan->config, previous);

	if (probe_engine_start(engine, &err) < 0) {
		printf("# %s\n", error_string(&err));
		abort();
	}
	return engine;
}

static inline struct snapshot *look(struct probe_engine *engine)
{
	struct snapshot *snapshot = snapshot_new(clock_wall(), clock_monotonic());

	probe_engine_copy(engine, snapshot);
	return snapshot;
}

static inline void pause_a_little(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* A look at which every probe has run so often; the caller's. NULL after a minute. */
static inline struct snapshot *wait_runs(struct probe_engine *engine, uint64_t runs)
{
	double start = clock_monotonic();

	while (clock_monotonic() - start < 60) {
		struct snapshot *snapshot = look(engine);
		size_t ready = 0;

		while (ready < snapshot->probe_count && snapshot->probes[ready].runs >= runs)
			ready++;
		if (ready == snapshot->probe_count)
			return snapshot;
		snapshot_free(snapshot);
		pause_a_little();
	}
	return NULL;
}
