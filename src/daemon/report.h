/* What the daemon says about itself in its log. */
#pragma once

#include "daemon/flags.h"
#include "expose/http.h"
#include "model/snapshot.h"

/* One log line for each line of the error. */
void report_lines(enum log_level level, const char *message, const struct error *err);

void report_start(const struct flags *flags);

/* Where to look: a line for each address. */
void report_listening(const struct http *http, const struct flags *flags);

/*
 * What the first look saw; and when processes could not be read, how many, and the command that
 * would read them.
 */
void report_first_look(const struct snapshot *snapshot, char **argv);
