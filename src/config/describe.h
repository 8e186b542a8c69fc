/* The reference of the configuration file, printed from the table of keys. */
#pragma once

#include "base/text.h"

/* Appends a Markdown table with a row for each key, in the order of schema.c. */
void describe_config(struct text *text);
