/*
 * Walks the table of keys, not the file: each key is looked up, and gets its default when it is
 * not there; then what is left in the file is unknown. Defaults, also those of nested sections
 * that are absent, go through the parser of the user's values, so a wrong one cannot ship.
 */
#include "config/load.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "config/check.h"
#include "config/dump.h"
#include "config/option.h"

#define FILE_BYTES_MAX ((size_t)1 << 20)
#define ELEMENTS_MAX 10000

struct loader {
	struct draft draft;
	struct problems problems;
	struct arena nodes; /* of the tree of the file */
	struct bytes directory; /* of the file, with the slash at its end */
	size_t regexes_capacity;
};

static void read_section(struct loader *loader, const struct section *section,
			 struct node *node, void *object);
static void read_option(struct loader *loader, const struct option *option, struct node *node,
			void *object);

static void *field_of(const struct option *option, void *object)
{
	return (char *)object + option->offset;
}

static void store_array(const struct option *option, void *object, void *items, size_t count)
{
	memcpy(field_of(option, object), &items, sizeof(items));
	memcpy((char *)object + option->count_offset, &count, sizeof(count));
}

static void own_regex(struct loader *loader, struct regex *regex)
{
	struct regex_list *list = &loader->draft.config.regexes;

	list->items = memory_grow(list->items, &loader->regexes_capacity, list->count + 1,
				  sizeof(regex));
	list->items[list->count++] = regex;
}

/* As Prometheus does: a configuration and its certificates move together. */
static void join_directory(struct loader *loader, const char **path)
{
	if (*path && **path != '/')
		*path = arena_printf(&loader->draft.config.arena, "%.*s%s",
				     (int)loader->directory.length, loader->directory.data,
				     *path);
}

/* From the file (then `node` is where) or a default (then it is NULL). */
static bool read_text(struct loader *loader, const struct option *option, const char *text,
		      struct node *node, void *field)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	int r = option_read(option, text, &loader->draft.config.arena, field, &err);

	assert(node || !r);
	if (r < 0)
		node_complain(node, &loader->problems, "%s: %s", option->name,
			      error_string(&err));
	else if (option->type == OPTION_REGEX || option->type == OPTION_REGEXES)
		own_regex(loader, *(struct regex **)field);
	else if (option->type == OPTION_FILE || option->type == OPTION_FILES)
		join_directory(loader, field);
	return !r;
}

static void expect(struct loader *loader, const struct option *option, struct node *node)
{
	node_complain(node, &loader->problems, "%s: expected %s%s%s, found %s", option->name,
		      option_kind(option), option->word ? " or " : "",
		      option->word ? option->word : "", node_describe(node));
}

static bool is_scalar(struct loader *loader, const struct option *option, struct node *node)
{
	if (node->kind == NODE_SCALAR && !node->is_null)
		return true;
	expect(loader, option, node);
	return false;
}

static bool read_scalar(struct loader *loader, const struct option *option, struct node *node,
			void *field)
{
	const char *flaw;

	if (!is_scalar(loader, option, node))
		return false;
	flaw = node_flaw(node);
	if (flaw)
		node_complain(node, &loader->problems, "%s: %s", option->name, flaw);
	return !flaw && read_text(loader, option, node->text, node, field);
}

static void read_bytes(struct loader *loader, const struct option *option, struct node *node,
		       void *object)
{
	if (node && is_scalar(loader, option, node) && node->length)
		store_array(option, object,
			    arena_copy(&loader->draft.config.arena, node->text, node->length),
			    node->length);
}

static bool read_flag(struct loader *loader, const struct option *option, struct node *node,
		      void *object)
{
	int offset = 0;
	bool is_fine = node ? read_scalar(loader, option, node, &offset) :
			      read_text(loader, option, option->fallback, NULL, &offset);

	if (is_fine)
		*((bool *)object + offset) = true;
	return is_fine;
}

static void read_flags(struct loader *loader, const struct option *option, struct node *node,
		       void *object)
{
	bool is_list = node && node->kind == NODE_LIST;

	for (size_t i = 0; is_list && i < node->count; i++)
		node->is_bad |= !read_flag(loader, option, &node->items[i], object);
	if (!is_list || !node->count)
		read_flag(loader, option, is_list ? NULL : node, object);
}

static void read_single(struct loader *loader, const struct option *option, struct node *node,
			void *object)
{
	alignas(max_align_t) unsigned char nowhere[64];
	void *field = option->has_no_field ? nowhere : field_of(option, object);

	if (option->fallback)
		read_text(loader, option, option->fallback, NULL, field);
	if (node)
		read_scalar(loader, option, node, field);
}

/* The items of a list, or the thing itself. An empty list is as good as none. */
static void read_array(struct loader *loader, const struct option *option, struct node *node,
		       void *object)
{
	bool is_list = node && node->kind == NODE_LIST;
	size_t count = is_list ? node->count : 1, size = option_element_size(option);
	struct node *items = is_list ? node->items : node;
	char *array;

	if (!count || !node) {
		if (!option->fallback)
			return;
		array = arena_alloc(&loader->draft.config.arena, 1, size);
		read_text(loader, option, option->fallback, NULL, array);
		store_array(option, object, array, 1);
		return;
	}
	array = arena_alloc(&loader->draft.config.arena, count, size);
	for (size_t i = 0; i < count; i++)
		node->is_bad |= !read_scalar(loader, option, &items[i], array + i * size);
	store_array(option, object, array, node->is_bad ? 0 : count);
}

static void read_list(struct loader *loader, const struct option *option, struct node *node,
		      void *object)
{
	bool is_list = node && node->kind == NODE_LIST;
	size_t count = is_list ? node->count : !!node, size = option_element_size(option);
	struct node *items = is_list ? node->items : node;
	char *array;

	if (node && node->kind == NODE_SCALAR) {
		expect(loader, option, node);
		return;
	}
	if (count > ELEMENTS_MAX) {
		node_complain(node, &loader->problems, "%s: a list of more than %d",
			      option->name, ELEMENTS_MAX);
		return;
	}
	array = arena_alloc(&loader->draft.config.arena, count, size);
	for (size_t i = 0; i < count; i++)
		read_section(loader, option->section, &items[i], array + i * size);
	store_array(option, object, array, count);
}

static void read_map(struct loader *loader, const struct option *option, struct node *node,
		     void *object)
{
	size_t size = option_element_size(option);
	char *array;

	if (!node)
		return;
	if (node->kind != NODE_MAPPING) {
		expect(loader, option, node);
		return;
	}
	array = arena_alloc(&loader->draft.config.arena, node->count, size);
	for (size_t i = 0; i < node->count; i++) {
		char *element = array + i * size;

		read_single(loader, option->key, &node->keys[i], element);
		if (option->type == OPTION_PAIRS)
			read_option(loader, option->section->options, &node->items[i], element);
		else
			read_section(loader, option->section, &node->items[i], element);
	}
	store_array(option, object, array, node->count);
}

static void read_struct(struct loader *loader, const struct option *option, struct node *node,
			char *object)
{
	if (node && option->word && node->kind == NODE_SCALAR &&
	    !strcmp(node->text, option->word)) {
		*((bool *)(object + option->word_offset)) = true;
		node = NULL;
	} else if (node && node->kind != NODE_MAPPING) {
		expect(loader, option, node);
	}
	read_section(loader, option->section, node, object);
}

static void read_option(struct loader *loader, const struct option *option, struct node *node,
			void *object)
{
	switch (option->type) {
	case OPTION_ANYTHING:
		return;
	case OPTION_SECTION:
		read_struct(loader, option, node, field_of(option, object));
		return;
	case OPTION_BYTES:
		read_bytes(loader, option, node, object);
		return;
	case OPTION_FLAGS:
		read_flags(loader, option, node, object);
		return;
	case OPTION_LIST:
		read_list(loader, option, node, object);
		return;
	case OPTION_MAP:
	case OPTION_PAIRS:
		read_map(loader, option, node, object);
		return;
	default:
		if (option_element_size(option))
			read_array(loader, option, node, object);
		else
			read_single(loader, option, node, object);
	}
}

static void list_keys(const struct section *section, struct text *text)
{
	for (const struct option *option = section->options; option->name; option++)
		text_printf(text, "%s%s",
			    option == section->options ? ", expected " :
			    option[1].name	       ? ", " :
							 " or ",
			    option->name);
}

static void complain_unknown(struct loader *loader, const struct section *section,
			     struct node *key)
{
	CLEANUP(text_deinit) struct text expected = { 0 };
	struct nearest nearest;

	nearest_init(&nearest, key->text);
	for (const struct option *option = section->options; option->name; option++)
		nearest_offer(&nearest, option->name);
	if (nearest.found)
		text_printf(&expected, ", did you mean \"%s\"?", nearest.found);
	else
		list_keys(section, &expected);
	node_complain(key, &loader->problems, "unknown key %s in %s%s",
		      problem_quote(&loader->nodes, key->text), section->noun,
		      text_string(&expected));
}

static bool has_option(const struct section *section, const char *name)
{
	for (const struct option *option = section->options; option->name; option++) {
		if (!strcmp(option->name, name))
			return true;
	}
	return false;
}

static void check_keys(struct loader *loader, const struct section *section, struct node *node)
{
	for (size_t i = 0; i < node->count; i++) {
		if (!has_option(section, node->keys[i].text))
			complain_unknown(loader, section, &node->keys[i]);
	}
	for (const struct option *option = section->options; option->name; option++) {
		if (option->required && !node_get(node, option->name))
			node_complain(node, &loader->problems, "%s without \"%s\"",
				      section->noun, option->name);
	}
}

/* `node` is NULL where the section is absent. */
static void read_section(struct loader *loader, const struct section *section,
			 struct node *node, void *object)
{
	if (node && node->kind != NODE_MAPPING && !node->is_bad)
		node_complain(node, &loader->problems, "%s is a mapping, found %s",
			      section->noun, node_describe(node));
	if (node && node->kind != NODE_MAPPING)
		node = NULL;
	for (const struct option *option = section->options; option->name; option++)
		read_option(loader, option, node ? node_get(node, option->name) : NULL, object);
	if (node)
		check_keys(loader, section, node);
}

static bool has_module(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->module_count; i++) {
		if (config->modules[i].name && !strcmp(config->modules[i].name, name))
			return true;
	}
	return false;
}

static void add_own_modules(struct loader *loader)
{
	struct config *config = &loader->draft.config;
	struct module_config *modules;
	size_t count = config->module_count;
	struct node own;
	bool is_fine = document_parse(bytes_from_string(schema_modules), &loader->nodes,
				      &loader->problems, &own);

	assert(is_fine);
	modules = arena_alloc(&config->arena, count + own.count, sizeof(*modules));
	if (count)
		memcpy(modules, config->modules, count * sizeof(*modules));
	for (size_t i = 0; i < own.count; i++) {
		if (has_module(config, own.keys[i].text))
			continue;
		modules[count].name = arena_copy_string(&config->arena, own.keys[i].text);
		read_section(loader, &schema_module, &own.items[i], &modules[count++]);
	}
	config->modules = modules;
	config->module_count = count;
}

static void complete_modules(struct config *config)
{
	for (size_t i = 0; i < config->module_count; i++)
		module_complete(&config->modules[i], &config->arena);
}

static void dump_modules(struct config *config)
{
	for (size_t i = 0; i < config->module_count; i++) {
		CLEANUP(text_deinit) struct text text = { 0 };

		dump_module(&config->modules[i], &text);
		config->modules[i].dump = arena_copy_string(&config->arena, text_string(&text));
	}
}

static void read_root(struct loader *loader, struct bytes yaml)
{
	struct config *config = &loader->draft.config;
	struct node root;

	if (!document_parse(yaml, &loader->nodes, &loader->problems, &root)) {
		assert(loader->problems.count);
		return;
	}
	read_section(loader, &schema_root, root.is_null ? NULL : &root, &loader->draft);
	loader->draft.config.has_modules = loader->draft.config.module_count > 0;
	add_own_modules(loader);
	complete_modules(config);
	check_draft(&loader->draft, &root, &loader->problems);
	if (!loader->problems.count)
		dump_modules(config);
}

int config_parse(const char *name, struct bytes yaml, struct config **ret_config,
		 struct error *err)
{
	struct config *config = memory_new(1, sizeof(*config));
	const char *slash = strrchr(name, '/');
	struct loader loader = { .problems.file = name,
				 .directory = { name,
						slash ? (size_t)(slash + 1 - name) : 0 } };
	int r = 0;

	read_root(&loader, yaml);
	*config = loader.draft.config;
	if (loader.problems.count) {
		problems_write(&loader.problems, err);
		config_free(config);
		r = -EINVAL;
	} else {
		*ret_config = config;
	}
	problems_deinit(&loader.problems);
	arena_deinit(&loader.nodes);
	return r;
}

int config_load(const char *path, struct config **ret_config, struct error *err)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	int r = file_read(AT_FDCWD, path, FILE_BYTES_MAX, &text);

	if (r == -EFBIG)
		return error_set(err, r, "%s: larger than 1 MiB", path);
	if (r < 0)
		return error_set(err, r, "%s: cannot be read: %s", path, strerror(-r));
	return config_parse(path, (struct bytes){ text.data, text.length }, ret_config, err);
}

struct config *config_default(void)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct config *config = NULL;
	int r = config_parse("defaults", bytes_from_string(""), &config, &err);

	assert(!r);
	return config;
}
