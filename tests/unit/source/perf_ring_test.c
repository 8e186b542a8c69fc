#include "source/perf_ring.h"

#include <linux/perf_event.h>

#include "test.h"

#define SIZE 64

static void release(struct perf_ring *ring)
{
	text_deinit(&ring->wrapped);
}

static struct perf_event_header make_header(uint32_t type, uint16_t size)
{
	return (struct perf_event_header){ .type = type, .size = size };
}

/* Puts it where the ring has it, over the end if need be. */
static void put(char data[static SIZE], uint64_t at, const void *record, size_t length)
{
	const char *from = record;

	for (size_t i = 0; i < length; i++)
		data[(at + i) % SIZE] = from[i];
}

TEST(one_after_the_other)
{
	const struct perf_event_header headers[] = { make_header(PERF_RECORD_SAMPLE, 8),
						     make_header(PERF_RECORD_LOST, 8) };
	char data[SIZE] = { 0 };
	CLEANUP(release) struct perf_ring ring = { .data = data, .size = SIZE };
	struct bytes record;

	put(data, 0, headers, sizeof(headers));
	CHECK_EQ_U64(perf_ring_count(&ring, 16), 1);
	CHECK(!perf_ring_take(&ring, 0, &record));
	REQUIRE(perf_ring_take(&ring, 16, &record));
	CHECK(record.data == data);
	CHECK_EQ_U64(record.length, 8);
	REQUIRE(perf_ring_take(&ring, 16, &record));
	CHECK(record.data == data + 8);
	CHECK(!perf_ring_take(&ring, 16, &record));
	CHECK_EQ_U64(ring.tail, 16);
	CHECK_EQ_U64(perf_ring_count(&ring, 16), 0);
}

TEST(over_the_end)
{
	struct {
		struct perf_event_header header;
		char text[32];
	} sample = { make_header(PERF_RECORD_SAMPLE, 40), "0123456789abcdefghijklmnopqrstu" };
	char data[SIZE] = { 0 };

	for (uint64_t tail = 0; tail < 4 * SIZE; tail += 8) {
		CLEANUP(release)
		struct perf_ring ring = { .data = data, .size = SIZE, .tail = tail };
		struct bytes record;

		put(data, tail, &sample, sizeof(sample));
		CHECK_EQ_U64(perf_ring_count(&ring, tail + 40), 1);
		REQUIRE(perf_ring_take(&ring, tail + 40, &record));
		CHECK_EQ_U64(record.length, 40);
		CHECK_EQ_MEM(record.data, &sample, 40);
		CHECK_EQ_U64(ring.tail, tail + 40);
	}
}

/* Also when the numbers of all that was ever written start again. */
TEST(a_full_ring)
{
	char data[SIZE] = { 0 };
	CLEANUP(release)
	struct perf_ring ring = { .data = data, .size = SIZE, .tail = UINT64_MAX - 15 };
	const struct perf_event_header header = make_header(PERF_RECORD_SAMPLE, 32);
	struct bytes record;

	put(data, ring.tail, &header, sizeof(header));
	put(data, ring.tail + 32, &header, sizeof(header));
	CHECK_EQ_U64(perf_ring_count(&ring, 48), 2);
	CHECK(perf_ring_take(&ring, 48, &record));
	CHECK(perf_ring_take(&ring, 48, &record));
	CHECK(!perf_ring_take(&ring, 48, &record));
	CHECK_EQ_U64(ring.tail, 48);
}

static void check_broken(uint16_t size, uint64_t tail, uint64_t head)
{
	char data[SIZE] = { 0 };
	CLEANUP(release) struct perf_ring ring = { .data = data, .size = SIZE, .tail = tail };
	const struct perf_event_header header = make_header(PERF_RECORD_SAMPLE, size);
	struct bytes record;

	put(data, tail, &header, sizeof(header));
	CHECK_EQ_U64(perf_ring_count(&ring, head), 0);
	CHECK(!perf_ring_take(&ring, head, &record));
	CHECK_EQ_U64(ring.tail, head);
}

TEST(nonsense_is_skipped)
{
	check_broken(0, 0, 32);
	check_broken(7, 0, 32);
	check_broken(33, 0, 32);
	check_broken(UINT16_MAX, 0, 32);
	check_broken(8, 0, 7);
	check_broken(8, 0, SIZE + 8);
	check_broken(8, 32, 0);
	check_broken(8, SIZE - 4, SIZE + 32);
}

TEST(a_sample)
{
	struct {
		struct perf_event_header header;
		uint32_t process, thread;
		uint64_t time;
		uint32_t size;
		char raw[12];
	} __attribute__((packed))
	sample = { make_header(PERF_RECORD_SAMPLE, 40), 42, 43, 1500000000, 12, "some events" };
	struct perf_ring_record record;

	record = perf_ring_parse((struct bytes){ (char *)&sample, sizeof(sample) });
	CHECK_EQ_INT(record.kind, PERF_RING_SAMPLE);
	CHECK_EQ_DBL(record.time, 1.5);
	CHECK_EQ_INT(record.process, 42);
	CHECK_EQ_U64(record.raw.length, 12);
	CHECK(record.raw.data == sample.raw);
	sample.size = 13;
	record = perf_ring_parse((struct bytes){ (char *)&sample, sizeof(sample) });
	CHECK_EQ_INT(record.kind, PERF_RING_OTHER);
	sample.size = 0;
	for (size_t length = 0; length <= sizeof(sample); length++) {
		record = perf_ring_parse((struct bytes){ (char *)&sample, length });
		CHECK_EQ_INT(record.kind, length < 28 ? PERF_RING_OTHER : PERF_RING_SAMPLE);
	}
}

TEST(lost_ones_are_counted)
{
	struct {
		struct perf_event_header header;
		uint64_t id, lost;
	} lost = { make_header(PERF_RECORD_LOST, 24), 5, 1000 };
	struct perf_ring_record record;

	record = perf_ring_parse((struct bytes){ (char *)&lost, sizeof(lost) });
	CHECK_EQ_INT(record.kind, PERF_RING_LOST);
	CHECK_EQ_U64(record.lost, 1000);
	record = perf_ring_parse((struct bytes){ (char *)&lost, sizeof(lost) - 1 });
	CHECK_EQ_INT(record.kind, PERF_RING_OTHER);
	lost.header.type = PERF_RECORD_THROTTLE;
	record = perf_ring_parse((struct bytes){ (char *)&lost, sizeof(lost) });
	CHECK_EQ_INT(record.kind, PERF_RING_OTHER);
}

TEST_MAIN()
