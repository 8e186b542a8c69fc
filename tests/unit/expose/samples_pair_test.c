#include "full_snapshot.h"

#define PAIR "{target=\"checkout\",destination=\"payments\"}"

TEST(shows_what_connections_do)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
	check_has(&page, "outbound_connections_idle" PAIR " 1");
	check_has(&page, "outbound_connections_awaiting" PAIR " 2");
	check_has(&page, "outbound_connections_unread" PAIR " 3");
	check_has(&page, "outbound_connections_send_stalled" PAIR " 4");
	check_has(&page, "outbound_connection_oldest_age_seconds" PAIR " 55.5");
	check_has(&page, "outbound_round_trip_time_seconds" PAIR " 0.25");
	check_has(&page, "outbound_connections_opened_total" PAIR " 20");
	check_has(&page, "outbound_connections_closed_total" PAIR " 15");
	check_has(&page, "outbound_sent_bytes_total" PAIR " 1000");
	check_has(&page, "outbound_received_bytes_total" PAIR " 2000");
	check_has(&page, "outbound_retransmits_total" PAIR " 5");
}

/* Zero would be a lie; what the queues and our own clock tell is known all the same. */
TEST(what_takes_tcp_info_is_left_out_without_it)
{
	struct snapshot snapshot = full();
	struct pair_row pair = pairs[0];
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	pair.gauges.lacks_info = true;
	pair.gauges.round_trip_count = 0;
	pair.gauges.round_trip_sum = 0;
	snapshot.pairs = &pair;
	render(&snapshot, 1000, &page, &other);
	check_lacks(&page, "outbound_connections_idle");
	check_lacks(&page, "outbound_connections_awaiting");
	check_lacks(&page, "outbound_sent_bytes_total");
	check_lacks(&page, "outbound_received_bytes_total");
	check_lacks(&page, "outbound_retransmits_total");
	check_lacks(&page, "outbound_round_trip_time_seconds");
	check_has(&page, "outbound_connections_unread" PAIR " 3");
	check_has(&page, "outbound_connections_opened_total" PAIR " 20");
}

TEST(shows_every_reason_of_a_failure)
{
	static const char *const others[] = { "reset", "timed_out", "unreachable",
					      "local_ports", "canceled" };
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
#define FAILED \
	"outbound_connections_failed_total{target=\"checkout\",destination=\"payments\",reason="
	check_has(&page, FAILED "\"refused\"} 6");
	check_has(&page, FAILED "\"unknown\"} 7");
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		CLEANUP(text_deinit) struct text line = { 0 };

		text_printf(&line, FAILED "\"%s\"} 0", others[i]);
		check_has(&page, text_string(&line));
	}
}

TEST(shows_histograms_of_configured_destinations)
{
	struct snapshot snapshot = full();
	struct pair_row pair = pairs[0];
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 }, none = { 0 };

	render(&snapshot, 1000, &page, &other);
#define BUCKET(family, le) \
	"outbound_" family "_bucket{target=\"checkout\",destination=\"payments\",le=\"" le "\"}"
	check_has(&page, BUCKET("connect_duration_seconds", "0.001") " 0");
	check_has(&page, BUCKET("connect_duration_seconds", "0.01") " 2");
	check_has(&page, BUCKET("connect_duration_seconds", "+Inf") " 3");
	check_has(&page, "outbound_connect_duration_seconds_sum" PAIR " 42");
	check_has(&page, BUCKET("connection_lifetime_seconds", "0.1") " 4");
	check_has(&page, "outbound_connection_lifetime_seconds_count" PAIR " 4");
	pair.configured = false;
	snapshot.pairs = &pair;
	render(&snapshot, 1000, &none, &other);
	check_lacks(&none, "_duration_seconds_bucket{target");
	check_lacks(&none, "outbound_connection_lifetime_seconds");
}

/* Without events nothing is known about it; what was known before stays. */
TEST(connect_durations_need_events)
{
	struct snapshot snapshot = full();
	struct pair_row pair = pairs[0];
	CLEANUP(text_deinit) struct text without = { 0 }, with = { 0 }, other = { 0 };

	pair.counters.connect = (struct connection_histogram){ 0 };
	snapshot.pairs = &pair;
	render(&snapshot, 1000, &without, &other);
	check_lacks(&without, "outbound_connect_duration_seconds");
	snapshot.has_events = true;
	render(&snapshot, 1000, &with, &other);
	check_has(&with, "outbound_connect_duration_seconds_count" PAIR " 0");
}

TEST(shows_what_nobody_owns)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
#define UNOWNED \
	"outbound_unowned_connections{netns=\"host\",destination=\"10.0.0.1:443\",state="
	check_has(&page, UNOWNED "\"time_wait\"} 4");
	check_has(&page, UNOWNED "\"syn_sent\"} 1");
	check_has(&page, UNOWNED "\"last_ack\"} 0");
	check_lacks(&page, UNOWNED "\"established\"}");
	check_lacks(&page,
		    "outbound_unowned_connections{netns=\"host\",destination=\"payments\"");
}

TEST(shows_namespaces)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
	check_has(&page, "outbound_netns_info{netns=\"host\",source=\"sock_diag\"} 1");
	check_has(&page, "outbound_netns_info{netns=\"4026532000\",source=\"none\"} 1");
	check_has(&page, "outbound_local_ports_available{netns=\"host\"} 28232");
	check_lacks(&page, "outbound_local_ports_available{netns=\"4026532000\"}");
	check_has(&page,
		  "outbound_local_ports_used{netns=\"host\",destination=\"payments\"} 8");
	check_lacks(&page,
		    "outbound_local_ports_used{netns=\"host\",destination=\"10.0.0.1:443\"");
#define ALL "outbound_netns_connections{netns=\"host\",destination=\"payments\",state="
	check_has(&page, ALL "\"established\"} 6");
	check_has(&page, ALL "\"time_wait\"} 0");
	check_lacks(&page,
		    "outbound_netns_connections{netns=\"host\",destination=\"10.0.0.1:443\"");
}

TEST_MAIN()
