#include "config/document.h"

#include "parsing.h"

TEST(empty_files_are_the_defaults)
{
	CHECK_COMPLAINTS("", "");
	CHECK_COMPLAINTS("\n\n", "");
	CHECK_COMPLAINTS("# a comment\n   # and another\n", "");
	CHECK_COMPLAINTS("---\n", "");
	CHECK_COMPLAINTS("---\n...\n", "");
	CHECK_COMPLAINTS("~", "");
	CHECK_COMPLAINTS("{}", "");
	CHECK_COMPLAINTS("%YAML 1.1\n---\ncollect: {}\n", "");
}

TEST(sections_without_a_value_are_as_if_they_were_not_there)
{
	PARSED(config, "collect:\ntargets: ~\ndestinations: null\ndetect: { idle_after: }\n");
	CHECK_EQ_DBL(config->detect.idle_after, 30);
	CHECK_EQ_U64(config->target_count, 0);
}

TEST(the_file_is_a_mapping)
{
	CHECK_COMPLAINTS("- a\n", "f:1:1: the file is a mapping, found a list");
	CHECK_COMPLAINTS("\n  word\n", "f:2:3: the file is a mapping, found a scalar");
	CHECK_COMPLAINTS("\"\"\n", "f:1:1: the file is a mapping, found a scalar");
}

TEST(syntax_errors_have_their_place)
{
	CHECK_COMPLAINTS("collect:\n  interval: 5s\n sockets: auto\n",
			 "f:3:2: did not find expected key, while parsing a block mapping "
			 "(line 1)");
	CHECK_COMPLAINTS("targets: [\n  {name: a\n",
			 "f:3:1: did not find expected ',' or '}', while parsing a flow "
			 "mapping (line 2)");
	CHECK_COMPLAINTS("collect: \"5s\n",
			 "f:2:1: found unexpected end of stream, while scanning a quoted "
			 "scalar (line 1)");
	CHECK_COMPLAINTS("collect: *nowhere\n", "f:1:10: found undefined alias");
}

TEST(tabs_that_indent_are_called_tabs)
{
	CHECK_COMPLAINTS("collect:\n\tinterval: 5s\n",
			 "f:2:1: a tab cannot indent, use spaces");
	CHECK_COMPLAINTS("# ä€\ncollect:\n  interval: 5s\n\tsockets: auto\n",
			 "f:4:1: a tab cannot indent, use spaces");
	CHECK_COMPLAINTS("collect:\t{ interval: 5s }\t# fine\n", "");
}

TEST(a_second_document_is_refused)
{
	CHECK_COMPLAINTS("collect: {}\n---\ndetect: {}\n",
			 "f:2:1: a second document begins here, expected one document");
	CHECK_COMPLAINTS("---\n---\n",
			 "f:2:1: a second document begins here, expected one document");
	CHECK_COMPLAINTS("collect: {}\n...\n", "");
}

TEST(bytes_that_are_no_utf8_have_their_place)
{
	CHECK_COMPLAINTS("collect: {}\n# gr\xfc\xdf\n", "f:2:5: invalid leading UTF-8 octet");
	CHECK_COMPLAINTS("# ä€\n# ä€: \xc3(\n", "f:2:8: invalid trailing UTF-8 octet");
	CHECK_COMPLAINTS("a\r\nb\rc\xe2\x82", "f:3:2: incomplete UTF-8 octet sequence");
	CHECK_COMPLAINTS("\xff\xfe"
			 "a",
			 "f:1:1: invalid leading UTF-8 octet");
}

TEST(nul_and_control_characters_are_refused)
{
	CHECK_COMPLAINTS_OF(LITERAL("collect:\n  in\0terval: 5s\n"),
			    "f:2:5: control characters are not allowed");
	CHECK_COMPLAINTS_OF(LITERAL("collect: {}\n\0"),
			    "f:2:1: control characters are not allowed");
	CHECK_COMPLAINTS("collect: \x1b[31m\n", "f:1:10: control characters are not allowed");
	CHECK_COMPLAINTS("collect: { interval: \"5s\\0\" }\n",
			 "f:1:22: interval: holds a NUL character");
	CHECK_COMPLAINTS("\"coll\\0ect\": {}\n", "f:1:1: holds a NUL character");
}

TEST(a_byte_order_mark_is_skipped)
{
	CHECK_COMPLAINTS("\xef\xbb\xbf"
			 "collect:\n  interval: 5s\ndetect: {}\n",
			 "");
	CHECK_COMPLAINTS(
		"\xef\xbb\xbf"
		"colect: {}\n",
		"f:1:1: unknown key \"colect\" in the file, did you mean \"collect\"?");
}

TEST(any_line_end_will_do)
{
	CHECK_COMPLAINTS("collect:\r\n  interval: 5s\r\n  sockets: auto\r\n", "");
	CHECK_COMPLAINTS("collect:\r\n\r\n  intervall: 5s\r\n",
			 "f:3:3: unknown key \"intervall\" in collect, did you mean "
			 "\"interval\"?");
}

TEST(no_bytes_at_all_are_an_empty_file)
{
	CHECK_COMPLAINTS_OF(((struct bytes){ NULL, 0 }), "");
}

TEST(duplicate_keys_name_the_first_one)
{
	CHECK_COMPLAINTS("collect: {}\ndetect: {}\ncollect: {}\n",
			 "f:3:1: duplicate key \"collect\", first at 1:1");
	CHECK_COMPLAINTS("collect:\n  interval: 1s\n  interval: 2s\n  interval: 3s\n",
			 "f:3:3: duplicate key \"interval\", first at 2:3\n"
			 "f:4:3: duplicate key \"interval\", first at 2:3");
	CHECK_COMPLAINTS("collect: { \"interval\": 1s, interval: 1s }\n",
			 "f:1:28: duplicate key \"interval\", first at 1:12");
}

TEST(keys_are_words)
{
	CHECK_COMPLAINTS("[a]: 1\n", "f:1:1: a key is a word, not a list");
	CHECK_COMPLAINTS("? { a: b }\n: 1\n", "f:1:3: a key is a word, not a mapping");
}

TEST(tags_are_refused_unless_they_are_yaml_s_own)
{
	CHECK_COMPLAINTS("collect: { interval: !secret 5s }\n",
			 "f:1:22: the tag \"!secret\" means nothing here");
	CHECK_COMPLAINTS("limits: !!map { max_pairs: !!int 5, max_series: ! 6 }\n", "");
}

TEST(aliases_stand_for_what_they_name)
{
	PARSED(config, "detect: { idle_after: &time 10s, waiting_after: *time }\n");
	CHECK_EQ_DBL(config->detect.waiting_after, 10);
}

TEST(a_mistake_behind_two_aliases_is_shown_once)
{
	CHECK_COMPLAINTS("targets:\n"
			 "  - { name: a, match: &m { pidd: 1 } }\n"
			 "  - { name: b, match: *m }\n",
			 "f:2:28: unknown key \"pidd\" in a match, did you mean \"pid\"?");
}

TEST(merge_keys_give_way_to_what_is_there)
{
	PARSED(config, "destinations:\n"
		       "  - { name: a, port: 1, probe: &p { url: 'http://a', interval: 1s } }\n"
		       "  - { name: b, port: 2, probe: { <<: *p, url: 'http://b' } }\n"
		       "  - { name: c, port: 3, probe: { interval: 7s, "
		       "<<: [ *p, { timeout: 2s, interval: 9s } ] } }\n");
	CHECK_EQ_STR(config->destinations[1].probe.url, "http://b");
	CHECK_EQ_DBL(config->destinations[1].probe.interval, 1);
	CHECK_EQ_STR(config->destinations[2].probe.url, "http://a");
	CHECK_EQ_DBL(config->destinations[2].probe.interval, 7);
	CHECK_EQ_DBL(config->destinations[2].probe.timeout, 2);
}

TEST(merge_keys_need_mappings)
{
	CHECK_COMPLAINTS("collect: { <<: 5s }\n",
			 "f:1:16: << merges a mapping or a list of mappings, not a scalar");
	CHECK_COMPLAINTS("collect: { <<: [ {}, 5s ] }\n",
			 "f:1:22: << merges a mapping or a list of mappings, not a scalar");
	CHECK_COMPLAINTS("collect: { <<: [ [] ] }\n",
			 "f:1:18: << merges a mapping or a list of mappings, not a list");
	CHECK_COMPLAINTS("collect: { \"<<\": {} }\n",
			 "f:1:12: unknown key \"<<\" in collect, expected interval, sockets or "
			 "events");
}

TEST(an_anchor_in_its_own_value_is_refused)
{
	CHECK_COMPLAINTS("collect: &a { interval: *a }\n",
			 "f:1:10: an anchor whose value contains itself");
	CHECK_COMPLAINTS("targets: &a\n  - [ *a ]\n",
			 "f:1:10: an anchor whose value contains itself");
	CHECK_COMPLAINTS("collect: &a { <<: *a }\n",
			 "f:1:10: an anchor whose value contains itself");
}

TEST(alias_bombs_do_not_go_off)
{
	CLEANUP(text_deinit) struct text bomb = { 0 };

	text_append_string(&bomb, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 9; i++)
		text_printf(&bomb, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n",
			    i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
			    i - 1);
	CHECK_COMPLAINTS(text_string(&bomb),
			 "f:1:20: more than 100000 values, those behind aliases counted "
			 "each time");
}

static void append_repeated(struct text *text, const char *piece, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		text_append_string(text, piece);
}

/* With libyaml alone the first takes a minute. */
TEST(depth_is_bounded)
{
	CLEANUP(text_deinit) struct text flow = { 0 }, block = { 0 }, mappings = { 0 };

	append_repeated(&flow, "[", 200000);
	CHECK_COMPLAINTS(text_string(&flow), "f:1:33: nested too deeply");
	append_repeated(&block, "- ", 200000);
	CHECK_COMPLAINTS(text_string(&block), "f:1:65: nested too deeply");
	append_repeated(&mappings, "{a: ", 200000);
	CHECK_COMPLAINTS(text_string(&mappings), "f:1:129: nested too deeply");
}

TEST(depth_is_bounded_behind_aliases_too)
{
	CHECK_COMPLAINTS("a: &a [[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]\n"
			 "b: [[[[[[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]]]]]\n",
			 "f:1:18: nested too deeply");
}

TEST(mappings_are_bounded)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	text_append_string(&text, "modules:\n");
	for (int i = 0; i <= 1000; i++)
		text_printf(&text, "  m%d: { prober: tcp }\n", i);
	CHECK_COMPLAINTS(text_string(&text), "f:2:3: a mapping of more than 1000 keys");
}

TEST(mappings_are_bounded_after_merging_too)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	text_append_string(&text, "a: &a { ");
	for (int i = 0; i < 600; i++)
		text_printf(&text, "a%d: , ", i);
	text_append_string(&text, "}\nb: &b { ");
	for (int i = 0; i < 600; i++)
		text_printf(&text, "b%d: , ", i);
	text_append_string(&text, "}\nmodules: { <<: [ *a, *b ] }\n");
	CHECK_COMPLAINTS(text_string(&text), "f:2:4: a mapping of more than 1000 keys");
}

TEST(positions_count_characters)
{
	struct arena arena = { 0 };
	struct problems problems = { .file = "f" };
	struct node root, *value;

	REQUIRE(document_parse(bytes_from_string("ä: { ö: x }\n'b': y\n"), &arena, &problems,
			       &root));
	value = node_get(&root, "ä");
	REQUIRE(value);
	CHECK_EQ_INT(value->line, 1);
	CHECK_EQ_INT(value->column, 4);
	value = node_get(value, "ö");
	REQUIRE(value);
	CHECK_EQ_STR(value->text, "x");
	CHECK_EQ_INT(value->column, 9);
	CHECK_EQ_INT(root.keys[1].line, 2);
	CHECK_EQ_INT(root.keys[1].column, 1);
	CHECK(!node_get(&root, "c"));
	arena_deinit(&arena);
	problems_deinit(&problems);
}

TEST_MAIN()
