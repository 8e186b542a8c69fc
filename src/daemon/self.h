/* What the exporter costs: the process_* metrics. */
#pragma once

#include "model/snapshot.h"

/* Fills cpu_seconds … threads; NAN where it could not be read. */
void self_measure(struct self_row *self);
