/*
 * THE TABLE of metrics: name, type, unit, labels, help and the function that gives the values,
 * a row each. The page, --describe, the README's reference and the naming test come from it.
 */
#pragma once

#include "expose/exposition.h"
#include "model/snapshot.h"

struct catalog_build {
	const char *version, *revision, *branch, *compiler;
};

/*
 * Renders the snapshot in every format. At most `max_series` samples about targets,
 * destinations and probes are written, whole families in the order of the table; a family that
 * does not fit is left out, and its samples are added to snapshot->self.truncated, which is why
 * the snapshot is not const. The few samples about the exporter itself are always written, the
 * one that says what was left out among them. One reference for the caller.
 */
struct page *catalog_page(struct snapshot *snapshot, const struct catalog_build *build,
			  size_t max_series) MUST_CHECK;

/* The family of a row of the table; NULL after the last. */
const struct family *catalog_family(size_t index);

/* Appends the reference of all metrics as a Markdown table. */
void catalog_describe(struct text *text);
