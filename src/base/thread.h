/* Threads that the program is made of. */
#pragma once

#include <pthread.h>

#include "base/compiler.h"

/*
 * pthread_create(3), with all signals blocked in the new thread and in those that it starts:
 * the main thread waits for them, and writing to somebody who is gone (SIGPIPE) must not end
 * the program. 0 or -errno.
 */
int thread_start(pthread_t *ret_thread, void *(*run)(void *argument),
		 void *argument) MUST_CHECK;
