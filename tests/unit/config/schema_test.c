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

static bool has_words(enum option_type type)
{
	return type == OPTION_CHOICE || type == OPTION_FLAGS || type == OPTION_WORD ||
	       type == OPTION_WORDS;
}

static void check_shape(const struct section *section, const struct option *option)
{
	bool is_map = option->type == OPTION_MAP || option->type == OPTION_PAIRS;
	bool is_nested = is_map || option->type == OPTION_SECTION ||
			 option->type == OPTION_LIST;
	bool has_count = option_element_size(option) || option->type == OPTION_BYTES;

	CHECK(is_nested == (option->section != NULL));
	CHECK(is_map == (option->key != NULL));
	CHECK(has_words(option->type) == (option->choices != NULL));
	CHECK(is_number(option->type) == (option->between.minimum != NULL));
	CHECK(!option->required || !option->fallback);
	CHECK(option->has_no_field ? !option->offset : option->offset < section->size);
	CHECK(has_count ? option->count_offset > option->offset : !option->count_offset);
	CHECK(!option->word || option->type == OPTION_SECTION);
	CHECK(option->type != OPTION_ANYTHING || option->has_no_field);
	CHECK(option_kind(option) != NULL);
}

TEST(rows_are_complete)
{
	walk(&schema_root, check_shape);
}

static void check_pairs(const struct section *section, const struct option *option)
{
	(void)section;
	if (option->type != OPTION_PAIRS)
		return;
	CHECK(option->section->options[0].name && !option->section->options[1].name);
	CHECK(option->key->offset < option->section->size);
}

TEST(a_pair_has_one_value)
{
	walk(&schema_root, check_pairs);
}

/* What may be a secret by its name is one, or says where one stands. */
static void check_secret(const struct section *section, const struct option *option)
{
	static const char *const words[] = { "password", "credentials", "secrets",
					     "bearer_token", "key" };

	(void)section;
	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (!strcmp(option->name, words[i]))
			CHECK(option->is_secret);
	}
}

TEST(secrets_are_marked)
{
	walk(&schema_root, check_secret);
}

static void check_old_name(const struct section *section, const struct option *option)
{
	bool is_found = !option->replaced_by;

	for (const struct option *other = section->options; other->name; other++)
		is_found |= option->replaced_by && !strcmp(other->name, option->replaced_by);
	CHECK(is_found);
}

TEST(old_names_stand_beside_their_successors)
{
	walk(&schema_root, check_old_name);
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
