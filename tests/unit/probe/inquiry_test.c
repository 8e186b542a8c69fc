#include "probe/inquiry.h"

#include <stdatomic.h>

#include "probe/peer.h"
#include "probe/plan.h"
#include "test.h"

/* Where an answer goes. */
struct asker {
	struct inquiry *inquiry;
	struct config *config;
	struct module_config module;
	bool success;
	enum probe_reason reason;
	unsigned status;
	double timeout;
	int client; /* who asks; negative: nobody */
	atomic_int answers, gone; /* with a report; with NULL */
};

static void take(void *context, const struct probe_report *report)
{
	struct asker *asker = context;

	if (!report) {
		atomic_fetch_add(&asker->gone, 1);
		return;
	}
	asker->success = report->success;
	asker->reason = report->reason;
	asker->status = report->status;
	asker->timeout = report->timeout;
	atomic_fetch_add(&asker->answers, 1);
}

static struct asker *asker_new(enum prober prober)
{
	struct asker *asker = calloc(1, sizeof(*asker));

	asker->inquiry = inquiry_new();
	asker->client = -1;
	asker->config = calloc(1, sizeof(*asker->config));
	asker->module = (struct module_config){ .name = "m", .prober = prober };
	return asker;
}

static void asker_free(struct asker *asker)
{
	inquiry_free(asker->inquiry);
	config_free(asker->config);
	free(asker);
}

static void ask(struct asker *asker, double timeout, const char *format, ...) PRINTF(3, 4);

/* What was given may go as soon as it was asked. */
static void ask(struct asker *asker, double timeout, const char *format, ...)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text target = { 0 };
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&target, format, arguments);
	va_end(arguments);
	CHECK_EQ_INT(inquiry_ask(asker->inquiry, asker->config,
				 &(struct inquiry_question){ .module = &asker->module,
							     .target = text_string(&target),
							     .timeout = timeout,
							     .client = asker->client,
							     .answer = take,
							     .context = asker },
				 &err),
		     0);
}

static void wait_answers(struct asker *asker, int answers)
{
	while (atomic_load(&asker->answers) < answers)
		pause_a_little();
}

TEST(a_target_needs_no_scheme)
{
	struct asker *asker = asker_new(PROBER_HTTP);
	struct peer peer;

	peer_start(&peer);
	ask(asker, 30, "127.0.0.1:%u", peer.port);
	wait_answers(asker, 1);
	CHECK(asker->success);
	CHECK_EQ_U64(asker->status, 200);
	CHECK(asker->timeout == 30);
	ask(asker, 30, "http://127.0.0.1:%u/missing", peer.port);
	wait_answers(asker, 2);
	peer_stop(&peer);
	asker_free(asker);
}

TEST(tcp_takes_a_host_and_a_port)
{
	struct asker *asker = asker_new(PROBER_TCP);
	struct peer peer;

	peer_start(&peer);
	ask(asker, 30, "127.0.0.1:%u", peer.port);
	wait_answers(asker, 1);
	CHECK(asker->success);
	peer_stop(&peer);
	ask(asker, 30, "127.0.0.1:%u", peer.port);
	wait_answers(asker, 2);
	CHECK(!asker->success);
	CHECK_EQ_STR(probe_reason_name(asker->reason), "refused");
	asker_free(asker);
}

TEST(nonsense_is_an_answer_too)
{
	struct asker *asker = asker_new(PROBER_HTTP);

	ask(asker, 30, "http://%s/", "a b");
	wait_answers(asker, 1);
	CHECK(!asker->success);
	asker_free(asker);
}

TEST(one_that_hangs_keeps_nobody)
{
	struct asker *slow = asker_new(PROBER_HTTP);
	struct peer peer;

	peer_start(&peer);
	ask(slow, 1, "127.0.0.1:%u/silent", peer.port);
	wait_answers(slow, 1);
	CHECK_EQ_STR(probe_reason_name(slow->reason), "no_answer");
	ask(slow, 600, "127.0.0.1:%u/silent", peer.port);
	for (int i = 0; i < 50; i++)
		ask(slow, 30, "127.0.0.1:%u/", peer.port);
	wait_answers(slow, 51);
	CHECK_EQ_INT(atomic_load(&slow->answers), 51);
	peer_stop(&peer);
	asker_free(slow);
}

/* Whether it only says that it has nothing more to ask, or closes. */
TEST(a_client_that_hangs_up_is_not_probed_for)
{
	for (int closes = 0; closes < 2; closes++) {
		struct asker *asker = asker_new(PROBER_HTTP);
		struct peer peer;
		int ends[2];

		peer_start(&peer);
		REQUIRE(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
		asker->client = ends[0];
		ask(asker, 600, "127.0.0.1:%u/", peer.port);
		wait_answers(asker, 1);
		CHECK(asker->success);
		ask(asker, 600, "127.0.0.1:%u/silent", peer.port);
		peer_wait(&peer, 2);
		CHECK_EQ_INT(atomic_load(&asker->answers), 1);
		CHECK(closes ? !close(ends[1]) : !shutdown(ends[1], SHUT_WR));
		wait_answers(asker, 2);
		CHECK(!asker->success);
		CHECK_EQ_STR(probe_reason_name(asker->reason), "canceled");
		close(ends[0]);
		if (!closes) /* the copies are gone, so that the other side sees the end */
			CHECK_EQ_INT(recv(ends[1], &(char){ 0 }, 1, 0), 0);
		close(closes ? -1 : ends[1]);
		peer_stop(&peer);
		asker_free(asker);
	}
}

TEST(stopping_answers_everybody)
{
	struct asker *asker = asker_new(PROBER_HTTP);
	struct peer peer;

	peer_start(&peer);
	for (int i = 0; i < 20; i++)
		ask(asker, 600, "127.0.0.1:%u/silent", peer.port);
	inquiry_free(asker->inquiry);
	asker->inquiry = NULL;
	CHECK_EQ_INT(atomic_load(&asker->gone), 20);
	CHECK_EQ_INT(atomic_load(&asker->answers), 0);
	peer_stop(&peer);
	asker_free(asker);
}

TEST(its_connections_are_added_to_the_others)
{
	struct asker *asker = asker_new(PROBER_HTTP);
	struct snapshot *snapshot = snapshot_new(0, 0);
	struct own_connection before = { .local.port = 1 };
	struct peer peer;

	peer_start(&peer);
	ask(asker, 30, "127.0.0.1:%u/", peer.port);
	wait_answers(asker, 1);
	snapshot->own = &before;
	snapshot->own_count = 1;
	inquiry_copy(asker->inquiry, snapshot);
	REQUIRE(snapshot->own_count == 2);
	CHECK_EQ_INT(snapshot->own[0].local.port, 1);
	CHECK_EQ_INT(snapshot->own[1].remote.port, peer.port);
	snapshot_free(snapshot);
	peer_stop(&peer);
	asker_free(asker);
}

TEST_MAIN()
