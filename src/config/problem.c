#include "config/problem.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

#define SHOWN_MAX 20
/* In bytes. */
#define MESSAGE_MAX 400
#define QUOTED_MAX 60

struct problem {
	unsigned line, column;
	char *message;
};

void problems_deinit(struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		free(problems->list[i].message);
	free(problems->list);
	*problems = (struct problems){ 0 };
}

/* One line, of a length that someone reads, whatever of the file it quotes. */
static void tidy(struct text *message)
{
	size_t length = 0;
	bool valid;

	while (length < message->length && length < MESSAGE_MAX) {
		if ((unsigned char)message->data[length] < ' ' || message->data[length] == 0x7f)
			message->data[length] = '?';
		length +=
			utf8_measure(message->data + length, message->length - length, &valid);
	}
	if (length == message->length)
		return;
	message->length = length;
	text_append_string(message, "…");
}

void problems_add(struct problems *problems, unsigned line, unsigned column, const char *format,
		  ...)
{
	struct text message = { 0 };
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&message, format, arguments);
	va_end(arguments);
	tidy(&message);
	problems->list = memory_grow(problems->list, &problems->capacity, problems->count + 1,
				     sizeof(*problems->list));
	problems->list[problems->count] = (struct problem){
		.line = line,
		.column = column,
		.message = text_release(&message),
	};
	problems->count++;
}

static int compare(const void *left, const void *right)
{
	const struct problem *a = left, *b = right;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return strcmp(a->message, b->message);
}

static void write_problem(const struct problems *problems, const struct problem *problem,
			  struct error *err)
{
	if (problem->line)
		error_set(err, 0, "%s:%u:%u: %s", problems->file, problem->line,
			  problem->column, problem->message);
	else
		error_set(err, 0, "%s: %s", problems->file, problem->message);
}

/* What is used twice through an alias is found wrong twice. */
void problems_write(struct problems *problems, struct error *err)
{
	const struct problem *list = problems->list;
	size_t distinct = 0;

	if (problems->count)
		qsort(problems->list, problems->count, sizeof(*list), compare);
	for (size_t i = 0; i < problems->count; i++) {
		if (i && !compare(&list[i - 1], &list[i]))
			continue;
		if (distinct++ < SHOWN_MAX)
			write_problem(problems, &list[i], err);
	}
	if (distinct > SHOWN_MAX)
		error_set(err, 0, "and %zu more", distinct - SHOWN_MAX);
}

/* Of a URL only the scheme: what follows may hold a password. */
const char *problem_quote(struct arena *arena, const char *text)
{
	const char *url = strstr(text, "://"), *at = strchr(text, '@');
	size_t length = url ? (size_t)(url - text) + 3 : at ? 0 : strlen(text), shown = 0;
	bool valid;

	while (shown < length && shown < QUOTED_MAX)
		shown += utf8_measure(text + shown, length - shown, &valid);
	return arena_printf(arena, "\"%.*s%s\"", (int)shown, text, text[shown] ? "…" : "");
}
