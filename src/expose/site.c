/*
 * Paths, statuses and texts are those of Prometheus and its exporters, so that what people have
 * scripted for them works here. A path that does not exist is 404 for every method.
 */
#include "expose/site.h"

#include <string.h>

#include "expose/accept.h"
#include "expose/gzip.h"
#include "expose/landing.h"

enum { GZIP_MIN = 1024 }; /* bytes; below, the headers outweigh the gain */

static const char text_type[] = "text/plain; charset=utf-8";

/* What is at a path. */
enum place {
	PLACE_NOWHERE,
	PLACE_LANDING,
	PLACE_METRICS,
	PLACE_HEALTHY,
	PLACE_READY,
	PLACE_RELOAD,
	PLACE_PROBE
};

static enum place find(const struct site *site, const char *path)
{
	if (strcmp(path, site->telemetry_path) == 0)
		return PLACE_METRICS;
	if (strcmp(path, "/") == 0)
		return PLACE_LANDING;
	if (strcmp(path, "/-/healthy") == 0)
		return PLACE_HEALTHY;
	if (strcmp(path, "/-/ready") == 0)
		return PLACE_READY;
	if (strcmp(path, "/-/reload") == 0)
		return PLACE_RELOAD;
	if (strcmp(path, "/probe") == 0 && site->has_probe)
		return PLACE_PROBE;
	return PLACE_NOWHERE;
}

static struct bytes bytes_of(const struct text *text)
{
	return (struct bytes){ text_string(text), text->length };
}

struct site_answer site_answer_text(unsigned status, const char *text)
{
	struct site_answer answer = { .status = status, .content_type = text_type };

	text_append_string(&answer.text, text);
	text_append_char(&answer.text, '\n');
	answer.body = bytes_of(&answer.text);
	return answer;
}

struct site_answer site_answer_later(unsigned status, const char *content_type,
				     struct text *text, const char *accept_encoding)
{
	struct site_answer answer = { .status = status,
				      .content_type = content_type ? content_type : text_type };

	if (text->length >= GZIP_MIN && accept_gzip(accept_encoding)) {
		answer.gzip = true;
		gzip_append(&answer.text, text->data, text->length);
		text_deinit(text);
	} else {
		answer.text = *text;
	}
	*text = (struct text){ 0 };
	answer.body = bytes_of(&answer.text);
	return answer;
}

void site_write_headers(const struct site_answer *answer,
			void (*add)(void *context, const char *name, const char *value),
			void *context)
{
	add(context, "Content-Type", answer->content_type);
	add(context, "X-Content-Type-Options", "nosniff");
	add(context, "Cache-Control", "no-store");
	if (answer->allow)
		add(context, "Allow", answer->allow);
	if (answer->page)
		add(context, "Vary", "Accept, Accept-Encoding");
	if (answer->gzip)
		add(context, "Content-Encoding", "gzip");
	if (!answer->html)
		return;
	add(context, "Content-Security-Policy",
	    "default-src 'none'; style-src 'unsafe-inline'; "
	    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
	add(context, "X-Frame-Options", "DENY");
	add(context, "Referrer-Policy", "no-referrer");
}

void site_answer_deinit(struct site_answer *answer)
{
	page_release(answer->page);
	text_deinit(&answer->text);
}

static struct site_answer refuse_method(const char *allow, const char *text)
{
	struct site_answer answer = site_answer_text(405, text);

	answer.allow = allow;
	return answer;
}

/* The newest page when it may be shown; else NULL and the answer that says why not. */
static struct page *acquire_fresh(const struct site *site, const struct site_request *request,
				  struct site_answer *ret_refusal)
{
	CLEANUP(text_deinit) struct text reason = { 0 };
	struct page *page = board_acquire(site->board);
	double age;

	if (!page) {
		*ret_refusal =
			site_answer_text(503, "not ready: the first tick has not ended yet");
		return NULL;
	}
	age = request->now - page_time(page);
	if (age <= request->stale_after)
		return page;
	page_release(page);
	text_printf(&reason,
		    "stale: the newest tick began %.1f s ago, more than the %.1f s allowed",
		    age, request->stale_after);
	*ret_refusal = site_answer_text(503, text_string(&reason));
	return NULL;
}

static struct site_answer answer_metrics(const struct site *site,
					 const struct site_request *request)
{
	struct accept accept = accept_parse(request->accept);
	struct site_answer answer = { 0 };
	struct page *page = acquire_fresh(site, request, &answer);

	if (!page)
		return answer;
	answer.status = 200;
	answer.content_type = accept_content_type(accept);
	answer.page = page;
	answer.body = page_body(page, accept.format, false);
	if (answer.body.length >= GZIP_MIN && accept_gzip(request->accept_encoding)) {
		answer.gzip = true;
		answer.body = page_body(page, accept.format, true);
	}
	return answer;
}

static struct site_answer answer_ready(const struct site *site,
				       const struct site_request *request)
{
	struct site_answer answer = { 0 };
	struct page *page = acquire_fresh(site, request, &answer);

	if (!page)
		return answer;
	page_release(page);
	return site_answer_text(200, "Ready");
}

static struct site_answer answer_landing(const struct site *site)
{
	struct site_answer answer = { .status = 200,
				      .content_type = "text/html; charset=utf-8",
				      .html = true };

	landing_write(&answer.text, site);
	answer.body = bytes_of(&answer.text);
	return answer;
}

static int answer_reload(const struct site *site, const char *method,
			 struct site_answer *ret_answer)
{
	if (strcmp(method, "POST") != 0 && strcmp(method, "PUT") != 0)
		*ret_answer =
			refuse_method("POST, PUT", "This endpoint requires a POST request.");
	else if (!site->enable_lifecycle)
		*ret_answer = site_answer_text(403, "Lifecycle API is not enabled: start with "
						    "--web.enable-lifecycle, or send SIGHUP.");
	else
		return SITE_RELOAD;
	return 0;
}

static int answer_get(const struct site *site, const struct site_request *request,
		      enum place place, struct site_answer *ret_answer)
{
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		*ret_answer = refuse_method("GET, HEAD", "Only GET and HEAD are allowed here.");
	else if (place == PLACE_PROBE)
		return SITE_PROBE;
	else if (place == PLACE_METRICS)
		*ret_answer = answer_metrics(site, request);
	else if (place == PLACE_LANDING)
		*ret_answer = answer_landing(site);
	else if (place == PLACE_READY)
		*ret_answer = answer_ready(site, request);
	else
		*ret_answer = site_answer_text(200, "Healthy");
	return 0;
}

int site_answer(const struct site *site, const struct site_request *request,
		struct site_answer *ret_answer)
{
	enum place place = find(site, request->path);

	if (place == PLACE_RELOAD)
		return answer_reload(site, request->method, ret_answer);
	if (place != PLACE_NOWHERE)
		return answer_get(site, request, place, ret_answer);
	*ret_answer = site_answer_text(404, "Nothing here; / lists what there is.");
	return 0;
}
