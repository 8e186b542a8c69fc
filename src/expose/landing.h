/* The page at `/`: what this is and where to find what. Self-contained HTML. */
#pragma once

#include <stdbool.h>

#include "base/text.h"

void landing_write(struct text *text, const char *version, const char *telemetry_path,
		   bool enable_lifecycle);
