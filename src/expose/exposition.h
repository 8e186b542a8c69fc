/*
 * The writer of metrics: families and their samples, in the text format 0.0.4 and in
 * OpenMetrics 1.0 at once. A sample has the same bytes in both, so a series can not change its
 * name or its labels with the format that was negotiated; only the lines about a family differ.
 *
 * A family without samples leaves no trace, and neither does one that would exceed the limit: a
 * family is whole or absent, since half of one makes every sum over it a lie.
 */
#pragma once

#include "expose/page.h"

enum family_type { FAMILY_GAUGE, FAMILY_COUNTER, FAMILY_HISTOGRAM, FAMILY_INFO };

#define FAMILY_LABELS 16 /* most have two; those of probe_expect_info are the user's */

struct family {
	const char *name; /* as in 0.0.4: with the _total of a counter, the _info of an info */
	enum family_type type;
	const char *unit; /* "seconds", the end of the name; NULL: none */
	const char *labels[FAMILY_LABELS + 1]; /* names, ended by NULL */
	const char *help; /* one sentence */
};

/* An exposition of all zeroes is valid and empty, but may hold no sample: see `left`. */
struct exposition {
	struct text text[PAGE_FORMAT_COUNT];
	size_t left; /* samples that may still be written */
	size_t dropped; /* samples of families that were left out */
	const struct family *family; /* the open one; NULL: none */
	size_t family_at, samples_at; /* where it begins in the text format */
	size_t count; /* of its samples */
	struct text bounds; /* of its histograms */
	const struct family *bounds_family;
};

void exposition_deinit(struct exposition *exposition);

/* Opens a family; the one before must be closed. */
void exposition_begin(struct exposition *exposition, const struct family *family);

/*
 * One sample with the values of the family's labels, in their order (NULL when it has none); a
 * label whose value is NULL is left out. NAN as the sample's value means that it is not known:
 * nothing is written.
 */
void exposition_sample(struct exposition *exposition, const char *const *labels, double value);
void exposition_count(struct exposition *exposition, const char *const *labels, uint64_t value);

/*
 * The samples of one histogram: `counts` has one element per bound, not cumulative, and one
 * more for what is above the last bound. All histograms of a family have the same bounds.
 */
void exposition_histogram(struct exposition *exposition, const char *const *labels,
			  const double *bounds, const uint64_t *counts, size_t bound_count,
			  double sum);
void exposition_end(struct exposition *exposition);

/* Ends the page in the formats that have an end. */
void exposition_finish(struct exposition *exposition);

/* "gauge", "counter", "histogram", "info". */
const char *family_type_name(enum family_type type);
