/*
 * Which watched processes have a socket open, by its inode: the middle of the join. Filled anew
 * in each tick; the memory is used again.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* One open descriptor of one watched process that is a socket. */
struct owner {
	uint64_t inode;
	uint32_t watched; /* index of the process */
	uint32_t next; /* index + 1 of the next one of this inode; 0: none */
};

struct owners {
	struct owner *items;
	size_t count, capacity;
	uint32_t *slots; /* index + 1 of the first owner; open addressing, half full at most */
	size_t slot_count; /* a power of two */
};

void owners_deinit(struct owners *owners);

/* Forgets all, and makes room for `count` descriptors. */
void owners_begin(struct owners *owners, size_t count);

/* The owners of an inode come out in the reverse of the order in which they were added. */
void owners_add(struct owners *owners, uint64_t inode, uint32_t watched);

/* The first owner of an inode, and the next one; NULL: none. */
const struct owner *owners_first(const struct owners *owners, uint64_t inode);
const struct owner *owners_next(const struct owners *owners, const struct owner *owner);
