/* The numbers of the CPUs that are online. */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"

struct cpus {
	unsigned *items; /* ascending */
	size_t count, capacity;
};

void cpus_deinit(struct cpus *cpus);

/* 0 or -errno. `ret_cpus` is all zeroes, or used again. */
int cpus_read(struct cpus *ret_cpus) MUST_CHECK;

bool cpus_equal(const struct cpus *a, const struct cpus *b);

/* Pure: "0-3,5". False when it is no such list. */
bool cpus_parse(struct bytes list, struct cpus *ret_cpus) MUST_CHECK;
