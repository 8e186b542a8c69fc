#include "model/tcp.h"

#include <stddef.h>

static const char *const names[TCP_STATE_COUNT] = {
	[TCP_STATE_ESTABLISHED] = "established",
	[TCP_STATE_SYN_SENT] = "syn_sent",
	[TCP_STATE_SYN_RECV] = "syn_recv",
	[TCP_STATE_FIN_WAIT1] = "fin_wait1",
	[TCP_STATE_FIN_WAIT2] = "fin_wait2",
	[TCP_STATE_TIME_WAIT] = "time_wait",
	[TCP_STATE_CLOSE] = "close",
	[TCP_STATE_CLOSE_WAIT] = "close_wait",
	[TCP_STATE_LAST_ACK] = "last_ack",
	[TCP_STATE_LISTEN] = "listen",
	[TCP_STATE_CLOSING] = "closing",
	[TCP_STATE_NEW_SYN_RECV] = "new_syn_recv",
};

const char *tcp_state_name(enum tcp_state state)
{
	return (unsigned)state < TCP_STATE_COUNT ? names[state] : NULL;
}

bool tcp_state_is_outbound(enum tcp_state state)
{
	return state >= TCP_STATE_ESTABLISHED && state < TCP_STATE_COUNT &&
	       state != TCP_STATE_LISTEN && state != TCP_STATE_SYN_RECV &&
	       state != TCP_STATE_NEW_SYN_RECV;
}
