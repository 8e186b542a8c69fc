/* The easy handle of a transfer: all that is said to libcurl, and asked from it afterwards. */
#pragma once

struct transfer;

void handle_init(struct transfer *transfer);
void handle_deinit(struct transfer *transfer);

/* The socket of the leg that just ended, still under libcurl; negative: it is closed. */
int handle_socket(const struct transfer *transfer);

/* Forgets what was set for a leg; cookies stay. */
void handle_reset(struct transfer *transfer);

/* Sets all that the leg wants, which ends after `timeout` seconds. */
void handle_set(struct transfer *transfer, double timeout);

/* Writes the leg, the address and where it leads, after it ended with `code`. */
void handle_measure(struct transfer *transfer, int code);
