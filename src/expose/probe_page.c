/*
 * Names, types, labels, and which metric is there when, are those of blackbox_exporter 0.23,
 * tried against real servers; where promlint would like other names (no _info without a reason,
 * units, `_timestamp`), it is what people's alerts ask for that counts. Found there:
 *
 * - The text format, whatever Accept says.
 * - Everything HTTP has is there with 0 without an answer; of the phases, only what was reached
 *   before the address was known is missing. Nothing of an address is there when no name was
 *   looked up, since the target made no sense.
 * - What is about TLS is there after a handshake; with HTTP, when the last answer came over it.
 *   Without a chain that was verified its expiry is the year 1, Go's time of nothing.
 * - The subject's alternative names are those of hosts, with commas between them.
 *
 * Of later versions: probe_tls_cipher_info, probe_expect_info, probe_failed_due_to_bytes (when
 * the module waits for bytes, which 0.23 cannot), probe_timeout_seconds, and the serial number
 * of the certificate. Our own: probe_failure_reason_info.
 *
 * Servers choose what their certificates say: values are cut, and exposition makes them UTF-8.
 */
#include "expose/probe_page.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "expose/accept.h"
#include "expose/exposition.h"

enum { VALUE_MAX = 4096 }; /* bytes of a label's value */

#define YEAR_1 (-62135596800.0)

struct row {
	struct family family;
	/* One of these; NAN: not there. */
	double (*value)(const struct probe_report *report);
	void (*write)(struct exposition *exposition, const struct probe_report *report);
};

static bool had_tls(const struct probe_report *report)
{
	return report->tls.version &&
	       (!report->is_http || (report->status && report->used_tls));
}

static double if_http(const struct probe_report *report, double value)
{
	return report->is_http ? value : NAN;
}

static double read_lookup(const struct probe_report *report)
{
	return report->has_host ? report->lookup : NAN;
}

static double read_duration(const struct probe_report *report)
{
	return report->duration;
}

static double read_failed_by_bytes(const struct probe_report *report)
{
	return !report->is_http && report->expects_bytes ? report->failed_by_bytes : NAN;
}

static double read_failed_by_regex(const struct probe_report *report)
{
	return report->failed_by_regex;
}

static double read_content_length(const struct probe_report *report)
{
	return if_http(report, report->status ? report->content_length : 0);
}

static double read_last_modified(const struct probe_report *report)
{
	return if_http(report, report->last_modified);
}

static double read_redirects(const struct probe_report *report)
{
	return if_http(report, report->redirects);
}

static double read_ssl(const struct probe_report *report)
{
	return if_http(report, report->status && report->used_tls);
}

static double read_status(const struct probe_report *report)
{
	return if_http(report, report->status);
}

static double read_body_bytes(const struct probe_report *report)
{
	return if_http(report, report->body_bytes);
}

static double read_version(const struct probe_report *report)
{
	return if_http(report, report->version);
}

static double read_address_hash(const struct probe_report *report)
{
	return report->has_host ? (double)report->address_hash : NAN;
}

static double read_ip_protocol(const struct probe_report *report)
{
	return report->has_host ? (double)report->ip_protocol : NAN;
}

static double read_earliest_expiry(const struct probe_report *report)
{
	return had_tls(report) ? report->tls.earliest_expiry : NAN;
}

static double read_chain_expiry(const struct probe_report *report)
{
	double expiry = isnan(report->tls.chain_expiry) ? YEAR_1 : report->tls.chain_expiry;

	return had_tls(report) ? expiry : NAN;
}

static double read_success(const struct probe_report *report)
{
	return report->success;
}

static double read_timeout(const struct probe_report *report)
{
	return report->timeout;
}

/* The one sample of a family that is all labels; a value that is NULL is left out. */
static void write_info(struct exposition *exposition, const char *const *values, size_t count)
{
	struct arena arena = { 0 };
	const char *cut[FAMILY_LABELS] = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (values[i])
			cut[i] = arena_copy(&arena, values[i],
					    utf8_cut(values[i], strlen(values[i]), VALUE_MAX));
	}
	exposition_count(exposition, cut, 1);
	arena_deinit(&arena);
}

static void write_phases(struct exposition *exposition, const struct probe_report *report)
{
	for (unsigned phase = 0; phase < PROBE_PHASE_COUNT; phase++) {
		const char *name = probe_phase_name(phase);

		if (report->is_http && report->has_host &&
		    (report->has_address || phase == PROBE_PHASE_RESOLVE))
			exposition_sample(exposition, &name, report->phases[phase]);
	}
}

static void write_reason(struct exposition *exposition, const struct probe_report *report)
{
	const char *name = probe_reason_name(report->reason);

	if (!report->success)
		exposition_count(exposition, &name, 1);
}

static void write_chain(struct exposition *exposition, const struct probe_report *report)
{
	const struct probe_tls_report *tls = &report->tls;
	const char *values[] = { tls->fingerprint, tls->issuer, tls->serial, tls->subject,
				 tls->names };

	if (had_tls(report) && tls->fingerprint)
		write_info(exposition, values, ARRAY_LENGTH(values));
}

static void write_tls_version(struct exposition *exposition, const struct probe_report *report)
{
	if (had_tls(report))
		write_info(exposition, &report->tls.version, 1);
}

static void write_cipher(struct exposition *exposition, const struct probe_report *report)
{
	if (had_tls(report) && report->tls.cipher)
		write_info(exposition, &report->tls.cipher, 1);
}

/* clang-format off */
static const struct row rows[] = {
{ { "probe_dns_lookup_time_seconds", FAMILY_GAUGE, NULL, { NULL },
    "How long the look-up of the target's name took, in seconds." },
  .value = read_lookup },
{ { "probe_duration_seconds", FAMILY_GAUGE, NULL, { NULL },
    "How long the probe took, in seconds." },
  .value = read_duration },
{ { "probe_failed_due_to_bytes", FAMILY_GAUGE, NULL, { NULL },
    "Whether the probe failed because other bytes came than it waited for." },
  .value = read_failed_by_bytes },
{ { "probe_failed_due_to_regex", FAMILY_GAUGE, NULL, { NULL },
    "Whether the probe failed because of a regular expression." },
  .value = read_failed_by_regex },
{ { "probe_failure_reason_info", FAMILY_GAUGE, NULL, { "reason" },
    "A metric with a constant '1' value, labeled by why the probe failed." },
  .write = write_reason },
{ { "probe_http_content_length", FAMILY_GAUGE, NULL, { NULL },
    "Length of the answer as its header says, in bytes; -1 when it does not." },
  .value = read_content_length },
{ { "probe_http_duration_seconds", FAMILY_GAUGE, NULL, { "phase" },
    "Duration of each phase of the request in seconds, summed over all redirects." },
  .write = write_phases },
{ { "probe_http_last_modified_timestamp_seconds", FAMILY_GAUGE, NULL, { NULL },
    "The answer's Last-Modified, in seconds since 1970." },
  .value = read_last_modified },
{ { "probe_http_redirects", FAMILY_GAUGE, NULL, { NULL },
    "Number of redirects." },
  .value = read_redirects },
{ { "probe_http_ssl", FAMILY_GAUGE, NULL, { NULL },
    "Whether the last answer came over TLS." },
  .value = read_ssl },
{ { "probe_http_status_code", FAMILY_GAUGE, NULL, { NULL },
    "Status code of the last answer; 0 without one." },
  .value = read_status },
{ { "probe_http_uncompressed_body_length", FAMILY_GAUGE, NULL, { NULL },
    "Length of the last answer's body, decompressed, in bytes." },
  .value = read_body_bytes },
{ { "probe_http_version", FAMILY_GAUGE, NULL, { NULL },
    "Version of HTTP of the last answer; 0 without one." },
  .value = read_version },
{ { "probe_ip_addr_hash", FAMILY_GAUGE, NULL, { NULL },
    "A hash of the target's address (FNV-1a), which changes with it." },
  .value = read_address_hash },
{ { "probe_ip_protocol", FAMILY_GAUGE, NULL, { NULL },
    "Version of IP of the target's address, 4 or 6; 0 without one." },
  .value = read_ip_protocol },
{ { "probe_ssl_earliest_cert_expiry", FAMILY_GAUGE, NULL, { NULL },
    "When the first of the certificates that the server showed expires, in seconds since "
    "1970." },
  .value = read_earliest_expiry },
{ { "probe_ssl_last_chain_expiry_timestamp_seconds", FAMILY_GAUGE, NULL, { NULL },
    "When the chain that was verified expires, in seconds since 1970; before 1970 when none "
    "was." },
  .value = read_chain_expiry },
{ { "probe_ssl_last_chain_info", FAMILY_GAUGE, NULL,
    { "fingerprint_sha256", "issuer", "serialnumber", "subject", "subjectalternative" },
    "A metric with a constant '1' value, labeled by what the server's certificate says." },
  .write = write_chain },
{ { "probe_success", FAMILY_GAUGE, NULL, { NULL },
    "Whether the probe succeeded (1) or failed (0)." },
  .value = read_success },
{ { "probe_timeout_seconds", FAMILY_GAUGE, NULL, { NULL },
    "How long the probe was allowed to take, in seconds." },
  .value = read_timeout },
{ { "probe_tls_cipher_info", FAMILY_GAUGE, NULL, { "cipher" },
    "A metric with a constant '1' value, labeled by the TLS cipher suite that was agreed on." },
  .write = write_cipher },
{ { "probe_tls_version_info", FAMILY_GAUGE, NULL, { "version" },
    "A metric with a constant '1' value, labeled by the TLS version that was agreed on." },
  .write = write_tls_version },
};
/* clang-format on */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

static bool is_label_name(const char *name)
{
	return *name && strchr(LETTERS, *name) && !name[strspn(name, LETTERS "0123456789")];
}

static bool has_label(const struct family *family, const char *name)
{
	for (size_t i = 0; family->labels[i]; i++) {
		if (strcmp(family->labels[i], name) == 0)
			return true;
	}
	return false;
}

/* Its labels are the module's: what would spoil the whole page is left out. */
static void write_expect_info(struct exposition *exposition, const struct probe_report *report)
{
	struct family family = {
		"probe_expect_info",
		FAMILY_GAUGE,
		NULL,
		{ NULL },
		"A metric with a constant '1' value, labeled by what was read as "
		"the module says."
	};
	const char *values[FAMILY_LABELS];
	size_t count = 0;

	for (size_t i = 0; i < report->expect_label_count && count < FAMILY_LABELS; i++) {
		const struct probe_label *label = &report->expect_labels[i];

		if (!is_label_name(label->name) || has_label(&family, label->name))
			continue;
		family.labels[count] = label->name;
		values[count++] = label->value;
	}
	if (!count)
		return;
	exposition_begin(exposition, &family);
	write_info(exposition, values, count);
	exposition_end(exposition);
}

const char *probe_page_content_type(void)
{
	return accept_content_type((struct accept){ .format = PAGE_TEXT });
}

void probe_page_write(const struct probe_report *report, struct text *into)
{
	CLEANUP(exposition_deinit) struct exposition exposition = { .left = SIZE_MAX };
	const struct text *page = &exposition.text[PAGE_TEXT];

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		exposition_begin(&exposition, &rows[i].family);
		if (rows[i].value)
			exposition_sample(&exposition, NULL, rows[i].value(report));
		else
			rows[i].write(&exposition, report);
		exposition_end(&exposition);
	}
	write_expect_info(&exposition, report);
	text_append(into, page->data, page->length);
}

void probe_page_write_debug(const struct probe_report *report, const char *module_dump,
			    struct text *into)
{
	text_append_string(into, "Logs for the probe:\n");
	text_append_string(into, text_string(&report->log));
	text_append_string(into, "\n\n\nMetrics that would have been returned:\n");
	probe_page_write(report, into);
	text_append_string(into, "\n\n\nModule configuration:\n");
	text_append_string(into, module_dump);
}
