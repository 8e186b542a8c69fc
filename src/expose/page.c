/*
 * The compressed bodies of a page are guarded by a mutex of the page: the first scrape that
 * wants gzip makes it while others that want the same wait, so it is made once. References are
 * counted without it, so that who compresses holds nobody else up, the board least of all: its
 * mutex is held for a pointer and a count.
 */
#include "expose/page.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"
#include "expose/gzip.h"

struct page {
	atomic_uint references;
	double monotonic;
	struct text plain[PAGE_FORMAT_COUNT];
	pthread_mutex_t lock; /* of the compressed bodies, empty until somebody asks */
	struct text compressed[PAGE_FORMAT_COUNT];
};

struct board {
	pthread_mutex_t lock;
	struct page *newest;
};

static struct text take(struct text *text)
{
	struct text taken = *text;

	*text = (struct text){ 0 };
	return taken;
}

struct page *page_new(struct text *plain, struct text *openmetrics, double monotonic)
{
	struct page *page = memory_new(1, sizeof(*page));

	pthread_mutex_init(&page->lock, NULL);
	atomic_init(&page->references, 1);
	page->monotonic = monotonic;
	page->plain[PAGE_TEXT] = take(plain);
	page->plain[PAGE_OPENMETRICS] = take(openmetrics);
	return page;
}

struct page *page_acquire(struct page *page)
{
	unsigned before = atomic_fetch_add(&page->references, 1);

	assert(before);
	return page;
}

void page_release(struct page *page)
{
	unsigned before;

	if (!page)
		return;
	before = atomic_fetch_sub(&page->references, 1);
	assert(before);
	if (before > 1)
		return;
	for (size_t i = 0; i < PAGE_FORMAT_COUNT; i++) {
		text_deinit(&page->plain[i]);
		text_deinit(&page->compressed[i]);
	}
	pthread_mutex_destroy(&page->lock);
	free(page);
}

static struct bytes bytes_of(const struct text *text)
{
	return (struct bytes){ text_string(text), text->length };
}

struct bytes page_body(struct page *page, enum page_format format, bool gzip)
{
	const struct text *plain = &page->plain[format];
	struct text *compressed = &page->compressed[format];

	if (!gzip)
		return bytes_of(plain);
	pthread_mutex_lock(&page->lock);
	if (!compressed->length)
		gzip_append(compressed, text_string(plain), plain->length);
	pthread_mutex_unlock(&page->lock);
	return bytes_of(compressed);
}

double page_time(const struct page *page)
{
	return page->monotonic;
}

struct board *board_new(void)
{
	struct board *board = memory_new(1, sizeof(*board));

	pthread_mutex_init(&board->lock, NULL);
	return board;
}

void board_free(struct board *board)
{
	if (!board)
		return;
	page_release(board->newest);
	pthread_mutex_destroy(&board->lock);
	free(board);
}

void board_publish(struct board *board, struct page *page)
{
	struct page *before;

	pthread_mutex_lock(&board->lock);
	before = board->newest;
	board->newest = page;
	pthread_mutex_unlock(&board->lock);
	page_release(before);
}

struct page *board_acquire(struct board *board)
{
	struct page *page;

	pthread_mutex_lock(&board->lock);
	page = board->newest ? page_acquire(board->newest) : NULL;
	pthread_mutex_unlock(&board->lock);
	return page;
}
