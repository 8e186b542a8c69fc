/*
 * Statuses, texts and the time allowed are blackbox_exporter's, so that what is configured for
 * it works here. It takes as long as the module says, but not longer than the scraper waits.
 */
#include "daemon/ask.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "expose/probe_page.h"

/* When neither the module nor the scraper says, and as long as anybody may wait. */
#define TIMEOUT_MAX 120.0

struct ask {
	struct inquiry *inquiry;
	double offset;
	pthread_mutex_t mutex; /* of the configuration */
	struct config *config;
};

/* One request that waits for its report. */
struct waiting {
	struct http_wait *wait;
	const struct module_config *module; /* the inquiry keeps its configuration */
	bool debug;
};

struct ask *ask_new(struct inquiry *inquiry, double offset)
{
	struct ask *ask = memory_new(1, sizeof(*ask));

	ask->inquiry = inquiry;
	ask->offset = offset;
	pthread_mutex_init(&ask->mutex, NULL);
	return ask;
}

void ask_free(struct ask *ask)
{
	if (!ask)
		return;
	config_free(ask->config);
	pthread_mutex_destroy(&ask->mutex);
	free(ask);
}

void ask_set_config(struct ask *ask, struct config *config)
{
	struct config *old;

	pthread_mutex_lock(&ask->mutex);
	old = ask->config;
	ask->config = config ? config_acquire(config) : NULL;
	pthread_mutex_unlock(&ask->mutex);
	config_free(old);
}

static struct config *acquire_config(struct ask *ask)
{
	struct config *config;

	pthread_mutex_lock(&ask->mutex);
	config = ask->config ? config_acquire(ask->config) : NULL;
	pthread_mutex_unlock(&ask->mutex);
	return config;
}

/* In the thread of the inquiries. */
static void take_report(void *context, const struct probe_report *report)
{
	CLEANUP(text_deinit) struct text body = { 0 };
	struct waiting *waiting = context;

	if (!report) {
		http_wait_finish(waiting->wait, 503, NULL, "the exporter is stopping");
	} else if (!report->success && report->reason == PROBE_CANCELED) {
		http_wait_finish(waiting->wait, 503, NULL, "the client has hung up");
	} else if (waiting->debug) {
		probe_page_write_debug(report, waiting->module->dump, &body);
		http_wait_finish(waiting->wait, 200, NULL, text_string(&body));
	} else {
		probe_page_write(report, &body);
		http_wait_finish(waiting->wait, 200, probe_page_content_type(),
				 text_string(&body));
	}
	free(waiting);
}

static const struct module_config *find_module(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->module_count; i++) {
		if (!strcmp(config->modules[i].name, name))
			return &config->modules[i];
	}
	return NULL;
}

static double choose_timeout(const struct ask *ask, const struct module_config *module,
			     const struct http_query *query)
{
	double timeout = TIMEOUT_MAX;

	if (query->scrape_timeout > 0)
		timeout = fmin(timeout, query->scrape_timeout);
	if (timeout > ask->offset)
		timeout -= ask->offset;
	return module->timeout > 0 ? fmin(module->timeout, timeout) : timeout;
}

/* The module names another host in a header than the request does. */
static bool has_other_host(const struct module_config *module, const char *hostname)
{
	for (size_t i = 0; i < module->http.header_count; i++) {
		const struct header_config *header = &module->http.headers[i];

		if (!strcasecmp(header->name, "Host") && header->value.text &&
		    strcmp(header->value.text, hostname) != 0)
			return true;
	}
	return false;
}

static void refuse_module(const struct module_config *module, const struct http_query *query,
			  struct text *text)
{
	if (module->unsupported)
		text_printf(text, "module \"%s\": %s", module->name, module->unsupported);
	else if (!query->target)
		text_append_string(text, "Target parameter is missing");
	else if (query->hostname && module->prober == PROBER_HTTP &&
		 has_other_host(module, query->hostname))
		text_append_string(text, "host header defined both in module configuration "
					 "and with URL-parameter 'hostname'");
}

/* What is wrong with the request, a status and a text; 0: nothing. */
static unsigned refuse(const struct config *config, const struct http_query *query,
		       const struct module_config **ret_module, struct text *text)
{
	const char *name = query->module ? query->module : "http_2xx";

	if (!config->has_modules) {
		text_append_string(text, "Nothing is probed for others: the configuration "
					 "has no `modules:`.");
		return 403;
	}
	*ret_module = find_module(config, name);
	if (*ret_module)
		refuse_module(*ret_module, query, text);
	else
		text_printf(text, "Unknown module \"%s\"", name);
	return text->length ? 400 : 0;
}

static void begin(struct ask *ask, struct config *config, const struct module_config *module,
		  struct http_wait *wait, const struct http_query *query, int client)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct waiting *waiting = memory_new(1, sizeof(*waiting));
	const struct inquiry_question question = {
		.module = module,
		.target = query->target,
		.hostname = query->hostname,
		.timeout = choose_timeout(ask, module, query),
		.client = client,
		.wants_log = query->debug,
		.answer = take_report,
		.context = waiting,
	};

	*waiting = (struct waiting){ wait, module, query->debug };
	if (!inquiry_ask(ask->inquiry, config, &question, &err))
		return;
	http_wait_finish(wait, 503, NULL, error_string(&err));
	free(waiting);
}

void ask_probe(struct ask *ask, struct http_wait *wait, const struct http_query *query,
	       int client)
{
	CLEANUP(text_deinit) struct text refusal = { 0 };
	struct config *config = acquire_config(ask);
	const struct module_config *module = NULL;
	unsigned status;

	if (!config) {
		http_wait_finish(wait, 503, NULL, "the exporter is stopping");
		return;
	}
	status = refuse(config, query, &module, &refusal);
	if (status)
		http_wait_finish(wait, status, NULL, text_string(&refusal));
	else
		begin(ask, config, module, wait, query, client);
	config_free(config);
}
