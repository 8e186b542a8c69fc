/*
 * The distance is Levenshtein's: insertions, deletions and replacements of a byte, one row of
 * the matrix at a time. Words longer than WORD_MAX are no typing mistakes of anything offered
 * here.
 */
#include "base/nearest.h"

#include <string.h>

#define WORD_MAX 64

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned row[WORD_MAX + 1];

	for (unsigned j = 0; j <= b_length; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a_length; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			unsigned above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
				      diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_length];
}

/* A third of the word may be wrong, and at least one letter: "hots" means "host". */
void nearest_init(struct nearest *nearest, const char *wanted)
{
	unsigned allowed = (unsigned)strnlen(wanted, WORD_MAX) / 3;

	*nearest =
		(struct nearest){ .wanted = wanted, .distance = (allowed ? allowed : 1) + 1 };
	if (strnlen(wanted, 4) == 4 && nearest->distance < 3)
		nearest->distance = 3;
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t length = strlen(nearest->wanted), candidate_length = strlen(candidate);
	unsigned found;

	if (length > WORD_MAX || candidate_length > WORD_MAX)
		return;
	found = distance(nearest->wanted, length, candidate, candidate_length);
	if (found < nearest->distance) {
		nearest->distance = found;
		nearest->found = candidate;
	}
}
