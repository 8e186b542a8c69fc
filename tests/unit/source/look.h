/* Looks at one connection, scripted, for the tests of behavior. */
#pragma once

#include "source/behavior.h"
#include "test.h"

#define START 1000.0 /* monotonic, when the first look happens */

/* A connection, and the time and result of the newest look at it. */
struct script {
	struct behavior behavior;
	struct behavior_change change;
	double now;
};

static inline void look_first(struct script *script, bool whole, struct socket_row row)
{
	script->now = START;
	behavior_init(&script->behavior, &row, script->now, whole, &script->change);
}

static inline void look_after(struct script *script, double seconds, struct socket_row row)
{
	script->now += seconds;
	behavior_update(&script->behavior, &row, script->now, &script->change);
}

/* A row of sock_diag: bytes, and seconds since the last of them. */
#define INFO(row_state, ...) \
	((struct socket_row){ .state = (row_state), .has_info = true, .info = { __VA_ARGS__ } })
#define OPEN(...) INFO(TCP_STATE_ESTABLISHED, __VA_ARGS__)

static inline struct socket_row with_queues(struct socket_row row, uint32_t receive,
					    uint32_t send)
{
	row.receive_queue = receive;
	row.send_queue = send;
	return row;
}

/* A row of /proc/net/tcp. */
static inline struct socket_row procfs(enum tcp_state state, uint32_t receive, uint32_t send)
{
	return with_queues((struct socket_row){ .state = state }, receive, send);
}

static inline bool is_near(double a, double b)
{
	return fabs(a - b) < 1e-6;
}

static inline bool is_idle(const struct script *script, double after)
{
	return behavior_is_idle(&script->behavior, script->now, after);
}

static inline bool is_unread(const struct script *script, double after)
{
	return behavior_is_unread(&script->behavior, script->now, after);
}

static inline bool is_stalled(const struct script *script, double after)
{
	return behavior_is_send_stalled(&script->behavior, script->now, after);
}

static inline bool is_awaiting(const struct script *script)
{
	return behavior_is_awaiting(&script->behavior);
}

static inline double age(const struct script *script)
{
	return behavior_age(&script->behavior, script->now);
}
