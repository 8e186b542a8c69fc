/*
 * YAML text → a tree of nodes that know where they stood. Aliases and merge keys (`<<`) are
 * resolved, so whoever reads the tree sees mappings, lists and scalars only.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "config/problem.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAPPING };

struct node {
	enum node_kind kind;
	unsigned line, column; /* from 1, in characters */
	bool is_null; /* nothing, ~ or null, not quoted: as if it was not there */
	bool is_bad; /* a problem with it was reported already */
	const char *text; /* NODE_SCALAR: UTF-8, but of !!binary, which is decoded, any bytes */
	size_t length; /* of text: a value may hold NULs, a key never does */
	struct node *keys; /* NODE_MAPPING: scalars, no two alike */
	struct node *items; /* of a mapping its values */
	size_t count;
};

/*
 * False when there is no tree: a problem was added. Duplicate keys add a problem too, but leave
 * a tree, with the first of them. No text, or only comments, is a null scalar.
 */
bool document_parse(struct bytes yaml, struct arena *arena, struct problems *problems,
		    struct node *ret_root) MUST_CHECK;

/* The value of a key, or NULL when it is not there or null, or `mapping` is none. */
struct node *node_get(const struct node *mapping, const char *key);

/* Adds a problem at the node, and marks it. */
void node_complain(struct node *node, struct problems *problems, const char *format, ...)
	PRINTF(3, 4);

/* What keeps a scalar from being text: "holds a NUL character"; NULL: nothing. */
const char *node_flaw(const struct node *scalar);

/* "a scalar", "a list", "a mapping", "nothing": what the user wrote there. */
const char *node_describe(const struct node *node);
