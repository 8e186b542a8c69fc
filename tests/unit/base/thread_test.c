#include "base/thread.h"

#include <signal.h>

#include "test.h"

static bool is_blocked(int signal)
{
	sigset_t mask;

	return !pthread_sigmask(SIG_BLOCK, NULL, &mask) && sigismember(&mask, signal);
}

static void *look(void *argument)
{
	bool *blocked = argument;

	blocked[0] = is_blocked(SIGPIPE);
	blocked[1] = is_blocked(SIGTERM);
	return NULL;
}

TEST(signals_are_for_others)
{
	bool blocked[2] = { false, false };
	pthread_t thread;
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	CHECK(!pthread_sigmask(SIG_BLOCK, &usr1, NULL));
	REQUIRE(!thread_start(&thread, look, blocked));
	CHECK(!pthread_join(thread, NULL));
	CHECK(blocked[0] && blocked[1]);
	CHECK(is_blocked(SIGUSR1) && !is_blocked(SIGPIPE));
}

TEST_MAIN()
