/* A listening TCP socket, made from an address as people write it. */
#pragma once

#include "base/error.h"

/*
 * Listens on "127.0.0.1:10063", "[::1]:10063", "localhost:10063" or ":10063" (all addresses,
 * IPv4 and IPv6); port 0 takes a free one. The socket is non-blocking and closed on exec; the
 * caller closes it. 0, or -errno with the address and the reason in `err`.
 */
int listener_open(const char *address, int *ret_socket, struct error *err) MUST_CHECK;

/*
 * How many connections each of `listeners` may keep: enough for anybody's scrapers, and so few
 * that the program has descriptors left for its work.
 */
size_t listener_measure_room(size_t listeners);

/* Likewise how many connections may wait for what takes long, at all listeners together. */
size_t listener_measure_patience(void);

/* Appends the address as bound, "127.0.0.1:10063". */
void listener_describe(int socket, struct text *text);
