/*
 * What is wrong with a configuration file, collected while it is read, so that one run shows
 * all of it, in the order of the file.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

struct problem;

struct problems {
	const char *file; /* its name, for messages */
	struct problem *list;
	size_t count, capacity;
};

void problems_deinit(struct problems *problems);

/* Adds one; line and column count from 1, and are 0 when it is about the file as a whole. */
void problems_add(struct problems *problems, unsigned line, unsigned column, const char *format,
		  ...) PRINTF(4, 5);

/* Writes "file:line:column: message", a line each, sorted; beyond 20 only how many more. */
void problems_write(struct problems *problems, struct error *err);

/* The text in quotes, fit for a message: short, printable, and without what may be a secret. */
const char *problem_quote(struct arena *arena, const char *text);
