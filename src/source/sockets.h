/*
 * The sources of socket rows: each network namespace that watched processes live in is read
 * once a tick, by sock_diag where that can be had, else by /proc/<pid>/net/tcp.
 */
#pragma once

#include "source/source.h"

/* 0; SOURCE_UNUSED; or the -errno of the last namespace that could not be read. */
int sockets_collect_sock_diag(struct sources *sources, double now) MUST_CHECK;

/* The namespaces that the one before did not read. 0, SOURCE_UNUSED or -errno likewise. */
int sockets_collect_net_tcp(struct sources *sources, double now) MUST_CHECK;
