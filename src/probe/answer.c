/*
 * There may be several heads, "100 Continue" before the answer; the last one counts. What comes
 * after a body, trailers, is no header to Go either. A line that begins with a blank goes on
 * with the one before (RFC 9112, 5.2).
 */
#include "probe/answer.h"

#include <string.h>
#include <strings.h>

/* Expressions see this much of a body. */
#define BODY_KEPT_MAX ((size_t)1024 * 1024)

#define HEAD_MAX ((size_t)256 * 1024)

void answer_deinit(struct answer *answer)
{
	text_deinit(&answer->head);
	text_deinit(&answer->body);
}

void answer_clear(struct answer *answer)
{
	struct text head = answer->head, body = answer->body;

	text_clear(&head);
	text_clear(&body);
	*answer = (struct answer){ .body_max = answer->body_max,
				   .keeps_head = answer->keeps_head,
				   .keeps_body = answer->keeps_body,
				   .head = head,
				   .body = body };
}

static struct bytes trim(struct bytes bytes)
{
	while (bytes.length && bytes.data[0] && strchr(" \t\r\n", bytes.data[0])) {
		bytes.data++;
		bytes.length--;
	}
	while (bytes.length && bytes.data[bytes.length - 1] &&
	       strchr(" \t\r\n", bytes.data[bytes.length - 1]))
		bytes.length--;
	return bytes;
}

static void keep_line(struct answer *answer, struct bytes line)
{
	bool goes_on = line.length && (line.data[0] == ' ' || line.data[0] == '\t');
	struct bytes words = trim(line);

	if (!words.length || (goes_on && !answer->head.length))
		return;
	if (goes_on)
		answer->head.data[answer->head.length - 1] = ' ';
	text_append(&answer->head, words.data, words.length);
	text_append_char(&answer->head, '\n');
}

bool answer_take_line(struct answer *answer, struct bytes line)
{
	answer->head_bytes += line.length;
	answer->capped |= answer->head_bytes > HEAD_MAX;
	if (answer->capped)
		return false;
	if (bytes_starts_with(line, "HTTP/") && (answer->head_ended || !answer->head.length)) {
		text_clear(&answer->head);
		answer->head_ended = false;
	} else if (!answer->head_ended && answer->keeps_head) {
		keep_line(answer, line);
	}
	answer->head_ended |= !trim(line).length;
	return true;
}

bool answer_take_body(struct answer *answer, struct bytes piece)
{
	size_t room = BODY_KEPT_MAX - answer->body.length;

	answer->head_ended = true;
	answer->body_bytes += piece.length;
	if (answer->body_bytes > answer->body_max) {
		answer->capped = true;
		return false;
	}
	if (answer->keeps_body)
		text_append(&answer->body, piece.data,
			    piece.length < room ? piece.length : room);
	return true;
}

bool answer_next_value(const struct answer *answer, const char *name, struct bytes *rest,
		       struct bytes *ret_value)
{
	struct bytes line, found;

	if (!rest->data)
		*rest = (struct bytes){ text_string(&answer->head), answer->head.length };
	while (bytes_take_line(rest, &line)) {
		if (!bytes_take_until(&line, ':', &found) || found.length != strlen(name) ||
		    strncasecmp(found.data, name, found.length) != 0)
			continue;
		*ret_value = trim(line);
		return true;
	}
	return false;
}
