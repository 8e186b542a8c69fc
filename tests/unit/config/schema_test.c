#include "config/schema.h"

#include <stdalign.h>
#include <stddef.h>

#include "config/option.h"
#include "test.h"

/* Calls visit() for every key of the file. */
static void walk(const struct section *section,
		 void (*visit)(const struct section *section, const struct option *option))
{
	for (const struct option *option = section->options; option->name; option++) {
		visit(section, option);
		if (option->section)
			walk(option->section, visit);
	}
}

static void check_read(const struct option *option, const char *text)
{
	alignas(max_align_t) unsigned char field[64];
	struct arena arena = { 0 };
	struct error err = { 0 };

	CHECK_EQ_INT(option_read(option, text, &arena, field, &err), 0);
	CHECK_EQ_STR(error_string(&err), "");
	error_deinit(&err);
	arena_deinit(&arena);
}

static void check_values(const struct section *section, const struct option *option)
{
	(void)section;
	if (option->fallback)
		check_read(option, option->fallback);
	CHECK(!option->between.minimum == !option->between.maximum);
	if (option->between.minimum) {
		check_read(option, option->between.minimum);
		check_read(option, option->between.maximum);
	}
	for (const struct choice *choice = option->choices; choice && choice->word; choice++)
		check_read(option, choice->word);
}

TEST(defaults_and_bounds_go_through_the_parser_of_the_user)
{
	walk(&schema_root, check_values);
}

static bool is_number(enum option_type type)
{
	return type == OPTION_COUNT || type == OPTION_PID || type == OPTION_PORT ||
	       type == OPTION_SIZE || type == OPTION_DURATION;
}

static void check_shape(const struct section *section, const struct option *option)
{
	bool is_nested = option->type == OPTION_SECTION || option->type == OPTION_LIST ||
			 option->type == OPTION_MAP;
	size_t size = option_element_size(option);

	CHECK(is_nested == (option->section != NULL));
	CHECK((option->type == OPTION_CHOICE) == (option->choices != NULL));
	CHECK(is_number(option->type) == (option->between.minimum != NULL));
	CHECK(!option->required || !option->fallback);
	CHECK(option->has_no_field ? !option->offset : option->offset < section->size);
	CHECK(size ? option->count_offset > option->offset : !option->count_offset);
	CHECK(option_kind(option) != NULL);
}

TEST(rows_are_complete)
{
	walk(&schema_root, check_shape);
}

static void check_help(const struct section *section, const struct option *option)
{
	size_t length = option->help ? strlen(option->help) : 0;

	(void)section;
	REQUIRE(length > 0);
	if (option->help[length - 1] != '.' || strchr(option->help, '\n'))
		printf("# %s\n", option->name);
	CHECK_EQ_INT(option->help[length - 1], '.');
	CHECK(!strchr(option->help, '\n'));
}

TEST(help_is_sentences)
{
	walk(&schema_root, check_help);
}

static void check_name(const struct section *section, const struct option *option)
{
	CHECK_EQ_U64(strspn(option->name, "abcdefghijklmnopqrstuvwxyz_0123456789"),
		     strlen(option->name));
	for (const struct option *other = section->options; other < option; other++)
		CHECK(strcmp(other->name, option->name) != 0);
}

TEST(names_are_words_and_unique)
{
	walk(&schema_root, check_name);
}

TEST_MAIN()
