/*
 * What the parts of check.c share. A problem is told where it stands, so the nodes are at hand
 * beside what was read from them; what load.c complained about is marked bad there, and is not
 * judged a second time.
 */
#pragma once

#include "config/document.h"
#include "config/schema.h"

struct checker {
	struct draft *draft;
	const struct node *root;
	struct problems *problems;
};

/* The node of an element that load.c read: a list may be written as its only item. */
struct node *checker_element(struct node *list, size_t index);

/* Fit for a message, see problem_quote(). */
const char *checker_quote(struct checker *checker, const char *text);

/* The value of a key, unless it is an empty text: that is as good as none. */
struct node *checker_given(const struct node *mapping, const char *key);

/* Complains when more than one of these keys is given; NULL ends them. */
void checker_exclude(struct checker *checker, const struct node *mapping,
		     const char *const *keys);

bool checker_has_bad_item(const struct node *mapping);

/* Of the modules, in check_module.c: to be called when the rest of the file is read. */
void check_modules(struct checker *checker);

/* Of a destination, which stands at `node`, in check_probe.c: its probe. */
void check_probe(struct checker *checker, struct node *node,
		 struct destination_config *destination);
