/* Patterns of paths, as shells with globstar have them. */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"

/*
 * Whether the whole of `path` is what `glob` says; both begin with a slash. `*`, `?` and `[…]`
 * (fnmatch(3)) stay within a component. A component `**` stands for any number of components,
 * none included: with it behind "/a/", "/a" and "/a/b/c" match. A backslash is a backslash.
 */
bool glob_match(const char *glob, struct bytes path);
