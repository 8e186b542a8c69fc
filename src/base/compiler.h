/* Compiler attributes used everywhere; gcc and clang. */
#pragma once

#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(at, first) __attribute__((format(printf, at, first)))
#define NORETURN __attribute__((noreturn))

/* Calls fn(&variable) when the variable leaves its scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))
