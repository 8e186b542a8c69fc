/*
 * A finished page: the metrics of one snapshot, rendered in every format once, shared by all
 * scrapes through a reference count, unchanged afterwards.
 */
#pragma once

#include "base/bytes.h"
#include "base/text.h"

enum page_format { PAGE_TEXT, PAGE_OPENMETRICS, PAGE_FORMAT_COUNT };

struct page;

/* Takes the two bodies over (the texts are empty afterwards). One reference for the caller. */
struct page *page_new(struct text *plain, struct text *openmetrics, double monotonic);
struct page *page_acquire(struct page *page);
void page_release(struct page *page); /* takes NULL; frees with the last reference */

/* Body of a format, compressed with gzip or not; valid while the reference is held. */
struct bytes page_body(struct page *page, enum page_format format, bool gzip);
double page_time(const struct page *page); /* seconds, CLOCK_MONOTONIC: when its tick began */

/*
 * The board: where the newest page hangs. The tick publishes, scrapes acquire. Thread-safe.
 */
struct board;

struct board *board_new(void);
void board_free(struct board *board);
/* Takes the caller's reference over; the page before it is released. */
void board_publish(struct board *board, struct page *page);
/* A reference to the newest page; NULL before the first. */
struct page *board_acquire(struct board *board);
