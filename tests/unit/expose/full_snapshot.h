/* A snapshot that has some of everything, and its page. */
#pragma once

#include "expose/catalog.h"
#include "page_checks.h"

static const struct catalog_build build = { "1.2.3", "abcdef", "main", "gcc 12" };

static struct target_row targets[] = {
	{ .name = "checkout",
	  .processes = 2,
	  .unreadable = { 1, 0, 0 },
	  .threads = 9,
	  .open_fds = 12,
	  .max_fds = 2048,
	  .worst_fd_ratio = 0.25,
	  .open_sockets = 5,
	  .resident_bytes = 4096,
	  .oldest_start_time = 1795000000.5 },
	{ .name = "gone",
	  .open_fds = NAN,
	  .max_fds = NAN,
	  .worst_fd_ratio = NAN,
	  .open_sockets = NAN,
	  .oldest_start_time = NAN },
};

static struct pair_row pairs[] = {
	{ .target = 0,
	  .destination = "payments",
	  .gauges = { .receive_queue = 7,
		      .send_queue = 8,
		      .connections = { [TCP_STATE_ESTABLISHED] = 3,
				       [TCP_STATE_SYN_RECV] = 99,
				       [TCP_STATE_CLOSE_WAIT] = 2,
				       [TCP_STATE_LISTEN] = 99 },
		      .idle = 1,
		      .awaiting = 2,
		      .unread = 3,
		      .send_stalled = 4,
		      .oldest_age = 55.5,
		      .round_trip_sum = 0.75,
		      .round_trip_count = 3 },
	  .configured = true,
	  .counters = { .opened = 20,
			.closed = 15,
			.failed = { [CONNECT_REFUSED] = 6, [CONNECT_UNKNOWN] = 7 },
			.sent = 1000,
			.received = 2000,
			.retransmits = 5,
			.connect = { .counts = { [1] = 2, [CONNECTION_BUCKET_COUNT] = 1 },
				     .sum = 42 },
			.lifetime = { .counts = { [0] = 4 }, .sum = 0.25 } } },
};

static struct netns_row namespaces[] = {
	{ .name = "4026532000", .local_ports = NAN },
	{ .name = "host", .source = "sock_diag", .local_ports = 28232 },
};

static struct netns_pair_row netns_pairs[] = {
	{ .netns = "host",
	  .destination = "10.0.0.1:443",
	  .has_unowned = true,
	  .unowned = { [TCP_STATE_TIME_WAIT] = 4, [TCP_STATE_SYN_SENT] = 1 } },
	{ .netns = "host",
	  .destination = "payments",
	  .has_all = true,
	  .all = { [TCP_STATE_ESTABLISHED] = 6 },
	  .has_ports = true,
	  .local_ports = 8 },
};

static struct source_row sources[] = { { "procfs", true, 0.25 }, { "sock_diag", false, 0.5 } };

static struct probe_row probes[] = {
	{ .destination = "never", .tls_expiry = NAN },
	{ .destination = "payments",
	  .runs = 3,
	  .missed = 1,
	  .failures = { [PROBE_REFUSED] = 1, [PROBE_TOO_LARGE] = 1 },
	  .buckets = { [0] = 1, [2] = 1, [PROBE_BUCKET_COUNT] = 1 },
	  .duration_sum = 12.5,
	  .success = true,
	  .duration = 0.5,
	  .timestamp = 1795000001.5,
	  .phases = { 0.125, 0.25, 0, 0.0625, 0 },
	  .http_status = 204,
	  .tls_expiry = 1800000000 },
	{ "payments", "checkout", PROBE_VIEW_TAKEN, .runs = 2,
	  .failures = { [PROBE_CONNECT_TIMEOUT] = 2 }, .buckets = { [0] = 2 },
	  .duration_sum = 0.5, .timestamp = 1795000001.75, .tls_expiry = NAN,
	  .reuse_known = true, .reusable = true, .idle_close = 4.5 },
	{ "payments", "gone", PROBE_VIEW_MISSING, .tls_expiry = NAN },
};

/* A snapshot on the rows above; its own arena stays empty. */
static inline struct snapshot full(void)
{
	return (struct snapshot){
		.wall = 1795000002.25,
		.monotonic = 50,
		.targets = targets,
		.target_count = ARRAY_LENGTH(targets),
		.pairs = pairs,
		.pair_count = ARRAY_LENGTH(pairs),
		.namespaces = namespaces,
		.netns_count = ARRAY_LENGTH(namespaces),
		.netns_pairs = netns_pairs,
		.netns_pair_count = ARRAY_LENGTH(netns_pairs),
		.sources = sources,
		.source_count = ARRAY_LENGTH(sources),
		.probes = probes,
		.probe_count = ARRAY_LENGTH(probes),
		.self = { .truncated = { [TRUNCATED_PAIRS] = 3 },
			  .unreadable = { [UNREADABLE_PERMISSION] = 40 },
			  .lost_events = 31,
			  .event_suspensions = 32,
			  .unattributed_connects = 33,
			  .resolver_threads = 2,
			  .reload_successful = true,
			  .reload_success_time = 1795000000,
			  .cpu_seconds = 1.5,
			  .start_time = 1795000000.25,
			  .resident_bytes = 8192,
			  .virtual_bytes = 16384,
			  .open_fds = 11,
			  .max_fds = NAN,
			  .threads = 3 },
	};
}

static inline void render(struct snapshot *snapshot, size_t max_series, struct text *plain,
			  struct text *openmetrics)
{
	struct page *page = catalog_page(snapshot, &build, max_series);
	struct bytes a = page_body(page, PAGE_TEXT, false);
	struct bytes b = page_body(page, PAGE_OPENMETRICS, false);

	CHECK_EQ_DBL(page_time(page), snapshot->monotonic);
	text_append(plain, a.data, a.length);
	text_append(openmetrics, b.data, b.length);
	page_release(page);
}
