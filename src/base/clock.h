/* The two clocks, in seconds. */
#pragma once

/* CLOCK_MONOTONIC: for intervals; starts anywhere. */
double clock_monotonic(void);

/* CLOCK_REALTIME: seconds since 1970, for timestamps that leave the program. */
double clock_wall(void);
