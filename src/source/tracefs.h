/*
 * What tracefs tells of a tracepoint: its number, and where the fields of its records stand.
 */
#pragma once

#include "base/bytes.h"
#include "base/error.h"

/* In bytes from the start of a record. */
struct tracefs_field {
	const char *name;
	uint16_t offset, size;
};

/*
 * A directory that is the root of tracefs: where it is mounted, else an instance of our own
 * that is attached nowhere. A descriptor, or -errno with the reason in `err`: -ENOENT for a
 * kernel that has none.
 */
int tracefs_open(struct error *err) MUST_CHECK;

/*
 * `event`: "sock/inet_sock_set_state". Replaces `format` by the file of that name. 0, or -errno
 * with the reason in `err`: -ENOENT for a kernel without this tracepoint.
 */
int tracefs_read(int tracefs, const char *event, uint16_t *ret_number, struct text *format,
		 struct error *err) MUST_CHECK;

/* Pure: sets offset and size of the field with this name. False when there is none. */
bool tracefs_parse_field(struct bytes format, struct tracefs_field *field) MUST_CHECK;
