/*
 * Templates are process-exporter's (its README, "Using a config file"): {{.Comm}}, {{.ExeBase}}
 * and
 * {{.ExeFull}} (of argv[0], as there), {{.Username}}, {{.PID}}, {{.StartTime}}, {{.Cgroups}}
 * and {{.Matches.name}}, a named group of a cmdline expression. The loader has checked them.
 */
#include "source/match.h"

#include <pwd.h>
#include <string.h>
#include <time.h>

#include "base/glob.h"
#include "base/text.h"

/* getpwuid_r(3): room for the texts of one entry; with more than this the number will do. */
#define USER_STRINGS_MAX 4096

const char *match_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Ids need no names. */
static bool needs_names(const struct string_list *containers)
{
	for (size_t i = 0; i < containers->count; i++) {
		if (!cgroup_is_reference(containers->items[i]))
			return true;
	}
	return false;
}

static void add_needs(struct match_needs *needs, const struct match_config *match)
{
	needs->exe |= match->exe.count > 0;
	needs->cmdline |= match->cmdline.count > 0 || match->argv0.count > 0 ||
			  match->exe.count > 0;
	needs->user |= match->user != NULL;
	needs->cgroups |= match->container.count || match->unit.count || match->cgroup.count;
	needs->container |= needs_names(&match->container);
	needs->listen |= match->listen != 0;
	needs->pid_files++;
}

struct match_needs match_needs(const struct config *config)
{
	struct match_needs needs = { 0 };

	for (size_t i = 0; i < config->target_count; i++) {
		const struct target_config *rule = &config->targets[i];

		for (size_t j = 0; j < rule->match_count; j++)
			add_needs(&needs, &rule->matches[j]);
		if (rule->is_template) {
			needs.cmdline = needs.user = true;
			needs.cgroups |= strstr(rule->name, ".Cgroups") != NULL;
		}
	}
	return needs;
}

/* argv[0] ends at the first NUL; a command line that was rewritten may have none. */
static const char *argv0(const struct match_facts *facts)
{
	return facts->cmdline.length ? facts->cmdline.data : NULL;
}

static bool path_matches(const struct string_list *wanted, const char *path)
{
	for (size_t i = 0; path && i < wanted->count; i++) {
		const char *item = wanted->items[i];

		if (!strcmp(item, strchr(item, '/') ? path : match_base_name(path)))
			return true;
	}
	return false;
}

static bool comm_matches(const struct string_list *wanted, const char *comm)
{
	for (size_t i = 0; i < wanted->count; i++) {
		if (!strcmp(wanted->items[i], comm))
			return true;
	}
	return false;
}

static bool container_matches(const struct string_list *wanted, const struct match_facts *facts)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const char *item = wanted->items[i];

		if (cgroup_has_reference(&facts->cgroup, item) ||
		    (facts->container && !strncmp(facts->container, item, strlen(item))))
			return true;
	}
	return false;
}

static bool unit_matches(const struct string_list *wanted, const struct cgroup *cgroup)
{
	for (size_t i = 0; i < wanted->count; i++) {
		if (cgroup_is_in_unit(cgroup, wanted->items[i]))
			return true;
	}
	return false;
}

static bool cgroup_matches(const struct string_list *wanted, const struct cgroup *cgroup)
{
	for (size_t i = 0; cgroup->path.length && i < wanted->count; i++) {
		if (glob_match(wanted->items[i], cgroup->path))
			return true;
	}
	return false;
}

/* The arguments joined by spaces, without one at the end. */
static void join_arguments(struct bytes cmdline, struct text *joined)
{
	while (cmdline.length && !cmdline.data[cmdline.length - 1])
		cmdline.length--;
	text_append(joined, cmdline.data, cmdline.length);
	for (size_t i = 0; i < joined->length; i++) {
		if (!joined->data[i])
			joined->data[i] = ' ';
	}
}

static bool cmdline_matches(const struct regex_list *wanted, const struct match_facts *facts)
{
	CLEANUP(text_deinit) struct text joined = { 0 };

	join_arguments(facts->cmdline, &joined);
	for (size_t i = 0; i < wanted->count; i++) {
		if (regex_match(wanted->items[i],
				(struct bytes){ text_string(&joined), joined.length },
				facts->steps) != REGEX_MATCH)
			return false;
	}
	return true;
}

static bool listens_on(const struct match_facts *facts, uint16_t port)
{
	for (size_t i = 0; i < facts->listen_count; i++) {
		if (facts->listens[i] == port)
			return true;
	}
	return facts->listens_unknown;
}

static bool matches(const struct match_config *match, const struct match_facts *facts,
		    size_t alternative)
{
	const char *exe = facts->exe ? facts->exe : argv0(facts);

	if (match->pid && match->pid != facts->pid)
		return false;
	if (match->pid_file && facts->pid_files[alternative] != facts->pid)
		return false;
	if (match->comm.count && !comm_matches(&match->comm, facts->comm))
		return false;
	if (match->exe.count && !path_matches(&match->exe, exe))
		return false;
	if (match->argv0.count && !path_matches(&match->argv0, argv0(facts)))
		return false;
	if (match->user && (!facts->has_user || facts->user != match->uid))
		return false;
	if (match->container.count && !container_matches(&match->container, facts))
		return false;
	if (match->unit.count && !unit_matches(&match->unit, &facts->cgroup))
		return false;
	if (match->cgroup.count && !cgroup_matches(&match->cgroup, &facts->cgroup))
		return false;
	if (match->listen && !listens_on(facts, match->listen))
		return false;
	return !match->cmdline.count || cmdline_matches(&match->cmdline, facts);
}

const struct target_config *match_rule(const struct config *config,
				       const struct match_facts *facts)
{
	size_t alternative = 0;

	for (size_t i = 0; i < config->target_count; i++) {
		const struct target_config *rule = &config->targets[i];

		for (size_t j = 0; j < rule->match_count; j++) {
			if (matches(&rule->matches[j], facts, alternative++))
				return rule;
		}
	}
	return NULL;
}

static void write_user(const struct match_facts *facts, struct text *name)
{
	struct passwd entry, *found = NULL;
	char strings[USER_STRINGS_MAX];

	if (!facts->has_user)
		return;
	if (!getpwuid_r(facts->user, &entry, strings, sizeof(strings), &found) && found)
		text_append_string(name, found->pw_name);
	else
		text_append_u64(name, facts->user);
}

static void write_start(const struct match_facts *facts, struct text *name)
{
	time_t seconds = (time_t)facts->start_time;
	char date[sizeof("2026-11-23T18:11:59Z")];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &utc);
	text_append_string(name, date);
}

/* The group of the first expression in which it took part. */
static void write_group(const struct target_config *rule, const struct match_facts *facts,
			const char *group, struct text *name)
{
	CLEANUP(text_deinit) struct text joined = { 0 };
	struct regex_groups groups;

	join_arguments(facts->cmdline, &joined);
	for (size_t i = 0; i < rule->match_count; i++) {
		const struct regex_list *list = &rule->matches[i].cmdline;

		for (size_t j = 0; j < list->count; j++) {
			struct bytes found = { 0 };

			if (regex_has_group(list->items[j], group) &&
			    regex_find(list->items[j],
				       (struct bytes){ text_string(&joined), joined.length },
				       facts->steps, &groups) == REGEX_MATCH)
				found = regex_group(list->items[j], &groups, group);
			if (!found.data)
				continue;
			text_append(name, found.data, found.length);
			return;
		}
	}
}

static void write_variable(const struct target_config *rule, const struct match_facts *facts,
			   const char *variable, struct text *name)
{
	static const char matches_prefix[] = "Matches.";
	const char *program = argv0(facts) ? argv0(facts) : facts->comm;

	if (!strcmp(variable, "Comm"))
		text_append_string(name, facts->comm);
	else if (!strcmp(variable, "ExeBase"))
		text_append_string(name, match_base_name(program));
	else if (!strcmp(variable, "ExeFull"))
		text_append_string(name, program);
	else if (!strcmp(variable, "Username"))
		write_user(facts, name);
	else if (!strcmp(variable, "PID"))
		text_append_u64(name, (uint64_t)facts->pid);
	else if (!strcmp(variable, "StartTime"))
		write_start(facts, name);
	else if (!strcmp(variable, "Cgroups"))
		text_append_string(name, facts->cgroups ? facts->cgroups : "");
	else if (!strncmp(variable, matches_prefix, sizeof(matches_prefix) - 1))
		write_group(rule, facts, variable + sizeof(matches_prefix) - 1, name);
}

/* "{{ .Comm }}" → "Comm": the caller has found the braces. */
static void copy_variable(struct bytes inside, struct text *variable)
{
	for (size_t i = 0; i < inside.length; i++) {
		if (inside.data[i] != ' ' && (inside.data[i] != '.' || variable->length))
			text_append_char(variable, inside.data[i]);
	}
}

void match_write_name(const struct target_config *rule, const struct match_facts *facts,
		      struct text *name)
{
	const char *at = rule->name, *open, *close;

	while (rule->is_template && (open = strstr(at, "{{")) && (close = strstr(open, "}}"))) {
		CLEANUP(text_deinit) struct text variable = { 0 };

		text_append(name, at, (size_t)(open - at));
		copy_variable((struct bytes){ open + 2, (size_t)(close - open - 2) },
			      &variable);
		write_variable(rule, facts, text_string(&variable), name);
		at = close + 2;
	}
	text_append_string(name, at);
}
