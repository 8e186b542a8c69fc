/* The page at `/`: what this is and where to find what. Self-contained HTML. */
#pragma once

#include "expose/site.h"

void landing_write(struct text *text, const struct site *site);
