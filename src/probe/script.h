/*
 * The steps of a conversation over TCP, without the connection: it is asked what is to be done
 * next, and told what came. For each step it waits for a line that matches, or for bytes, says
 * its own, and begins TLS. Pure: no I/O, no clock.
 */
#pragma once

#include "base/text.h"
#include "config/module.h"
#include "model/probe_report.h"

/* A line that is longer, with its newline, is too long; the same as Go's bufio.Scanner has. */
#define SCRIPT_LINE_MAX 65536

/* What may come in all. */
#define SCRIPT_TOTAL_MAX (10 * 1024 * 1024)

enum script_wish {
	SCRIPT_RECEIVE, /* script_room(), script_received(), script_closed() */
	SCRIPT_PAUSE, /* nothing: there is more to read, when others have had their turn */
	SCRIPT_SEND, /* script_unsent(), script_sent() */
	SCRIPT_TLS, /* script_secured() */
	SCRIPT_DONE,
	SCRIPT_FAILED, /* why: `reason` */
};

enum script_part { SCRIPT_EXPECT, SCRIPT_EXPECT_BYTES, SCRIPT_SAY, SCRIPT_STARTTLS };

struct script {
	const struct tcp_module *module;
	struct probe_report *report;
	enum probe_reason reason;
	size_t step;
	enum script_part part; /* of the step */
	struct text unread; /* what came, from `at` on */
	size_t at, searched; /* no newline is before `searched` */
	uint64_t total;
	bool closed; /* nothing more will come */
	bool heard, refuted; /* in this step: anything; a line that does not match */
	struct text unsent; /* what is to be said, from `sent` on */
	size_t sent;
};

/* Whether there is anything to say or to hear, or TLS to begin with. */
bool script_is_needed(const struct tcp_module *module);

/* Both are borrowed. What is found out goes into the report. */
void script_init(struct script *script, const struct tcp_module *module,
		 struct probe_report *report);
void script_deinit(struct script *script);

/* Goes as far as it can. */
enum script_wish script_advance(struct script *script);

/* Where to put what comes; at least one byte. */
char *script_room(struct script *script, size_t *ret_size);
void script_received(struct script *script, size_t length);
void script_closed(struct script *script);

struct bytes script_unsent(const struct script *script);
void script_sent(struct script *script, size_t length);

/* What was said before goes for nothing: nobody vouches for it. */
void script_secured(struct script *script);

/* Why it fails when it is given up for lack of time. */
enum probe_reason script_late_reason(const struct script *script);
