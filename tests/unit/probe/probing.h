/* One run of a probe from beginning to end, in the thread of the test. */
#pragma once

#include <stdlib.h>

#include "base/clock.h"
#include "probe/run.h"

struct probing {
	struct module_config module;
	struct probe_config probe;
	struct probe_report report; /* of the last run */
	struct run *run; /* keeps the report; NULL: there was none */
	struct transfers *transfers;
	struct run_context context;
};

static inline void probing_init(struct probing *probing)
{
	*probing = (struct probing){
		.module = { .name = "m", .prober = PROBER_HTTP },
		.probe = { .interval = 1, .timeout = 5 },
	};
	probing->probe.module = &probing->module;
	probing->module.http.follow_redirects = true;
	probing->transfers = transfers_new();
	probing->context.resolver = resolver_new();
	probing->context.connections = connections_new(100);
}

static inline void probing_deinit(struct probing *probing)
{
	run_free(probing->run);
	transfers_free(probing->transfers);
	resolver_release(probing->context.resolver);
	connections_free(probing->context.connections);
}

static inline void probing_turn(struct probing *probing)
{
	struct transfer *transfer;

	resolver_read_event(probing->context.resolver);
	if (run_state(probing->run) == RUN_LOOKUP)
		run_check_lookup(probing->run, clock_monotonic());
	if (run_state(probing->run) == RUN_READY)
		run_start(probing->run, probing->transfers);
	transfers_perform(probing->transfers);
	while ((transfer = transfers_take(probing->transfers)))
		run_finish_leg(transfer, clock_monotonic());
	if (run_state(probing->run) != RUN_DONE)
		transfers_wait(probing->transfers, resolver_event(probing->context.resolver),
			       0.1);
}

/* Why it failed; "success". What was found is in `report`. */
static inline const char *probing_ask(struct probing *probing, const char *url)
{
	run_free(probing->run);
	probing->probe.url = url;
	probing->run = run_new(&probing->context, &probing->probe, NULL, false,
			       clock_monotonic(), NULL);
	run_report(probing->run)->wants_log = true;
	while (run_state(probing->run) != RUN_DONE)
		probing_turn(probing);
	probing->report = *run_report(probing->run);
	return probing->report.success ? "success" : probe_reason_name(probing->report.reason);
}
