/*
 * The records are those of include/trace/events/sock.h. Offsets differ from kernel to kernel
 * (`family` was added, `protocol` grew from 8 to 16 bits in 5.6), so they are read from the
 * `format` file, and never known here. What holds in all of them: ports are in host order;
 * saddr_v6 and daddr_v6 hold IPv4 as IPv4-mapped IPv6, of AF_INET sockets as of AF_INET6 ones
 * that talk IPv4.
 */
#include "source/tcp_event.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void tcp_events_deinit(struct tcp_events *events)
{
	free(events->items);
	*events = (struct tcp_events){ 0 };
}

void tcp_events_append(struct tcp_events *events, const struct tcp_event *event)
{
	events->items = memory_grow(events->items, &events->capacity, events->count + 1,
				    sizeof(*events->items));
	events->items[events->count++] = *event;
}

static const char *const change_names[TCP_EVENT_FIELD_COUNT] = {
	[TCP_EVENT_SOCKET] = "skaddr",	   [TCP_EVENT_FROM] = "oldstate",
	[TCP_EVENT_TO] = "newstate",	   [TCP_EVENT_LOCAL_PORT] = "sport",
	[TCP_EVENT_REMOTE_PORT] = "dport", [TCP_EVENT_LOCAL] = "saddr_v6",
	[TCP_EVENT_REMOTE] = "daddr_v6",   [TCP_EVENT_TYPE] = "common_type",
};

static const char *const error_names[TCP_EVENT_FIELD_COUNT] = {
	[TCP_EVENT_ERROR] = "error",	   [TCP_EVENT_LOCAL_PORT] = "sport",
	[TCP_EVENT_REMOTE_PORT] = "dport", [TCP_EVENT_LOCAL] = "saddr_v6",
	[TCP_EVENT_REMOTE] = "daddr_v6",   [TCP_EVENT_TYPE] = "common_type",
};

/* The socket is a pointer of the kernel's size, which need not be ours. */
static bool has_sane_size(enum tcp_event_field field, uint16_t size)
{
	switch (field) {
	case TCP_EVENT_LOCAL:
	case TCP_EVENT_REMOTE:
		return size == sizeof(struct address);
	case TCP_EVENT_SOCKET:
		return size == 4 || size == 8;
	case TCP_EVENT_FROM:
	case TCP_EVENT_TO:
	case TCP_EVENT_ERROR:
		return size == 4;
	default:
		return size == 2;
	}
}

static bool parse_layout(struct bytes format, uint16_t type, const char *const *names,
			 struct tcp_event_layout *ret_layout)
{
	struct tcp_event_layout layout = { .type = type };

	for (int i = 0; i < TCP_EVENT_FIELD_COUNT; i++) {
		layout.fields[i].name = names[i];
		if (names[i] &&
		    (!tracefs_parse_field(format, &layout.fields[i]) ||
		     !has_sane_size((enum tcp_event_field)i, layout.fields[i].size)))
			return false;
	}
	*ret_layout = layout;
	return true;
}

bool tcp_event_parse_change_layout(struct bytes format, uint16_t type,
				   struct tcp_event_layout *ret_layout)
{
	return parse_layout(format, type, change_names, ret_layout);
}

bool tcp_event_parse_error_layout(struct bytes format, uint16_t type,
				  struct tcp_event_layout *ret_layout)
{
	return parse_layout(format, type, error_names, ret_layout);
}

static bool holds_all(struct bytes raw, const struct tcp_event_layout *layout)
{
	for (int i = 0; i < TCP_EVENT_FIELD_COUNT; i++) {
		const struct tracefs_field *field = &layout->fields[i];

		if (field->name && (size_t)field->offset + field->size > raw.length)
			return false;
	}
	return true;
}

/* Absent fields are 0. */
static uint64_t load(struct bytes raw, const struct tracefs_field *field)
{
	uint16_t half;
	uint32_t word;
	uint64_t two_words;

	switch (field->size) {
	case sizeof(half):
		memcpy(&half, raw.data + field->offset, sizeof(half));
		return half;
	case sizeof(word):
		memcpy(&word, raw.data + field->offset, sizeof(word));
		return word;
	case sizeof(two_words):
		memcpy(&two_words, raw.data + field->offset, sizeof(two_words));
		return two_words;
	default:
		return 0;
	}
}

static struct endpoint load_endpoint(struct bytes raw, const struct tracefs_field *address,
				     const struct tracefs_field *port)
{
	struct endpoint endpoint = { .port = (uint16_t)load(raw, port) };

	memcpy(endpoint.address.byte, raw.data + address->offset,
	       sizeof(endpoint.address.byte));
	return endpoint;
}

static bool is_state(uint64_t state)
{
	return state > 0 && state < TCP_STATE_COUNT;
}

bool tcp_event_parse(struct bytes raw, const struct tcp_event_layout *layout,
		     struct tcp_event *ret_event)
{
	const struct tracefs_field *fields = layout->fields;
	struct tcp_event event = { 0 };
	uint64_t from, to, error;

	if (!holds_all(raw, layout) || load(raw, &fields[TCP_EVENT_TYPE]) != layout->type)
		return false;
	from = load(raw, &fields[TCP_EVENT_FROM]);
	to = load(raw, &fields[TCP_EVENT_TO]);
	error = load(raw, &fields[TCP_EVENT_ERROR]);
	event.socket = load(raw, &fields[TCP_EVENT_SOCKET]);
	if (fields[TCP_EVENT_ERROR].name ? !error || error > INT32_MAX :
					   !event.socket || !is_state(from) || !is_state(to))
		return false;
	event.from = (enum tcp_state)from;
	event.to = (enum tcp_state)to;
	event.error = (int)error;
	event.local =
		load_endpoint(raw, &fields[TCP_EVENT_LOCAL], &fields[TCP_EVENT_LOCAL_PORT]);
	event.remote =
		load_endpoint(raw, &fields[TCP_EVENT_REMOTE], &fields[TCP_EVENT_REMOTE_PORT]);
	*ret_event = event;
	return true;
}
