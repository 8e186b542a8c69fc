/*
 * curl_global_init() is thread-safe from 7.84.0 on (libcurl-thread(3)), once does not hurt.
 */
#include "probe/transfers.h"

#include <assert.h>
#include <curl/curl.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "probe/transfer.h"

/* curl_multi_poll() takes milliseconds in an int. */
#define WAIT_MAX 60.0

struct transfers {
	CURLM *multi;
	struct transfer **ended; /* before they began */
	size_t ended_count, ended_capacity;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool initialised;

static void init_once(void)
{
	/* Whoever can set our environment need not get the keys of our connections. */
	unsetenv("SSLKEYLOGFILE");
	initialised = !curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct transfers *transfers_new(void)
{
	struct transfers *transfers;
	CURLM *multi;

	pthread_once(&once, init_once);
	multi = initialised ? curl_multi_init() : NULL;
	if (!multi)
		return NULL;
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	transfers = memory_new(1, sizeof(*transfers));
	transfers->multi = multi;
	return transfers;
}

void transfers_free(struct transfers *transfers)
{
	if (!transfers)
		return;
	assert(!transfers->ended_count);
	curl_multi_cleanup(transfers->multi);
	free(transfers->ended);
	free(transfers);
}

void transfers_perform(struct transfers *transfers)
{
	int running;

	curl_multi_perform(transfers->multi, &running);
}

struct transfer *transfers_take(struct transfers *transfers)
{
	CURLMsg *message;
	int left;

	if (transfers->ended_count) {
		struct transfer *ended = transfers->ended[transfers->ended_count - 1];

		transfer_end(ended, CURLE_OK);
		return ended;
	}
	while ((message = curl_multi_info_read(transfers->multi, &left))) {
		struct transfer *transfer;
		char *private;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		transfer = (struct transfer *)(void *)private;
		transfer_end(transfer, (int)message->data.result);
		return transfer;
	}
	return NULL;
}

void transfers_wait(struct transfers *transfers, int fd, double seconds)
{
	struct curl_waitfd extra = { .fd = fd, .events = CURL_WAIT_POLLIN };
	double milliseconds = ceil(fmin(fmax(seconds, 0), WAIT_MAX) * 1e3);

	if (transfers->ended_count)
		return;
	curl_multi_poll(transfers->multi, &extra, 1, (int)milliseconds, NULL);
}

void transfers_wake(struct transfers *transfers)
{
	curl_multi_wakeup(transfers->multi);
}

void transfers_add(struct transfers *transfers, void *easy)
{
	CURLMcode code = curl_multi_add_handle(transfers->multi, easy);

	assert(code == CURLM_OK);
}

void transfers_remove(struct transfers *transfers, void *easy)
{
	curl_multi_remove_handle(transfers->multi, easy);
}

void transfers_add_ended(struct transfers *transfers, struct transfer *transfer)
{
	transfers->ended = memory_grow(transfers->ended, &transfers->ended_capacity,
				       transfers->ended_count + 1, sizeof(*transfers->ended));
	transfers->ended[transfers->ended_count++] = transfer;
}

void transfers_remove_ended(struct transfers *transfers, const struct transfer *transfer)
{
	for (size_t i = transfers->ended_count; i-- > 0;) {
		if (transfers->ended[i] == transfer)
			transfers->ended[i] = transfers->ended[--transfers->ended_count];
	}
}
