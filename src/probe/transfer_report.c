/*
 * What a transfer tells of a leg beside its measures. Of a URL it tells neither who asks nor
 * what stands behind "?", for either may be a secret.
 */
#include <math.h>

#include "probe/transfer_state.h"

/* Up to the last @ of what is before the path, as config/url.c has it. */
static void write_url(const char *url, struct text *into)
{
	const char *scheme = strstr(url, "://"), *host = scheme ? scheme + 3 : url;
	const char *at = memrchr(host, '@', strcspn(host, "/?#"));
	const char *from = at ? at + 1 : host;
	size_t shown = strcspn(from, "?#");

	text_append(into, url, (size_t)(host - url));
	text_append(into, from, shown);
	if (from[shown])
		text_append_string(into, "?...");
}

static void log_request(const struct transfer *transfer, struct probe_report *report)
{
	CLEANUP(text_deinit) struct text url = { 0 };

	write_url(transfer->url.text, &url);
	probe_report_log(report, "info", "Making HTTP request", "url", text_string(&url),
			 "method", transfer->method, NULL);
}

static void log_redirect(const char *location, struct probe_report *report)
{
	CLEANUP(text_deinit) struct text url = { 0 };

	write_url(location, &url);
	probe_report_log(report, "info", "Received redirect", "location", text_string(&url),
			 NULL);
}

static void log_connection(const struct transfer *transfer, struct probe_report *report)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	address_write(&transfer->address, &text);
	probe_report_log(report, "info", transfer->proxy.host ? "Using proxy" : "Using address",
			 "host", transfer_hop(transfer)->host, "port",
			 transfer_hop(transfer)->port, "ip", text_string(&text), NULL);
	if (transfer->leg.connected <= 0)
		return;
	probe_report_log(report, "info", "Connected", "ip", text_string(&text), NULL);
	if (report->tls.version && transfer->tls)
		probe_report_log(report, "info", "TLS established", "version",
				 report->tls.version, "cipher", report->tls.cipher, "subject",
				 report->tls.subject, NULL);
}

static void log_answer(const struct transfer *transfer, struct probe_report *report)
{
	CLEANUP(text_deinit) struct text status = { 0 };
	const char *redirect = transfer_redirect(transfer);

	if (transfer->url.tcp || !transfer->leg.http_status)
		return;
	text_append_u64(&status, transfer->leg.http_status);
	probe_report_log(report, "info", "Received HTTP response", "status_code",
			 text_string(&status), NULL);
	if (redirect)
		log_redirect(redirect, report);
}

static void log_failure(const struct transfer *transfer, struct probe_report *report)
{
	if (transfer->err.text.length)
		probe_report_log(report, "error", "Could not make the request", "err",
				 error_string(&transfer->err), NULL);
	else if (transfer->leg.end == LEG_NO_FAMILY)
		probe_report_log(report, "error", "No address of the preferred IP protocol",
				 "host", transfer_hop(transfer)->host, NULL);
	else if (transfer->leg.end != LEG_COMPLETE)
		probe_report_log(report, "error", "Error for HTTP request", "err",
				 transfer->answer.capped ? "more than the size limit came" :
							   transfer->message,
				 NULL);
}

void transfer_report(const struct transfer *transfer, struct probe_report *report)
{
	const struct address *address = &transfer->address;

	if (transfer->has_address && !report->has_address) {
		report->has_address = true;
		report->ip_protocol = address_is_ipv4(address) ? 4 : 6;
		report->address_hash = outcome_address_hash(address);
	}
	if (transfer->tls)
		tls_client_report(transfer->tls, report);
	report->body_bytes =
		fmin((double)transfer->answer.body_bytes, (double)transfer->answer.body_max);
	report->redirects += transfer->location != NULL;
	if (!report->wants_log)
		return;
	if (!transfer->url.tcp)
		log_request(transfer, report);
	if (transfer->has_address)
		log_connection(transfer, report);
	log_answer(transfer, report);
	log_failure(transfer, report);
}
