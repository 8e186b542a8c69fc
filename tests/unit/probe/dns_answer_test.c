#include "probe/dns_answer.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/text.h"
#include "test.h"

#define NOERROR "\x81\x80"
#define NXDOMAIN "\x81\x83"
#define SERVFAIL "\x81\x82"
/* Of a header: one question and so many records. */
#define COUNTS(records) "\0\1\0" records "\0\0\0\0"
#define QUESTION "\3www\7Example\3org\0\0\1\0\1"
#define WWW "\xc0\x0c" /* the question's name */
#define A "\0\1\0\1\0\0\0\x3c\0\4"
#define AAAA "\0\x1c\0\1\0\0\0\x3c\0\x10"
#define CNAME(length) "\0\5\0\1\0\0\0\x3c\0" length
#define MESSAGE(code, records, rest)    \
	"\x12\x34" code COUNTS(records) \
	QUESTION rest

static struct bytes literal(const char *data, size_t length)
{
	return (struct bytes){ data, length };
}

/* "10.0.0.1,10.0.0.2", "not found", "failed" */
static const char *read_as(struct bytes message, int family, struct text *text)
{
	/* In a block of its own, so that ASan sees what is read beyond it. */
	char *copy = malloc(message.length + 1);
	struct address addresses[4];
	size_t count = 0;
	enum dns_answer answer;

	memcpy(copy, message.data, message.length);
	answer = dns_answer_read(literal(copy, message.length), family, addresses,
				 ARRAY_LENGTH(addresses), &count);
	free(copy);
	text_clear(text);
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_append_char(text, ',');
		address_write(&addresses[i], text);
	}
	if (answer == DNS_ANSWER_NOT_FOUND)
		text_append_string(text, "not found");
	if (answer == DNS_ANSWER_FAILED)
		text_append_string(text, "failed");
	return text_string(text);
}

#define CHECK_ANSWER(message, family, expected)                                     \
	do {                                                                        \
		CLEANUP(text_deinit) struct text answer_text = { 0 };               \
		CHECK_EQ_STR(read_as(literal(message, sizeof(message) - 1), family, \
				     &answer_text),                                 \
			     expected);                                             \
	} while (0)

TEST(addresses_of_a_family)
{
	CHECK_ANSWER(MESSAGE(NOERROR, "\2", WWW A "\x0a\0\0\1" WWW A "\x0a\0\0\2"), AF_INET,
		     "10.0.0.1,10.0.0.2");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", WWW AAAA "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
		     AF_INET6, "2001:db8::1");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", WWW A "\x0a\0\0\1"), AF_INET6, "not found");
	CHECK_ANSWER(MESSAGE(NOERROR, "\0", ""), AF_INET, "not found");
}

TEST(what_the_server_says)
{
	CHECK_ANSWER(MESSAGE(NXDOMAIN, "\0", ""), AF_INET, "not found");
	CHECK_ANSWER(MESSAGE(SERVFAIL, "\0", ""), AF_INET, "failed");
	CHECK_ANSWER(MESSAGE("\x81\x86", "\0", ""), AF_INET, "failed");
	CHECK_ANSWER("\x12\x34" NOERROR "\0\0\0\0\0\0\0\0", AF_INET, "failed");
	CHECK_ANSWER("\x12\x34", AF_INET, "failed");
	CHECK_ANSWER("", AF_INET, "failed");
}

TEST(aliases_are_followed)
{
	CHECK_ANSWER(MESSAGE(NOERROR, "\3",
			     WWW CNAME("\4") "\1a\xc0\x10" /* a.example.org */
					     "\1A\xc0\x10" CNAME("\3") "\1b\0"
								       "\1b\0" A "\x0a\0\0\7"),
		     AF_INET, "10.0.0.7");
	/* Somebody else's address. */
	CHECK_ANSWER(MESSAGE(NOERROR, "\2", WWW CNAME("\3") "\1a\0" WWW A "\x0a\0\0\7"),
		     AF_INET, "not found");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", WWW CNAME("\3") "\1a\0"), AF_INET, "not found");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", WWW CNAME("\2") "\1a\0"), AF_INET, "failed");
}

TEST(a_loop_of_aliases_ends)
{
	CHECK_ANSWER(MESSAGE(NOERROR, "\3",
			     WWW CNAME("\3") "\1a\0"
					     "\1a\0" CNAME("\2") WWW "\1a\0" A "\x0a\0\0\7"),
		     AF_INET, "not found");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", WWW CNAME("\2") WWW), AF_INET, "not found");
}

TEST(names_that_lead_nowhere)
{
	/* To itself, to what comes after it, on and on, beyond the end. */
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", "\xc0\x21" A "\x0a\0\0\1"), AF_INET, "failed");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", "\xc0\x24" A "\x0a\0\0\1"), AF_INET, "failed");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", "\1a\xc0\x21" A "\x0a\0\0\1"), AF_INET, "failed");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", "\xff\xff" A "\x0a\0\0\1"), AF_INET, "failed");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", "\x40" A "\x0a\0\0\1"), AF_INET, "failed");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", "\xc0"), AF_INET, "failed");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", "\3ab"), AF_INET, "failed");
}

TEST(wrong_sizes)
{
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", WWW "\0\1\0\1\0\0\0\x3c\0\3\x0a\0\0"), AF_INET,
		     "not found");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", WWW "\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0"), AF_INET,
		     "failed");
	CHECK_ANSWER(MESSAGE(NOERROR, "\2", WWW A "\x0a\0\0\1" WWW), AF_INET, "failed");
	CHECK_ANSWER(MESSAGE(NOERROR, "\1", WWW "\0\1\0\3\0\0\0\x3c\0\4\x0a\0\0\1"), AF_INET,
		     "not found");
}

TEST(no_more_than_there_is_room_for)
{
	CHECK_ANSWER(MESSAGE(NOERROR, "\6",
			     WWW A "\x0a\0\0\1" WWW A "\x0a\0\0\2" WWW A "\x0a\0\0\3" WWW A
				   "\x0a\0\0\4" WWW A "\x0a\0\0\5" WWW A "\x0a\0\0\6"),
		     AF_INET, "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4");
}

TEST(a_long_name_is_none)
{
	CLEANUP(text_deinit) struct text message = { 0 }, answer = { 0 };
	static const char head[] = "\x12\x34" NOERROR COUNTS("\0");

	text_append(&message, head, sizeof(head) - 1);
	for (unsigned i = 0; i < 127; i++)
		text_append(&message, "\1a", 2);
	text_append(&message, "\0\0\1\0\1", 5);
	CHECK_EQ_STR(read_as(literal(message.data, message.length), AF_INET, &answer),
		     "not found");
	text_clear(&message);
	text_append(&message, head, sizeof(head) - 1);
	for (unsigned i = 0; i < 128; i++)
		text_append(&message, "\1a", 2);
	text_append(&message, "\0\0\1\0\1", 5);
	CHECK_EQ_STR(read_as(literal(message.data, message.length), AF_INET, &answer),
		     "failed");
}

TEST_MAIN()
