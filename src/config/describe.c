#include "config/describe.h"

#include "config/option.h"

static void describe_section(const struct section *section, const char *path,
			     struct text *text);

static void write_kind(struct text *text, const struct option *option)
{
	if (!option->choices)
		text_append_string(text, option_kind(option));
	if (option->word)
		text_printf(text, ", `%s`", option->word);
	if (!option->choices)
		return;
	for (const struct choice *choice = option->choices; choice->word; choice++)
		text_printf(text, "%s`%s`", choice == option->choices ? "" : ", ",
			    choice->word);
	if (option->type == OPTION_FLAGS || option->type == OPTION_WORDS)
		text_append_string(text, ", or a list of them");
}

static void write_fallback(struct text *text, const struct option *option)
{
	if (option->fallback)
		text_printf(text, " `%s`", option->fallback);
	else if (option->required)
		text_append_string(text, " required");
}

static void write_bounds(struct text *text, const struct option *option)
{
	if (option->between.minimum)
		text_printf(text, " `%s` to `%s`", option->between.minimum,
			    option->between.maximum);
}

static void describe_option(const struct option *option, const char *path, struct text *text)
{
	CLEANUP(text_deinit) struct text name = { 0 };

	text_printf(&name, "%s%s%s", path, *path ? "." : "", option->name);
	text_printf(text, "| `%s` | ", text_string(&name));
	write_kind(text, option);
	text_append_string(text, " |");
	write_fallback(text, option);
	text_append_string(text, " |");
	write_bounds(text, option);
	text_printf(text, " | %s |\n", option->help);
	if (option->type == OPTION_LIST)
		text_append_string(&name, "[]");
	if (option->type == OPTION_MAP)
		text_append_string(&name, ".<name>");
	if (option->section && option->type != OPTION_PAIRS)
		describe_section(option->section, text_string(&name), text);
}

static void describe_section(const struct section *section, const char *path, struct text *text)
{
	for (const struct option *option = section->options; option->name; option++)
		describe_option(option, path, text);
}

void describe_config(struct text *text)
{
	text_append_string(text, "| key | value | default | bounds | meaning |\n"
				 "|---|---|---|---|---|\n");
	describe_section(&schema_root, "", text);
}
