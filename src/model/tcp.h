/*
 * TCP states with the kernel's numbers (include/net/tcp_states.h), as /proc/net/tcp and
 * sock_diag give them, and their public names.
 */
#pragma once

#include <stdbool.h>

enum tcp_state {
	TCP_STATE_ESTABLISHED = 1,
	TCP_STATE_SYN_SENT,
	TCP_STATE_SYN_RECV,
	TCP_STATE_FIN_WAIT1,
	TCP_STATE_FIN_WAIT2,
	TCP_STATE_TIME_WAIT,
	TCP_STATE_CLOSE,
	TCP_STATE_CLOSE_WAIT,
	TCP_STATE_LAST_ACK,
	TCP_STATE_LISTEN,
	TCP_STATE_CLOSING,
	TCP_STATE_NEW_SYN_RECV,
	TCP_STATE_COUNT,
};

/* "established", "time_wait", …: the `state` label; NULL for a number that is no state. */
const char *tcp_state_name(enum tcp_state state);

/* Whether an outbound connection can be in it: all but LISTEN and the two of a passive open. */
bool tcp_state_is_outbound(enum tcp_state state);
