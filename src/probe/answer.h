/* An answer over HTTP as it comes, as far as somebody will look at it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/text.h"

struct answer {
	/* Beforehand: */
	uint64_t body_max; /* bytes, decoded */
	bool keeps_head, keeps_body;
	/* As it came: */
	unsigned status; /* 0: none */
	double version; /* 1.0, 1.1, 2; 0: none */
	bool is_tls;
	uint64_t head_bytes, body_bytes; /* of all heads; decoded */
	struct text head; /* of the last answer, "Name: value\n" */
	struct text body; /* its beginning */
	bool head_ended, capped; /* too much came */
};

void answer_deinit(struct answer *answer); /* an answer of all zeroes is valid */

/* Forgets all that came. */
void answer_clear(struct answer *answer);

/* Takes a line of a head, and a piece of the body. False: that was too much. */
bool answer_take_line(struct answer *answer, struct bytes line) MUST_CHECK;
bool answer_take_body(struct answer *answer, struct bytes piece) MUST_CHECK;

/*
 * The next value of a header, whose name is written in any case; `rest` is zero at first. False
 * when there is none.
 */
bool answer_next_value(const struct answer *answer, const char *name, struct bytes *rest,
		       struct bytes *ret_value);
