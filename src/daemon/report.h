/* What the daemon says about itself in its log. */
#pragma once

#include "daemon/flags.h"
#include "expose/http.h"
#include "model/snapshot.h"
#include "source/source.h"

/* One log line for each line of the error. */
void report_lines(enum log_level level, const char *message, const struct error *err);

void report_start(void);

/* What was loaded, in numbers: a file that lost its content shows; and what is of no use. */
void report_config(const struct flags *flags, const struct config *config);

/* Where to look: a line for each address. */
void report_listening(const struct http *http, const struct flags *flags);

/* What the first look with a configuration saw, and which targets it did not find. */
void report_look(const struct snapshot *snapshot);

/* When processes could not be read: how many, and the command that would read them. */
void report_unreadable(const struct snapshot *snapshot, char **argv);

/* Which host names have no address; for when their number has changed. */
void report_names(struct names *names);

/* Whether events of the kernel are used, and if not why; where nobody wants them, nothing. */
void report_events(const struct snapshot *snapshot, const struct sources *sources);

/*
 * That probes cannot be asked from inside of a target, for which reason (-errno) and for want
 * of which right (NULL: none would help); or with 0, that now they can.
 */
void report_view(const char *target, int error, const char *right);
