#include "source/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

/* As the configuration's names (schema.c). */
#define NAME_MAX_BYTES ((size_t)200)

/* The first target that is not before `name`. */
static size_t lower_bound(const struct target_table *table, const char *name)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(table->items[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct target *target_table_find(const struct target_table *table, const char *name)
{
	size_t at = lower_bound(table, name);

	if (at == table->count || strcmp(table->items[at]->name, name) != 0)
		return NULL;
	return table->items[at];
}

static struct target *add(struct target_table *table, const char *name)
{
	struct target *target = memory_new(1, sizeof(*target));
	size_t at = lower_bound(table, name);

	target->name = memory_copy_string(name);
	target->pairs.owner = target;
	table->items = memory_grow(table->items, &table->capacity, table->count + 1,
				   sizeof(struct target *));
	memmove(table->items + at + 1, table->items + at,
		(table->count - at) * sizeof(struct target *));
	table->items[at] = target;
	table->count++;
	return target;
}

/*
 * What is configured on both sides is there from the first page on, as 0: a series that appears
 * only with its first connection hides that connection from increase() and alerts. Unless that
 * alone would use up half of the pairs.
 */
static void pin_pairs(struct target *target, const struct config *config,
		      struct pair_budget *budget)
{
	for (size_t i = 0; i < config->destination_count; i++)
		pair_find(&target->pairs, &config->destinations[i], NULL, 0, budget)->pinned =
			true;
}

void target_table_init(struct target_table *table, const struct config *config,
		       struct pair_budget *budget)
{
	bool pin = config->target_count * config->destination_count <= budget->max / 2;

	*table = (struct target_table){ .max_made = config->discover.max_targets };
	for (size_t i = 0; i < config->target_count; i++) {
		struct target *target;

		if (config->targets[i].is_template ||
		    target_table_find(table, config->targets[i].name))
			continue;
		target = add(table, config->targets[i].name);
		target->configured = true;
		if (pin)
			pin_pairs(target, config, budget);
	}
}

static void free_target(struct target *target, struct pair_budget *budget)
{
	pair_set_deinit(&target->pairs, budget);
	free(target->name);
	free(target);
}

void target_table_deinit(struct target_table *table, struct pair_budget *budget)
{
	for (size_t i = 0; i < table->count; i++)
		free_target(table->items[i], budget);
	free(table->items);
	*table = (struct target_table){ 0 };
}

/* Processes call themselves what they like; a label is short and UTF-8. */
struct target *target_table_get(struct target_table *table, const char *name, double now)
{
	CLEANUP(text_deinit) struct text label = { 0 };
	struct target *target;

	utf8_repair(&label, name, strnlen(name, NAME_MAX_BYTES));
	target = target_table_find(table, text_string(&label));
	if ((!target || target->inherited) && table->made >= table->max_made) {
		table->truncated++;
		text_clear(&label);
		text_append_string(&label, TARGET_OTHER);
		target = target_table_find(table, TARGET_OTHER);
	}
	if (!target) {
		target = add(table, text_string(&label));
		table->made++;
	} else if (target->inherited) {
		target->inherited = false;
		table->made++;
	}
	target->last_seen = now;
	return target;
}

struct target *target_table_find_configured(struct target_table *table, const char *name)
{
	struct target *target = target_table_find(table, name);

	return target && target->configured ? target : NULL;
}

void target_table_begin(struct target_table *table, double oldest, struct pair_budget *budget)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct target *target = table->items[i];

		pair_set_begin(&target->pairs, oldest, budget);
		if (!target->configured && !target->inherited && target->last_seen < oldest &&
		    !target->pairs.count) {
			free_target(target, budget);
			table->made--;
			continue;
		}
		table->items[kept++] = target;
	}
	table->count = kept;
}

struct target *target_table_inherit(struct target_table *table, const char *name)
{
	struct target *target;

	if (target_table_find(table, name))
		return NULL;
	target = add(table, name);
	target->inherited = true;
	return target;
}

void target_table_forget_inherited(struct target_table *table, struct pair_budget *budget)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++) {
		if (table->items[i]->inherited)
			free_target(table->items[i], budget);
		else
			table->items[kept++] = table->items[i];
	}
	table->count = kept;
}
