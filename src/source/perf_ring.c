/*
 * The kernel writes at data_head and never beyond data_tail, which is ours (kernel/events/
 * ring_buffer.c). Records are multiples of 8 bytes, so that their header never goes over the
 * end, but the rest may. data_head must be read before the records (acquire), data_tail written
 * after they were read (release).
 *
 * A sample is, for our type (perf_event_open(2), PERF_RECORD_SAMPLE):
 *
 *	struct perf_event_header; u32 pid, tid; u64 time; u32 size; char raw[size];
 *
 * and PERF_RECORD_LOST is
 *
 *	struct perf_event_header; u64 id, lost;
 */
#include "source/perf_ring.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int perf_ring_init(struct perf_ring *ring, int event, size_t size)
{
	void *mapped =
		mmap(NULL, page_size() + size, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);

	if (mapped == MAP_FAILED)
		return -errno;
	*ring = (struct perf_ring){ .page = mapped,
				    .data = (const char *)mapped + page_size(),
				    .size = size };
	return 0;
}

void perf_ring_deinit(struct perf_ring *ring)
{
	if (ring->page)
		munmap(ring->page, page_size() + ring->size);
	text_deinit(&ring->wrapped);
	*ring = (struct perf_ring){ 0 };
}

uint64_t perf_ring_head(const struct perf_ring *ring)
{
	return __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
}

void perf_ring_give_back(struct perf_ring *ring)
{
	__atomic_store_n(&ring->page->data_tail, ring->tail, __ATOMIC_RELEASE);
}

static struct bytes in_one_piece(struct perf_ring *ring, size_t at, size_t length)
{
	size_t first = ring->size - at;

	if (length <= first)
		return (struct bytes){ ring->data + at, length };
	text_clear(&ring->wrapped);
	text_append(&ring->wrapped, ring->data + at, first);
	text_append(&ring->wrapped, ring->data, length - first);
	return (struct bytes){ ring->wrapped.data, length };
}

/* False: there is none, or something that cannot be a record. */
static bool read_header(const struct perf_ring *ring, uint64_t tail, uint64_t head,
			struct perf_event_header *ret_header)
{
	size_t at = (size_t)(tail & (ring->size - 1));
	uint64_t filled = head - tail;

	if (filled < sizeof(*ret_header) || filled > ring->size ||
	    at + sizeof(*ret_header) > ring->size)
		return false;
	memcpy(ret_header, ring->data + at, sizeof(*ret_header));
	return ret_header->size >= sizeof(*ret_header) && ret_header->size <= filled;
}

bool perf_ring_take(struct perf_ring *ring, uint64_t head, struct bytes *ret_record)
{
	struct perf_event_header header;

	if (!read_header(ring, ring->tail, head, &header)) {
		ring->tail = head;
		return false;
	}
	*ret_record = in_one_piece(ring, (size_t)(ring->tail & (ring->size - 1)), header.size);
	ring->tail += header.size;
	return true;
}

uint64_t perf_ring_count(const struct perf_ring *ring, uint64_t head)
{
	struct perf_event_header header;
	uint64_t tail = ring->tail, count = 0;

	for (; read_header(ring, tail, head, &header); tail += header.size)
		count += header.type == PERF_RECORD_SAMPLE;
	return count;
}

static bool take(struct bytes *rest, void *into, size_t length)
{
	if (rest->length < length)
		return false;
	memcpy(into, rest->data, length);
	rest->data += length;
	rest->length -= length;
	return true;
}

static bool parse_sample(struct bytes rest, struct perf_ring_record *record)
{
	uint32_t process, thread, size;
	uint64_t time;

	if (!take(&rest, &process, sizeof(process)) || !take(&rest, &thread, sizeof(thread)) ||
	    !take(&rest, &time, sizeof(time)) || !take(&rest, &size, sizeof(size)) ||
	    size > rest.length)
		return false;
	record->time = (double)time / 1e9;
	record->process = (pid_t)process;
	record->raw = (struct bytes){ rest.data, size };
	return true;
}

struct perf_ring_record perf_ring_parse(struct bytes record)
{
	struct perf_ring_record parsed = { .kind = PERF_RING_OTHER };
	struct perf_event_header header;
	uint64_t id;

	if (!take(&record, &header, sizeof(header)))
		return parsed;
	if (header.type == PERF_RECORD_SAMPLE && parse_sample(record, &parsed))
		parsed.kind = PERF_RING_SAMPLE;
	if (header.type == PERF_RECORD_LOST && take(&record, &id, sizeof(id)) &&
	    take(&record, &parsed.lost, sizeof(parsed.lost)))
		parsed.kind = PERF_RING_LOST;
	return parsed;
}
