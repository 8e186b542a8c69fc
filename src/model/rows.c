#include "model/rows.h"

#include <assert.h>

static const char *const unreadable_names[UNREADABLE_COUNT] = {
	[UNREADABLE_PERMISSION] = "permission",
	[UNREADABLE_DESCRIPTORS] = "descriptors",
	[UNREADABLE_ERROR] = "error",
};

const char *unreadable_name(enum unreadable reason)
{
	assert(reason < UNREADABLE_COUNT);
	return unreadable_names[reason];
}
