#include "expose/page.h"

#include <pthread.h>

#include "test.h"

static struct page *new_page(const char *plain, const char *openmetrics, double time)
{
	struct text a = { 0 }, b = { 0 };

	text_append_string(&a, plain);
	text_append_string(&b, openmetrics);
	return page_new(&a, &b, time);
}

TEST(holds_both_bodies)
{
	struct text plain = { 0 }, openmetrics = { 0 };
	struct page *page;

	text_append_string(&plain, "a 1\n");
	text_append_string(&openmetrics, "a 1\n# EOF\n");
	page = page_new(&plain, &openmetrics, 12.5);
	CHECK(!plain.data && !openmetrics.data);
	CHECK(bytes_equal(page_body(page, PAGE_TEXT, false), "a 1\n"));
	CHECK(bytes_equal(page_body(page, PAGE_OPENMETRICS, false), "a 1\n# EOF\n"));
	CHECK_EQ_DBL(page_time(page), 12.5);
	page_release(page);
}

TEST(compresses_once)
{
	struct page *page = new_page("a 1\n", "# EOF\n", 0);
	struct bytes first = page_body(page, PAGE_TEXT, true);
	struct bytes second = page_body(page, PAGE_TEXT, true);

	CHECK(first.data == second.data);
	CHECK_EQ_U64(first.length, second.length);
	CHECK(page_body(page, PAGE_OPENMETRICS, true).data != first.data);
	CHECK_EQ_MEM(first.data, "\x1f\x8b", 2);
	page_release(page);
}

TEST(shows_the_newest)
{
	struct board *board = board_new();
	struct page *old, *new;

	CHECK(!board_acquire(board));
	board_publish(board, new_page("old", "", 1));
	old = board_acquire(board);
	board_publish(board, new_page("new", "", 2));
	new = board_acquire(board);
	CHECK(bytes_equal(page_body(old, PAGE_TEXT, false), "old"));
	CHECK(bytes_equal(page_body(new, PAGE_TEXT, false), "new"));
	page_release(old);
	page_release(new);
	board_free(board);
	page_release(NULL);
	board_free(NULL);
}

TEST(outlives_the_board)
{
	struct board *board = board_new();
	struct page *page;

	board_publish(board, new_page("kept", "", 1));
	page = board_acquire(board);
	board_free(board);
	CHECK(bytes_equal(page_body(page, PAGE_TEXT, false), "kept"));
	page_release(page);
}

enum { PAGES = 300, SCRAPERS = 4 };

/* A page says its number in every format; scrapers count what does not fit. */
struct scraper {
	pthread_t thread;
	struct board *board;
	unsigned wrong, seen;
};

static bool page_is_whole(struct page *page)
{
	struct bytes plain = page_body(page, PAGE_TEXT, false);
	struct bytes openmetrics = page_body(page, PAGE_OPENMETRICS, false);
	struct bytes packed = page_body(page, PAGE_TEXT, true);

	return plain.length == openmetrics.length &&
	       memcmp(plain.data, openmetrics.data, plain.length) == 0 && packed.length >= 18;
}

static void *scrape(void *context)
{
	struct scraper *scraper = context;
	double newest = 0;

	while (newest < PAGES) {
		struct page *page = board_acquire(scraper->board);

		if (!page)
			continue;
		if (!page_is_whole(page) || page_time(page) < newest)
			scraper->wrong++;
		newest = page_time(page);
		scraper->seen++;
		page_release(page);
	}
	return NULL;
}

TEST(serves_many_at_once)
{
	struct board *board = board_new();
	struct scraper scrapers[SCRAPERS] = { 0 };

	for (size_t i = 0; i < SCRAPERS; i++) {
		scrapers[i].board = board;
		REQUIRE(pthread_create(&scrapers[i].thread, NULL, scrape, &scrapers[i]) == 0);
	}
	for (unsigned i = 1; i <= PAGES; i++) {
		CLEANUP(text_deinit) struct text number = { 0 };

		text_printf(&number, "page %u", i);
		board_publish(board, new_page(text_string(&number), text_string(&number), i));
	}
	for (size_t i = 0; i < SCRAPERS; i++) {
		pthread_join(scrapers[i].thread, NULL);
		CHECK_EQ_U64(scrapers[i].wrong, 0);
		CHECK(scrapers[i].seen > 0);
	}
	board_free(board);
}

TEST_MAIN()
