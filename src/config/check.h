/* What a row of the table cannot say: keys that exclude, need or name each other. */
#pragma once

#include "config/document.h"
#include "config/schema.h"

/*
 * Checks what was read from `root`, adding problems, and fills in what follows from several
 * keys: user ids, modules of probes, the targets of process_names. Leaves alone what has a
 * problem.
 */
void check_draft(struct draft *draft, const struct node *root, struct problems *problems);
