/*
 * The URL of `probe: auto` is made here and not by the prober, so that to everybody else it is
 * a probe like any other.
 */
#include "config/checker.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "config/url.h"

static const struct module_config *find_module(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->module_count; i++) {
		if (config->modules[i].name && !strcmp(config->modules[i].name, name))
			return &config->modules[i];
	}
	return NULL;
}

/* What is unknown, and what was meant, if anything. */
static void complain_unknown(struct checker *checker, struct node *node, const char *key,
			     const char *noun, const struct nearest *nearest)
{
	node_complain(node, checker->problems, "%s: there is no %s %s%s%s%s", key, noun,
		      checker_quote(checker, node->text),
		      nearest->found ? ", did you mean \"" : "",
		      nearest->found ? nearest->found : "", nearest->found ? "\"?" : "");
}

static void complain_module(struct checker *checker, struct node *module)
{
	const struct config *config = &checker->draft->config;
	struct nearest nearest;

	nearest_init(&nearest, module->text);
	for (size_t i = 0; i < config->module_count; i++)
		nearest_offer(&nearest, config->modules[i].name ? config->modules[i].name : "");
	complain_unknown(checker, module, "module", "module", &nearest);
}

/* A module of the wrong kind is a mistake in the module's name, when that is given. */
static void check_fit(struct checker *checker, struct node *node,
		      const struct probe_config *probe, bool is_tcp)
{
	const struct module_config *module = probe->module;

	if (module->unsupported)
		node_complain(node, checker->problems, "module: %s: %s",
			      checker_quote(checker, module->name), module->unsupported);
	else if ((module->prober == PROBER_TCP) != is_tcp)
		node_complain(node, checker->problems,
			      "module: %s is for %s, but the URL is %s",
			      checker_quote(checker, module->name),
			      is_tcp ? "http:// and https://" : "tcp://",
			      is_tcp ? "tcp://" : "http:// or https://");
}

static void check_module(struct checker *checker, struct node *node, struct probe_config *probe,
			 bool is_tcp)
{
	struct node *module = node_get(node, "module"), *url = node_get(node, "url");

	probe->module = find_module(&checker->draft->config, module ? module->text :
							     is_tcp ? "tcp_connect" :
								      "http_2xx");
	if (probe->module)
		check_fit(checker, module ? module : url ? url : node, probe, is_tcp);
	else if (module)
		complain_module(checker, module);
}

/* A timeout that nobody chose gives way; one that somebody chose is what they mean. */
static void check_times(struct checker *checker, struct node *node, struct probe_config *probe)
{
	struct node *timeout = node_get(node, "timeout");

	if (!timeout && probe->module && probe->module->timeout > 0)
		probe->timeout = probe->module->timeout;
	if (!timeout)
		probe->timeout = fmin(probe->timeout, probe->interval);
	else if (!timeout->is_bad && probe->timeout > probe->interval)
		node_complain(timeout, checker->problems,
			      "timeout: %s is longer than the interval",
			      checker_quote(checker, timeout->text));
}

static bool has_name(const struct string_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!strcmp(list->items[i], name))
			return true;
	}
	return false;
}

static void take_all_targets(struct checker *checker, struct node *from,
			     struct probe_config *probe)
{
	struct config *config = &checker->draft->config;
	struct string_list *list = &probe->targets;

	list->items = arena_alloc(&config->arena, config->target_count, sizeof(*list->items));
	for (size_t i = 0; i < config->target_count; i++) {
		const struct target_config *target = &config->targets[i];

		if (target->name && !target->is_template && !has_name(list, target->name))
			list->items[list->count++] = target->name;
	}
	if (!list->count)
		node_complain(from, checker->problems,
			      "from: there is no target of a fixed name");
}

static void check_target(struct checker *checker, struct node *node)
{
	const struct config *config = &checker->draft->config;
	struct nearest nearest;

	nearest_init(&nearest, node->text);
	for (size_t i = 0; i < config->target_count; i++) {
		const struct target_config *target = &config->targets[i];

		if (!target->name || target->is_template)
			continue;
		if (!strcmp(target->name, node->text))
			return;
		nearest_offer(&nearest, target->name);
	}
	complain_unknown(checker, node, "targets", "target of the name", &nearest);
}

static void check_targets(struct checker *checker, struct node *node,
			  struct probe_config *probe)
{
	struct node *from = node_get(node, "from"), *targets = node_get(node, "targets");

	if ((from && from->is_bad) || (targets && targets->is_bad))
		return;
	if (!probe->from_target && probe->targets.count)
		node_complain(targets, checker->problems, "targets: only with from: target");
	else if (!probe->from_target)
		return;
	else if (!probe->targets.count)
		take_all_targets(checker, from, probe);
	else
		for (size_t i = 0; i < probe->targets.count; i++)
			check_target(checker, checker_element(targets, i));
}

static void make_url(struct checker *checker, struct node *node,
		     struct destination_config *destination)
{
	struct arena *arena = &checker->draft->config.arena;
	bool has_address = destination->has_prefix && destination->prefix.bits == 128;
	struct endpoint endpoint = { destination->prefix.address, destination->port };
	CLEANUP(text_deinit) struct text text = { 0 };

	if (destination->port && destination->host) {
		destination->probe.url = arena_printf(arena, "tcp://%s:%u", destination->host,
						      destination->port);
	} else if (destination->port && has_address) {
		endpoint_write(&endpoint, &text);
		destination->probe.url = arena_printf(arena, "tcp://%s", text_string(&text));
	} else if (!checker_has_bad_item(node)) {
		node_complain(node_get(node, "probe"), checker->problems,
			      "probe: auto needs a host or an address, and a port");
	}
}

void check_probe(struct checker *checker, struct node *node,
		 struct destination_config *destination)
{
	struct probe_config *probe = &destination->probe;
	struct node *at = node_get(node, "probe"), *module = at ? node_get(at, "module") : NULL;
	CLEANUP(error_deinit) struct error err = { 0 };
	struct url url = { 0 };
	int r;

	if (probe->automatic)
		make_url(checker, node, destination);
	if (!probe->url) {
		*probe = (struct probe_config){ 0 };
		return;
	}
	r = url_parse(probe->url, &url, &err);
	assert(!r);
	probe->reuse = node_get(at, "reuse_after") != NULL;
	if (probe->reuse && url.scheme == URL_TCP)
		node_complain(node_get(at, "reuse_after"), checker->problems,
			      "reuse_after: not for tcp://, where nothing is asked twice");
	if (!module || !module->is_bad)
		check_module(checker, at, probe, url.scheme == URL_TCP);
	check_times(checker, at, probe);
	check_targets(checker, at, probe);
}
