/*
 * What must be opened inside of a network namespace to be read from outside: its sock_diag
 * socket and its range of local ports. A thread that ends right afterwards enters it, so no
 * other one can ever be in the wrong namespace. Entering needs CAP_SYS_ADMIN; nothing is needed
 * for our own.
 */
#pragma once

#include "source/procfs.h"

struct netns_files {
	int diag; /* for sock_diag_read(); -1: none */
	int port_range, reserved_ports; /* ip-sysctl.rst; -1: none */
};

/* All -1. */
void netns_files_init(struct netns_files *files);
void netns_files_close(struct netns_files *files);

/*
 * Opens the files of the namespace of the process with this directory in `procfs`, which must
 * be the one with this inode. 0; PID_GONE, also when the process is in another one by now;
 * -EPERM and -EACCES without the right to enter it; or -errno. A sysctl that cannot be opened
 * is no failure. The namespace lives at least until the files are closed.
 */
int netns_files_open(const struct procfs *procfs, int directory, uint64_t inode,
		     struct netns_files *ret_files) MUST_CHECK;

/*
 * How many local ports there are to choose from: ip_local_port_range without those of
 * ip_local_reserved_ports; *ret_first and *ret_last are the range. 0 or -errno.
 */
int netns_files_read_ports(const struct netns_files *files, uint16_t *ret_first,
			   uint16_t *ret_last, unsigned *ret_available) MUST_CHECK;

/* Pure: "32768\t60999\n", and "8080,9148-9150\n" or nothing: how many of the range it takes. */
bool netns_parse_port_range(struct bytes text, uint16_t *ret_first,
			    uint16_t *ret_last) MUST_CHECK;
bool netns_parse_reserved_ports(struct bytes text, uint16_t first, uint16_t last,
				unsigned *ret_reserved) MUST_CHECK;
