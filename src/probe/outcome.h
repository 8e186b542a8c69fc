/*
 * What a run of a probe came to: pure functions from what libcurl and the kernel say to a
 * reason, phases, and a row.
 */
#pragma once

#include "base/address.h"
#include "config/config.h"
#include "model/probe_report.h"
#include "probe/answer.h"
#include "probe/leg.h"

/* Adds to the phases what a leg took; the phase that it ended in gets the rest. */
void outcome_add_leg(struct probe_report *report, const struct leg *leg);

/* As if nothing had been answered yet: for the next leg. */
void outcome_forget_answer(struct probe_report *report);

/* Seconds until now: all phases. */
double outcome_duration(const struct probe_report *report);

/*
 * By how much this program may be late itself before it cannot tell any more whether somebody
 * with a time-out of `timeout` was; seconds.
 */
double outcome_tolerance(double timeout);

/* Why a leg failed; PROBE_REASON_COUNT when it was answered completely. */
enum probe_reason outcome_leg_reason(const struct leg *leg);

/*
 * What the module thinks of an answer; PROBE_REASON_COUNT when it is satisfied. Notes in the
 * report whether it was an expression that was not, and logs it.
 */
enum probe_reason outcome_answer_reason(const struct module_config *module,
					const struct answer *answer,
					struct probe_report *report);

/* Whether the module looks into bodies, and into heads. */
bool outcome_needs_body(const struct module_config *module);
bool outcome_needs_head(const struct module_config *module);

/* As blackbox_exporter's probe_ip_addr_hash. */
uint32_t outcome_address_hash(const struct address *address);

/*
 * Counts the run, which ended at `wall`, in the row, and makes it the newest one, unless it was
 * canceled.
 */
void outcome_record(const struct probe_report *report, double wall, struct probe_row *row);
