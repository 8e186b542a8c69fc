#include "config/check.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "config/checker.h"

#define USER_STRINGS_MAX 65536 /* NSS modules give up beyond what they are given */

/* That no element before this one has its name. */
static void check_unique(struct checker *checker, struct node *list, size_t index)
{
	struct node *name = node_get(checker_element(list, index), "name");

	for (size_t i = 0; name && i < index; i++) {
		const struct node *other = node_get(checker_element(list, i), "name");

		if (!other || other->kind != NODE_SCALAR || name->kind != NODE_SCALAR ||
		    strcmp(other->text, name->text) != 0)
			continue;
		node_complain(name, checker->problems, "name: %s is taken, at %u:%u",
			      checker_quote(checker, name->text), other->line, other->column);
		return;
	}
}

static bool has_condition(const struct match_config *match)
{
	return match->pid || match->pid_file || match->comm.count || match->exe.count ||
	       match->argv0.count || match->cmdline.count || match->user ||
	       match->container.count || match->unit.count || match->cgroup.count ||
	       match->listen;
}

/* 0 and the user's number, or -ENOENT and the like. A number need not be anyone's. */
static int find_user(const char *user, uid_t *ret_uid)
{
	char strings[USER_STRINGS_MAX];
	struct passwd entry, *found = NULL;
	uint64_t number;
	int r;

	if (bytes_parse_u64(bytes_from_string(user), 10, &number)) {
		*ret_uid = (uid_t)number;
		return number < (uid_t)-1 ? 0 : -ERANGE;
	}
	r = getpwnam_r(user, &entry, strings, sizeof(strings), &found);
	if (!found)
		return r && r != ENOENT ? -r : -ENOENT;
	*ret_uid = found->pw_uid;
	return 0;
}

static void check_user(struct checker *checker, struct node *node, struct match_config *match)
{
	int r = find_user(match->user, &match->uid);

	if (r == -ENOENT)
		node_complain(node, checker->problems, "user: there is no user %s",
			      checker_quote(checker, match->user));
	else if (r < 0)
		node_complain(node, checker->problems, "user: cannot look up %s: %s",
			      checker_quote(checker, match->user), strerror(-r));
}

static void check_match(struct checker *checker, struct node *node, struct match_config *match)
{
	if (match->user)
		check_user(checker, node_get(node, "user"), match);
	if (!has_condition(match) && !checker_has_bad_item(node))
		node_complain(node, checker->problems,
			      "a match without a condition would match every process");
}

static void check_targets(struct checker *checker)
{
	struct node *list = node_get(checker->root, "targets");

	for (size_t i = 0; i < checker->draft->config.target_count; i++) {
		const struct target_config *target = &checker->draft->config.targets[i];
		struct node *node = checker_element(list, i), *match = node_get(node, "match");

		check_unique(checker, list, i);
		for (size_t j = 0; j < target->match_count; j++)
			check_match(checker, checker_element(match, j), &target->matches[j]);
		if (match && !match->is_bad && !target->match_count)
			node_complain(match, checker->problems,
				      "match: expected a list of at least one mapping");
	}
}

/* RE2 and PCRE2 write a named group (?P<name>…), PCRE2 also (?<name>…) and (?'name'…). */
static bool defines_group(const char *pattern, struct bytes group)
{
	for (const char *at = pattern; (at = strstr(at, "(?")); at++) {
		const char *name = at + 2 + (at[2] == 'P');

		if ((*name == '<' || *name == '\'') &&
		    !strncmp(name + 1, group.data, group.length) &&
		    (name[1 + group.length] == '>' || name[1 + group.length] == '\''))
			return true;
	}
	return false;
}

static bool has_group(const struct node *cmdline, struct bytes group)
{
	if (!cmdline)
		return false;
	if (cmdline->kind == NODE_SCALAR)
		return defines_group(cmdline->text, group);
	for (size_t i = 0; i < cmdline->count; i++) {
		if (cmdline->items[i].kind == NODE_SCALAR &&
		    defines_group(cmdline->items[i].text, group))
			return true;
	}
	return false;
}

/* That the braces match and the variables exist is known. */
static void check_groups(struct checker *checker, struct node *node, const char *template)
{
	static const char variable[] = ".Matches.";
	struct node *name = node_get(node, "name");

	for (const char *at = template; (at = strstr(at, variable));) {
		struct bytes group;

		at += sizeof(variable) - 1;
		group = (struct bytes){ at, strcspn(at, " }") };
		if (name && !has_group(node_get(node, "cmdline"), group))
			node_complain(name, checker->problems,
				      "name: no cmdline has a group (?P<%.*s>…)",
				      (int)group.length, group.data);
	}
}

static bool is_target(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->target_count; i++) {
		if (config->targets[i].name && !strcmp(config->targets[i].name, name))
			return true;
	}
	return false;
}

static void check_process_name(struct checker *checker, struct node *node,
			       struct process_name *item)
{
	struct node *name = node_get(node, "name");

	check_match(checker, node, &item->match);
	check_groups(checker, node, item->name);
	if (name && is_target(&checker->draft->config, item->name))
		node_complain(name, checker->problems, "name: %s is taken by a target",
			      checker_quote(checker, item->name));
}

/* Appends what process_names stand for to `targets`; names may repeat, as they may there. */
static void add_process_names(struct checker *checker)
{
	struct config *config = &checker->draft->config;
	struct node *list = node_get(checker->root, "process_names");
	size_t count = config->target_count, added = checker->draft->process_name_count;
	struct target_config *targets =
		arena_alloc(&config->arena, count + added, sizeof(*targets));

	if (count)
		memcpy(targets, config->targets, count * sizeof(*targets));
	for (size_t i = 0; i < added; i++) {
		struct process_name *item = &checker->draft->process_names[i];

		check_process_name(checker, checker_element(list, i), item);
		targets[count + i] = (struct target_config){
			.name = item->name,
			.is_template = strstr(item->name, "{{") != NULL,
			.children = true,
			.matches = &item->match,
			.match_count = 1,
		};
	}
	config->targets = targets;
	config->target_count = count + added;
}

/* Of host, address and cidr at most one; without them a port. */
static void check_place(struct checker *checker, struct node *node,
			struct destination_config *destination)
{
	static const char *const keys[] = { "host", "address", "cidr" };
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		struct node *value = node_get(node, keys[i]);

		if (value && first)
			node_complain(value, checker->problems,
				      "%s: excludes %s, which is given already", keys[i],
				      first);
		else if (value)
			first = keys[i];
		destination->has_prefix |= value && i > 0;
	}
	if (!first && !node_get(node, "port") && !checker_has_bad_item(node))
		node_complain(node, checker->problems,
			      "a destination needs host, address, cidr or port");
}

static void check_destinations(struct checker *checker)
{
	struct node *list = node_get(checker->root, "destinations");

	for (size_t i = 0; i < checker->draft->config.destination_count; i++) {
		struct destination_config *destination =
			&checker->draft->config.destinations[i];
		struct node *node = checker_element(list, i);

		check_unique(checker, list, i);
		check_place(checker, node, destination);
		check_probe(checker, node, destination);
	}
}

void check_draft(struct draft *draft, const struct node *root, struct problems *problems)
{
	struct checker checker = { .draft = draft, .root = root, .problems = problems };

	check_targets(&checker);
	add_process_names(&checker);
	check_modules(&checker);
	check_destinations(&checker);
}
