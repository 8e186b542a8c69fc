/*
 * One record of what the kernel did to a TCP connection, as the tracepoints
 * sock:inet_sock_set_state and sock:inet_sk_error_report give it.
 */
#pragma once

#include <sys/types.h>

#include "source/socket.h"
#include "source/tracefs.h"

struct tcp_event {
	double time; /* monotonic seconds */
	uint64_t socket; /* the kernel's address of it, a name only; 0: an error report */
	pid_t process; /* in whose thread it happened; what that means depends on the change */
	struct endpoint local, remote; /* the local port is 0 until one is chosen */
	enum tcp_state from, to; /* of a change of state */
	int error; /* of an error report: an errno, positive */
};

struct tcp_events {
	struct tcp_event *items;
	size_t count, capacity;
};

void tcp_events_deinit(struct tcp_events *events);
void tcp_events_append(struct tcp_events *events, const struct tcp_event *event);

/* What is taken from a record; the first three are of a change of state only. */
enum tcp_event_field {
	TCP_EVENT_SOCKET,
	TCP_EVENT_FROM,
	TCP_EVENT_TO,
	TCP_EVENT_ERROR, /* of an error report only */
	TCP_EVENT_LOCAL_PORT,
	TCP_EVENT_REMOTE_PORT,
	TCP_EVENT_LOCAL,
	TCP_EVENT_REMOTE,
	TCP_EVENT_TYPE, /* the number of the tracepoint */
	TCP_EVENT_FIELD_COUNT,
};

/* Where things stand in the records of one tracepoint of this kernel. */
struct tcp_event_layout {
	uint16_t type; /* what TCP_EVENT_TYPE must say */
	struct tracefs_field fields[TCP_EVENT_FIELD_COUNT]; /* without a name: absent */
};

/*
 * Pure: from the `format` file of a tracepoint. False when a field is missing or has a size
 * that makes no sense.
 */
bool tcp_event_parse_change_layout(struct bytes format, uint16_t type,
				   struct tcp_event_layout *ret_layout) MUST_CHECK;
bool tcp_event_parse_error_layout(struct bytes format, uint16_t type,
				  struct tcp_event_layout *ret_layout) MUST_CHECK;

/*
 * Pure: the raw data of one sample. Sets all but `time` and `process`. False when it is not of
 * this layout, or says nothing that a connection can do.
 */
bool tcp_event_parse(struct bytes raw, const struct tcp_event_layout *layout,
		     struct tcp_event *ret_event) MUST_CHECK;
