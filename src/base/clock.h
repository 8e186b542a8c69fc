/* The two clocks, in seconds. */
#pragma once

/* CLOCK_MONOTONIC: for intervals; starts anywhere. */
double clock_monotonic(void);

/* CLOCK_BOOTTIME: as CLOCK_MONOTONIC, and it goes on while the system is suspended. */
double clock_boot(void);

/* CLOCK_REALTIME: seconds since 1970, for timestamps that leave the program. */
double clock_wall(void);
