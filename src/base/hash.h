/*
 * Hashing for tables in memory: quick, well mixed, not cryptographic. Keys come from the
 * network (remote ports and addresses), so every table uses the seed of this process.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A number that differs from run to run; the same for the life of the process. */
uint64_t hash_seed(void);

uint64_t hash_bytes(const void *data, size_t length, uint64_t seed);
