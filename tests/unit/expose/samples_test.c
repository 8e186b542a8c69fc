#include "expose/samples.h"

#include "full_snapshot.h"

TEST(shows_targets)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
	check_has(&page, "outbound_target_up{target=\"checkout\"} 1");
	check_has(&page, "outbound_target_up{target=\"gone\"} 0");
	check_has(&page, "outbound_target_processes{target=\"gone\"} 0");
	check_has(&page, "outbound_target_unreadable_processes{"
			 "target=\"checkout\",reason=\"permission\"} 1");
	check_has(&page, "outbound_target_unreadable_processes{"
			 "target=\"gone\",reason=\"error\"} 0");
	check_has(&page, "outbound_target_threads{target=\"checkout\"} 9");
	check_has(&page, "outbound_target_open_fds{target=\"checkout\"} 12");
	check_has(&page, "outbound_target_open_sockets{target=\"checkout\"} 5");
	check_has(&page, "outbound_target_max_fds{target=\"checkout\"} 2048");
	check_has(&page, "outbound_target_worst_fd_ratio{target=\"checkout\"} 0.25");
	check_has(&page, "outbound_target_resident_memory_bytes{target=\"checkout\"} 4096");
	check_has(
		&page,
		"outbound_target_oldest_start_time_seconds{target=\"checkout\"} 1795000000.5");
	check_lacks(&page, "outbound_target_open_fds{target=\"gone\"}");
	check_lacks(&page, "NaN");
}

TEST(shows_every_state_of_a_connection)
{
	static const char *const others[] = { "syn_sent", "fin_wait1", "fin_wait2", "time_wait",
					      "close",	  "last_ack",  "closing" };
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
#define OF "outbound_connections{target=\"checkout\",destination=\"payments\",state="
	check_has(&page, OF "\"established\"} 3");
	check_has(&page, OF "\"close_wait\"} 2");
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		CLEANUP(text_deinit) struct text line = { 0 };

		text_printf(&line, OF "\"%s\"} 0", others[i]);
		check_has(&page, text_string(&line));
	}
	check_lacks(&page, "99");
	check_has(&page, "outbound_receive_queue_bytes{"
			 "target=\"checkout\",destination=\"payments\"} 7");
	check_has(&page, "outbound_send_queue_bytes{"
			 "target=\"checkout\",destination=\"payments\"} 8");
}

TEST(shows_probes)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
	check_has(&page, "outbound_probe_success{destination=\"payments\"} 1");
	check_has(&page, "outbound_probes_total{destination=\"payments\"} 3");
	check_has(&page, "outbound_probes_missed_total{destination=\"payments\"} 1");
	check_has(&page, "outbound_probe_http_status_code{destination=\"payments\"} 204");
	check_has(&page, "outbound_probe_tls_earliest_certificate_expiry_timestamp_seconds{"
			 "destination=\"payments\"} 1800000000");
	check_has(
		&page,
		"outbound_probe_last_timestamp_seconds{destination=\"payments\"} 1795000001.5");
	check_has(&page, "outbound_probe_phase_duration_seconds{"
			 "destination=\"payments\",phase=\"resolve\"} 0.125");
	check_has(&page, "outbound_probe_duration_seconds_bucket{"
			 "destination=\"payments\",le=\"0.005\"} 1");
	check_has(&page, "outbound_probe_duration_seconds_bucket{"
			 "destination=\"payments\",le=\"1.0\"} 2");
	check_has(&page, "outbound_probe_duration_seconds_bucket{"
			 "destination=\"payments\",le=\"+Inf\"} 3");
	check_has(&page, "outbound_probe_duration_seconds_sum{destination=\"payments\"} 12.5");
	check_has(&page, "outbound_probe_duration_seconds_count{destination=\"payments\"} 3");
}

TEST(counts_failures_from_zero)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
#define FAILED "outbound_probes_failed_total{destination="
	check_has(&page, FAILED "\"payments\",reason=\"refused\"} 1");
	check_has(&page, FAILED "\"payments\",reason=\"too_large\"} 1");
	check_has(&page, FAILED "\"never\",reason=\"refused\"} 0");
	check_lacks(&page, FAILED "\"never\",reason=\"too_large\"}");
}

TEST(knows_nothing_of_a_probe_that_never_ran)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
	check_has(&page, "outbound_probes_total{destination=\"never\"} 0");
	check_has(&page, "outbound_probe_duration_seconds_count{destination=\"never\"} 0");
	check_lacks(&page, "outbound_probe_success{destination=\"never\"}");
	check_lacks(&page, "outbound_probe_last_timestamp_seconds{destination=\"never\"}");
	check_lacks(&page, "outbound_probe_phase_duration_seconds{destination=\"never\"");
	check_lacks(&page, "outbound_probe_http_status_code{destination=\"never\"}");
}

TEST(shows_whose_view_a_probe_has)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
#define VIEW "{destination=\"payments\",target=\"checkout\""
	check_has(&page, "outbound_probe_success" VIEW "} 0");
	check_has(&page, "outbound_probes_total" VIEW "} 2");
	check_has(&page, "outbound_probe_duration_seconds_bucket" VIEW ",le=\"0.005\"} 2");
	check_has(&page, "outbound_probe_phase_duration_seconds" VIEW ",phase=\"tls\"} 0");
	check_has(&page, "outbound_probes_failed_total" VIEW ",reason=\"connect_timeout\"} 2");
	check_has(&page, "outbound_probe_view_up" VIEW "} 1");
	check_has(&page, "outbound_probe_view_up{destination=\"payments\",target=\"gone\"} 0");
	check_lacks(&page, "outbound_probe_view_up{destination=\"payments\"}");
	check_lacks(&page, "outbound_probe_view_up{destination=\"never\"");
}

TEST(shows_whether_a_connection_can_be_used_again)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
	check_has(&page, "outbound_probe_connection_reusable" VIEW "} 1");
	check_has(&page, "outbound_probe_idle_close_seconds" VIEW "} 4.5");
	check_lacks(&page, "outbound_probe_connection_reusable{destination=\"payments\"}");
	check_lacks(&page, "outbound_probe_idle_close_seconds{destination=\"payments\"}");
}

TEST(shows_itself)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, openmetrics = { 0 };

	render(&snapshot, 1000, &page, &openmetrics);
	check_has(&page, "outbound_exporter_build_info{version=\"1.2.3\",revision=\"abcdef\","
			 "branch=\"main\",compiler=\"gcc 12\"} 1");
	check_has(&page, "# TYPE outbound_exporter_build_info gauge");
	check_has(&openmetrics, "# TYPE outbound_exporter_build info");
	check_has(&page, "outbound_exporter_source_up{source=\"sock_diag\"} 0");
	check_has(&page, "outbound_exporter_source_duration_seconds{source=\"procfs\"} 0.25");
	check_has(&page, "outbound_exporter_last_tick_timestamp_seconds 1795000002.25");
	check_has(&page, "outbound_exporter_truncated_total{what=\"pairs\"} 3");
	check_has(&page, "outbound_exporter_truncated_total{what=\"series\"} 0");
	check_has(&page, "outbound_exporter_unreadable_processes{reason=\"permission\"} 40");
	check_has(&page, "outbound_exporter_config_last_reload_successful 1");
	check_has(&page,
		  "outbound_exporter_config_last_reload_success_timestamp_seconds 1795000000");
	check_has(&page, "process_cpu_seconds_total 1.5");
	check_has(&openmetrics, "# TYPE process_cpu_seconds counter");
	check_has(&page, "process_start_time_seconds 1795000000.25");
	check_has(&page, "process_threads 3");
	check_has(&page, "outbound_exporter_resolver_threads 2");
	check_lacks(&page, "process_max_fds");
	CHECK(ends_with(text_string(&openmetrics), "\n# EOF\n"));
}

TEST(shows_what_became_of_events)
{
	struct snapshot snapshot = full();
	CLEANUP(text_deinit) struct text page = { 0 }, other = { 0 };

	render(&snapshot, 1000, &page, &other);
	check_has(&page, "outbound_exporter_events_lost_total 31");
	check_has(&page, "outbound_exporter_event_suspensions_total 32");
	check_has(&page, "outbound_exporter_unattributed_connects_total 33");
}

TEST_MAIN()
