/*
 * What a page costs: rendering all samples in both formats, beside one snprintf() per sample for
 * one of them; then compressing it. Both alternate in one run, and the fastest round of each
 * counts.
 *
 *	exposition [PAIRS]	default: 1000 pairs of target and destination, 11 samples each
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "expose/catalog.h"

enum { ROUNDS = 41, SAMPLES_PER_PAIR = 11 };

static double cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void fill(struct snapshot *snapshot, size_t pairs)
{
	snapshot->targets = arena_alloc(&snapshot->arena, 1, sizeof(*snapshot->targets));
	snapshot->targets[0] = (struct target_row){ .name = "checkout", .processes = 1 };
	snapshot->target_count = 1;
	snapshot->pairs = arena_alloc(&snapshot->arena, pairs, sizeof(*snapshot->pairs));
	snapshot->pair_count = pairs;
	for (size_t i = 0; i < pairs; i++)
		snapshot->pairs[i] = (struct pair_row){
			.destination = arena_printf(&snapshot->arena, "10.1.%zu.%zu:443",
						    i / 250, i % 250),
			.gauges.connections = { [TCP_STATE_ESTABLISHED] = (uint32_t)i },
		};
}

static double render(struct snapshot *snapshot, struct page **ret_page)
{
	static const struct catalog_build build = { "0", "0", "0", "0" };
	double start = cpu_ns();

	*ret_page = catalog_page(snapshot, &build, SIZE_MAX);
	return cpu_ns() - start;
}

static double compress_page(struct page *page)
{
	double start = cpu_ns();

	page_body(page, PAGE_TEXT, true);
	return cpu_ns() - start;
}

static double print_all(const struct snapshot *snapshot)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	double start = cpu_ns();

	for (size_t i = 0; i < snapshot->pair_count * SAMPLES_PER_PAIR; i++) {
		const struct pair_row *pair = &snapshot->pairs[i / SAMPLES_PER_PAIR];
		char *end = text_reserve(&text, 200);

		text.length += (size_t)snprintf(
			end, 200,
			"outbound_connections{target=\"%s\",destination=\"%s\",state=\"%s\"} %u\n",
			snapshot->targets[0].name, pair->destination,
			tcp_state_name(TCP_STATE_ESTABLISHED),
			pair->gauges.connections[TCP_STATE_ESTABLISHED]);
	}
	return cpu_ns() - start;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

int main(int argc, char **argv)
{
	size_t pairs = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	double rendered = 1e18, printed = 1e18, packed = 1e18;
	double samples = (double)(pairs * SAMPLES_PER_PAIR);
	struct snapshot *snapshot = snapshot_new(0, 0);
	size_t size = 0, packed_size = 0;

	fill(snapshot, pairs);
	for (int i = 0; i < ROUNDS; i++) {
		struct page *page;

		rendered = least(rendered, render(snapshot, &page));
		packed = least(packed, compress_page(page));
		printed = least(printed, print_all(snapshot));
		size = page_body(page, PAGE_TEXT, false).length;
		packed_size = page_body(page, PAGE_TEXT, true).length;
		page_release(page);
	}
	printf("%.0f samples, %zu bytes, %zu compressed\n", samples, size, packed_size);
	printf("render, both formats  %6.0f ns a sample, %.2f x snprintf\n", rendered / samples,
	       rendered / printed);
	printf("snprintf, one format  %6.0f ns a sample\n", printed / samples);
	printf("gzip                  %6.0f ns a sample, %.2f x render\n", packed / samples,
	       packed / rendered);
	snapshot_free(snapshot);
	return 0;
}
