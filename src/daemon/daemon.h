/* The running exporter: signals, ticks, reloads, and the web server beside them. */
#pragma once

#include "config/config.h"
#include "daemon/flags.h"

/*
 * Serves until SIGTERM or SIGINT; the configuration is taken over. Returns the exit code: 0, or
 * 1 when it could not start (the reason is logged).
 */
int daemon_run(const struct flags *flags, struct config *config, char **argv);

/* Looks once and writes the page to stdout. Returns the exit code. */
int daemon_once(const struct flags *flags, struct config *config, char **argv);
