#include "config/checker.h"

struct node *checker_element(struct node *list, size_t index)
{
	return list->kind == NODE_LIST ? &list->items[index] : list;
}

const char *checker_quote(struct checker *checker, const char *text)
{
	return problem_quote(&checker->draft->config.arena, text);
}

struct node *checker_given(const struct node *mapping, const char *key)
{
	struct node *node = node_get(mapping, key);

	return node && node->kind == NODE_SCALAR && !node->length ? NULL : node;
}

void checker_exclude(struct checker *checker, const struct node *mapping,
		     const char *const *keys)
{
	const char *first = NULL;

	for (; *keys; keys++) {
		struct node *node = checker_given(mapping, *keys);

		if (node && first)
			node_complain(node, checker->problems,
				      "%s: excludes %s, which is given already", *keys, first);
		else if (node)
			first = *keys;
	}
}

bool checker_has_bad_item(const struct node *mapping)
{
	bool is_bad = mapping->is_bad;

	for (size_t i = 0; mapping->kind == NODE_MAPPING && i < mapping->count; i++)
		is_bad |= mapping->items[i].is_bad || mapping->keys[i].is_bad;
	return is_bad;
}
