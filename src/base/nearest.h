/*
 * "Did you mean …?": the candidate that is closest to a mistyped word.
 *
 *	nearest_init(&nearest, wanted);
 *	for each candidate: nearest_offer(&nearest, candidate);
 *	if (nearest.found) …
 */
#pragma once

struct nearest {
	const char *wanted;
	const char *found; /* NULL: nothing is close enough to be meant */
	unsigned distance;
};

void nearest_init(struct nearest *nearest, const char *wanted);
void nearest_offer(struct nearest *nearest, const char *candidate);
