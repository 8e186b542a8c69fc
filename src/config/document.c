/*
 * On libyaml's document API. What it leaves to its caller (all of it seen with 0.2.5):
 *
 * - Marks count from 0; errors of the reader (bytes that are no UTF-8, control characters) have
 *   an offset in bytes and no mark.
 * - Duplicate keys are fine with it, and `<<` is a key like any other.
 * - An alias is the same node again: a tree of aliases is walked exponentially often, and a
 *   node may contain itself. Hence the bounds on depth and on nodes visited.
 * - The scanner looks at every open bracket for each token: 200,000 of "[" take minutes. So the
 *   events, which arrive one by one, are looked at first, and a deep one ends it.
 * - A second document is only seen by those who ask for it.
 * - A byte order mark counts as a column, which breaks the indentation of the first line.
 */
#include "config/document.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/base64.h"
#include "base/memory.h"
#include "base/utf8.h"

#define DEPTH_MAX 32
#define NODES_MAX 100000
#define KEYS_MAX 1000
#define BINARY_TAG "tag:yaml.org,2002:binary"
#define TOO_MANY_KEYS "a mapping of more than 1000 keys"

struct composer {
	yaml_document_t *document;
	struct arena *arena;
	struct problems *problems;
	bool *open; /* by index of libyaml's nodes: those that contain the one at hand */
	size_t nodes; /* visited so far */
};

/* The pairs of a mapping while it grows. */
struct pairs {
	struct node *keys, *items;
	size_t count, keys_capacity, items_capacity;
};

static bool compose(struct composer *composer, int index, unsigned depth,
		    struct node *ret_node);

void node_complain(struct node *node, struct problems *problems, const char *format, ...)
{
	CLEANUP(text_deinit) struct text message = { 0 };
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&message, format, arguments);
	va_end(arguments);
	problems_add(problems, node->line, node->column, "%s", text_string(&message));
	node->is_bad = true;
}

const char *node_describe(const struct node *node)
{
	if (node->is_null)
		return "nothing";
	if (node->kind == NODE_SCALAR)
		return "a scalar";
	return node->kind == NODE_LIST ? "a list" : "a mapping";
}

const char *node_flaw(const struct node *scalar)
{
	if (strlen(scalar->text) != scalar->length)
		return "holds a NUL character";
	return utf8_is_valid(scalar->text, scalar->length) ? NULL :
							     "holds bytes that are no UTF-8";
}

struct node *node_get(const struct node *mapping, const char *key)
{
	for (size_t i = 0; mapping->kind == NODE_MAPPING && i < mapping->count; i++) {
		if (!strcmp(mapping->keys[i].text, key) && !mapping->items[i].is_null)
			return &mapping->items[i];
	}
	return NULL;
}

/* libyaml reads three kinds of line ends; columns are characters. */
static void add_at_offset(struct bytes yaml, size_t offset, const char *message,
			  struct problems *problems)
{
	unsigned line = 1, column = 1;
	bool valid;

	for (size_t at = 0; at < offset && at < yaml.length;) {
		bool is_end = yaml.data[at] == '\n' || yaml.data[at] == '\r';
		bool is_pair = at + 1 < yaml.length && !memcmp(yaml.data + at, "\r\n", 2);

		line += is_end;
		column = is_end ? 1 : column + 1;
		at += is_pair ? 2 : utf8_measure(yaml.data + at, yaml.length - at, &valid);
	}
	problems_add(problems, line, column, "%s", message);
}

/* A mark's index counts characters. */
static bool is_tab(struct bytes yaml, const yaml_parser_t *parser)
{
	size_t at = 0;
	bool valid;

	for (size_t i = 0; i < parser->problem_mark.index && at < yaml.length; i++)
		at += utf8_measure(yaml.data + at, yaml.length - at, &valid);
	return parser->error == YAML_SCANNER_ERROR && at < yaml.length &&
	       yaml.data[at] == '\t' &&
	       (strstr(parser->problem, "any token") || strstr(parser->problem, "tab"));
}

static void add_parser_problem(const yaml_parser_t *parser, struct bytes yaml,
			       struct problems *problems)
{
	unsigned line = (unsigned)parser->problem_mark.line + 1;
	unsigned column = (unsigned)parser->problem_mark.column + 1;

	if (parser->error == YAML_MEMORY_ERROR || !parser->problem)
		abort();
	if (parser->error == YAML_READER_ERROR)
		add_at_offset(yaml, parser->problem_offset, parser->problem, problems);
	else if (is_tab(yaml, parser))
		problems_add(problems, line, column, "a tab cannot indent, use spaces");
	else if (parser->context)
		problems_add(problems, line, column, "%s, %s (line %zu)", parser->problem,
			     parser->context, parser->context_mark.line + 1);
	else
		problems_add(problems, line, column, "%s", parser->problem);
}

static void add_at_mark(yaml_mark_t mark, const char *message, struct problems *problems)
{
	problems_add(problems, (unsigned)mark.line + 1, (unsigned)mark.column + 1, "%s",
		     message);
}

static void start(yaml_parser_t *parser, struct bytes yaml)
{
	if (!yaml_parser_initialize(parser))
		abort();
	yaml_parser_set_input_string(
		parser, (const unsigned char *)(yaml.length ? yaml.data : ""), yaml.length);
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
}

/* What one event changes: false when it is one too many. */
static bool event_is_fine(const yaml_event_t *event, unsigned *depth, unsigned *documents,
			  struct problems *problems)
{
	if (event->type == YAML_DOCUMENT_START_EVENT && (*documents)++) {
		add_at_mark(event->start_mark,
			    "a second document begins here, expected one document", problems);
		return false;
	}
	if (event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT)
		(*depth)--;
	if (event->type != YAML_SEQUENCE_START_EVENT && event->type != YAML_MAPPING_START_EVENT)
		return true;
	if (++*depth <= DEPTH_MAX)
		return true;
	add_at_mark(event->start_mark, "nested too deeply", problems);
	return false;
}

static bool check_events(struct bytes yaml, struct problems *problems)
{
	CLEANUP(yaml_parser_delete) yaml_parser_t parser;
	unsigned depth = 0, documents = 0;
	bool is_end = false, is_fine = true;

	start(&parser, yaml);
	while (!is_end && is_fine) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			add_parser_problem(&parser, yaml, problems);
			return false;
		}
		is_end = event.type == YAML_STREAM_END_EVENT;
		is_fine = event_is_fine(&event, &depth, &documents, problems);
		yaml_event_delete(&event);
	}
	return is_fine;
}

static bool is_null(const yaml_node_t *from)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		    !strcmp((const char *)from->data.scalar.value, words[i]))
			return true;
	}
	return false;
}

static bool decode(struct composer *composer, const yaml_node_t *from, struct text *into)
{
	struct bytes encoded = { (const char *)from->data.scalar.value,
				 from->data.scalar.length };

	if (base64_decode(encoded, into))
		return true;
	add_at_mark(from->start_mark, "is not base64, which !!binary says", composer->problems);
	return false;
}

static bool compose_scalar(struct composer *composer, const yaml_node_t *from,
			   struct node *ret_node)
{
	bool is_binary = from->tag && !strcmp((const char *)from->tag, BINARY_TAG);
	CLEANUP(text_deinit) struct text text = { 0 };

	if (is_binary && !decode(composer, from, &text))
		return false;
	if (!is_binary)
		text_append(&text, (const char *)from->data.scalar.value,
			    from->data.scalar.length);
	ret_node->is_null = !is_binary && is_null(from);
	ret_node->text = arena_copy(composer->arena, text_string(&text), text.length);
	ret_node->length = text.length;
	return true;
}

static bool compose_list(struct composer *composer, const yaml_node_t *from, unsigned depth,
			 struct node *ret_node)
{
	const yaml_node_item_t *item = from->data.sequence.items.start;
	size_t count = (size_t)(from->data.sequence.items.top - item);

	ret_node->items = arena_alloc(composer->arena, count, sizeof(*ret_node->items));
	ret_node->count = count;
	for (size_t i = 0; i < count; i++) {
		if (!compose(composer, item[i], depth + 1, &ret_node->items[i]))
			return false;
	}
	return true;
}

static const struct node *find_key(const struct pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (!strcmp(pairs->keys[i].text, key))
			return &pairs->keys[i];
	}
	return NULL;
}

static void append_pair(struct pairs *pairs, const struct node *key, const struct node *item)
{
	size_t at = pairs->count++;

	pairs->keys = memory_grow(pairs->keys, &pairs->keys_capacity, at + 1, sizeof(*key));
	pairs->items = memory_grow(pairs->items, &pairs->items_capacity, at + 1, sizeof(*item));
	pairs->keys[at] = *key;
	pairs->items[at] = *item;
}

static void free_pairs(const struct pairs *pairs)
{
	free(pairs->keys);
	free(pairs->items);
}

static bool is_merge(const yaml_document_t *document, int index)
{
	const yaml_node_t *key = yaml_document_get_node((yaml_document_t *)document, index);

	return key->type == YAML_SCALAR_NODE &&
	       key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       !strcmp((const char *)key->data.scalar.value, "<<");
}

static bool compose_pair(struct composer *composer, const yaml_node_pair_t *pair,
			 unsigned depth, struct pairs *pairs)
{
	struct node key, item;
	const struct node *first;
	const char *flaw;

	if (!compose(composer, pair->key, depth + 1, &key))
		return false;
	if (key.kind != NODE_SCALAR) {
		node_complain(&key, composer->problems, "a key is a word, not %s",
			      node_describe(&key));
		return false;
	}
	flaw = node_flaw(&key);
	if (flaw) {
		node_complain(&key, composer->problems, "%s", flaw);
		return false;
	}
	if (!compose(composer, pair->value, depth + 1, &item))
		return false;
	first = find_key(pairs, key.text);
	if (first)
		problems_add(composer->problems, key.line, key.column,
			     "duplicate key %s, first at %u:%u",
			     problem_quote(composer->arena, key.text), first->line,
			     first->column);
	else
		append_pair(pairs, &key, &item);
	return true;
}

/* What stands in the mapping itself wins over what is merged, the earlier over the later. */
static bool merge_mapping(struct composer *composer, struct node *from, struct pairs *pairs)
{
	if (from->kind != NODE_MAPPING) {
		node_complain(from, composer->problems,
			      "<< merges a mapping or a list of mappings, not %s",
			      node_describe(from));
		return false;
	}
	for (size_t i = 0; i < from->count; i++) {
		if (find_key(pairs, from->keys[i].text))
			continue;
		if (pairs->count == KEYS_MAX) {
			node_complain(from, composer->problems, TOO_MANY_KEYS);
			return false;
		}
		append_pair(pairs, &from->keys[i], &from->items[i]);
	}
	return true;
}

static bool merge(struct composer *composer, struct node *from, struct pairs *pairs)
{
	if (from->kind != NODE_LIST)
		return merge_mapping(composer, from, pairs);
	for (size_t i = 0; i < from->count; i++) {
		if (!merge_mapping(composer, &from->items[i], pairs))
			return false;
	}
	return true;
}

static bool compose_pairs(struct composer *composer, const yaml_node_t *from, unsigned depth,
			  struct pairs *pairs)
{
	const yaml_node_pair_t *pair, *top = from->data.mapping.pairs.top;

	for (pair = from->data.mapping.pairs.start; pair < top; pair++) {
		if (!is_merge(composer->document, pair->key) &&
		    !compose_pair(composer, pair, depth, pairs))
			return false;
	}
	for (pair = from->data.mapping.pairs.start; pair < top; pair++) {
		struct node merged;

		if (is_merge(composer->document, pair->key) &&
		    (!compose(composer, pair->value, depth + 1, &merged) ||
		     !merge(composer, &merged, pairs)))
			return false;
	}
	return true;
}

static bool compose_mapping(struct composer *composer, const yaml_node_t *from, unsigned depth,
			    struct node *ret_node)
{
	CLEANUP(free_pairs) struct pairs pairs = { 0 };

	if (from->data.mapping.pairs.top - from->data.mapping.pairs.start > KEYS_MAX) {
		add_at_mark(from->start_mark, TOO_MANY_KEYS, composer->problems);
		return false;
	}
	if (!compose_pairs(composer, from, depth, &pairs))
		return false;
	ret_node->count = pairs.count;
	ret_node->keys =
		arena_copy_array(composer->arena, pairs.keys, pairs.count, sizeof(*pairs.keys));
	ret_node->items = arena_copy_array(composer->arena, pairs.items, pairs.count,
					   sizeof(*pairs.items));
	return true;
}

/* Tags of YAML itself say nothing that the table of keys does not know better. */
static bool check_tag(const struct composer *composer, const yaml_node_t *from)
{
	const char *tag = (const char *)from->tag;

	if (!tag || !strcmp(tag, "!") || !strncmp(tag, "tag:yaml.org,2002:", 18))
		return true;
	problems_add(composer->problems, (unsigned)from->start_mark.line + 1,
		     (unsigned)from->start_mark.column + 1, "the tag %s means nothing here",
		     problem_quote(composer->arena, tag));
	return false;
}

static bool compose_kind(struct composer *composer, const yaml_node_t *from, unsigned depth,
			 struct node *ret_node)
{
	if (from->type == YAML_SCALAR_NODE)
		return compose_scalar(composer, from, ret_node);
	if (from->type == YAML_SEQUENCE_NODE) {
		ret_node->kind = NODE_LIST;
		return compose_list(composer, from, depth, ret_node);
	}
	ret_node->kind = NODE_MAPPING;
	return compose_mapping(composer, from, depth, ret_node);
}

static bool compose(struct composer *composer, int index, unsigned depth, struct node *ret_node)
{
	const yaml_node_t *from = yaml_document_get_node(composer->document, index);
	const char *refused = NULL;
	bool done;

	if (composer->open[index])
		refused = "an anchor whose value contains itself";
	else if (depth > DEPTH_MAX)
		refused = "nested too deeply";
	else if (++composer->nodes > NODES_MAX)
		refused = "more than 100000 values, those behind aliases counted each time";
	if (refused) {
		add_at_mark(from->start_mark, refused, composer->problems);
		return false;
	}
	*ret_node = (struct node){ .line = (unsigned)from->start_mark.line + 1,
				   .column = (unsigned)from->start_mark.column + 1 };
	composer->open[index] = true;
	done = check_tag(composer, from) && compose_kind(composer, from, depth, ret_node);
	composer->open[index] = false;
	return done;
}

static bool compose_document(yaml_document_t *document, struct arena *arena,
			     struct problems *problems, struct node *ret_root)
{
	size_t count = (size_t)(document->nodes.top - document->nodes.start);
	CLEANUP(memory_free_pointer) bool *open = memory_new(count + 1, sizeof(*open));
	struct composer composer = {
		.document = document, .arena = arena, .problems = problems, .open = open
	};

	if (!count) {
		*ret_root =
			(struct node){ .line = 1, .column = 1, .is_null = true, .text = "" };
		return true;
	}
	return compose(&composer, 1, 1, ret_root);
}

static bool load_document(struct bytes yaml, struct arena *arena, struct problems *problems,
			  struct node *ret_root)
{
	CLEANUP(yaml_parser_delete) yaml_parser_t parser;
	yaml_document_t document;
	bool done;

	start(&parser, yaml);
	if (!yaml_parser_load(&parser, &document)) {
		add_parser_problem(&parser, yaml, problems);
		return false;
	}
	done = compose_document(&document, arena, problems, ret_root);
	yaml_document_delete(&document);
	return done;
}

bool document_parse(struct bytes yaml, struct arena *arena, struct problems *problems,
		    struct node *ret_root)
{
	if (yaml.length >= 3 && !memcmp(yaml.data, "\xef\xbb\xbf", 3))
		yaml = (struct bytes){ yaml.data + 3, yaml.length - 3 };
	return check_events(yaml, problems) && load_document(yaml, arena, problems, ret_root);
}
