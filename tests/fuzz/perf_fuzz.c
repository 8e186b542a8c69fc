/*
 * The records of a perf ring, as ring, as record and as raw data, and the `format` file of a
 * tracepoint.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "source/cpus.h"
#include "source/formats.h"
#include "source/perf_ring.h"
#include "source/tcp_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tcp_event_layout change, error;

static void check_event(struct bytes raw, const struct tcp_event_layout *layout)
{
	struct tcp_event event;

	if (!tcp_event_parse(raw, layout, &event))
		return;
	assert(!event.socket != !event.error);
	assert(event.error || (event.from > 0 && event.from < TCP_STATE_COUNT));
	assert(event.error || (event.to > 0 && event.to < TCP_STATE_COUNT));
}

static void check_record(struct bytes bytes)
{
	struct perf_ring_record record = perf_ring_parse(bytes);

	if (record.kind != PERF_RING_SAMPLE)
		return;
	assert(record.raw.length < bytes.length);
	check_event(record.raw, &change);
	check_event(record.raw, &error);
}

/* All of it is filled, beginning where the last byte says. */
static void check_ring(const uint8_t *data, size_t size)
{
	struct perf_ring ring = { .size = 8, .tail = (uint64_t)data[size - 1] * 8 };
	uint64_t head, samples, left;
	struct bytes record;
	char *copy;

	while (2 * ring.size <= size)
		ring.size *= 2;
	copy = memory_new(ring.size, 1);
	memcpy(copy, data, ring.size);
	ring.data = copy;
	head = ring.tail + ring.size;
	samples = perf_ring_count(&ring, head);
	assert(samples <= ring.size / 8);
	while (perf_ring_take(&ring, head, &record)) {
		left = perf_ring_count(&ring, head);
		assert(left <= samples && ring.tail <= head);
		check_record(record);
	}
	assert(ring.tail == head);
	text_deinit(&ring.wrapped);
	free(copy);
}

static void check_cpus(struct bytes bytes)
{
	struct cpus cpus = { 0 };

	if (cpus_parse(bytes, &cpus))
		assert(cpus.count > 0 && cpus.items[cpus.count - 1] >= cpus.count - 1);
	cpus_deinit(&cpus);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes bytes = { (const char *)data, size };
	struct tcp_event_layout layout;

	if (!change.type &&
	    (!tcp_event_parse_change_layout(bytes_from_string(format_change), 2287, &change) ||
	     !tcp_event_parse_error_layout(bytes_from_string(format_error), 2286, &error)))
		abort();
	check_record(bytes);
	check_event(bytes, &change);
	check_event(bytes, &error);
	if (size >= 8)
		check_ring(data, size);
	if (tcp_event_parse_change_layout(bytes, 1, &layout) ||
	    tcp_event_parse_error_layout(bytes, 1, &layout))
		check_event(bytes, &layout);
	check_cpus(bytes);
	return 0;
}
