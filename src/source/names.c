/*
 * One thread asks for one name after the other. It is detached, and shares the table by a count
 * of two references: whoever leaves last frees it, so that leaving never waits for a resolver.
 */
#include "source/names.h"

#include <math.h>
#include <netdb.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

#define REFRESH_SECONDS 30.0
#define KEEP_SECONDS 3600.0

/* Of a name with more addresses than this the newest ones count: some answers rotate. */
#define ADDRESSES_MAX ((size_t)256)

struct known_address {
	struct address address;
	double last_answer; /* monotonic seconds */
};

struct name {
	char *host;
	struct known_address *addresses;
	size_t count, capacity;
};

struct names {
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* a round was done, or stop was set */
	unsigned references;
	bool stop, tried;
	struct name *items; /* fixed after names_new(), but for the addresses */
	size_t count, capacity;
	size_t *of_destination; /* index of its host, for each destination; fixed */
};

/* Of a destination without a host. */
#define NO_HOST SIZE_MAX

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		free(names->items[i].host);
		free(names->items[i].addresses);
	}
	free(names->items);
	free(names->of_destination);
	pthread_cond_destroy(&names->changed);
	pthread_mutex_destroy(&names->mutex);
	free(names);
}

/* Unlocks, and frees with the last reference. */
static void leave(struct names *names)
{
	bool last = !--names->references;

	pthread_mutex_unlock(&names->mutex);
	if (last)
		free_names(names);
}

static struct name *find(const struct names *names, const char *host)
{
	for (size_t i = 0; i < names->count; i++) {
		if (!strcmp(names->items[i].host, host))
			return &names->items[i];
	}
	return NULL;
}

static struct known_address *oldest(struct name *name)
{
	struct known_address *found = &name->addresses[0];

	for (size_t i = 1; i < name->count; i++) {
		if (name->addresses[i].last_answer < found->last_answer)
			found = &name->addresses[i];
	}
	return found;
}

static void enter_address(struct name *name, const struct address *address, double now)
{
	for (size_t i = 0; i < name->count; i++) {
		if (address_equal(&name->addresses[i].address, address)) {
			name->addresses[i].last_answer = now;
			return;
		}
	}
	if (name->count >= ADDRESSES_MAX) {
		*oldest(name) = (struct known_address){ *address, now };
		return;
	}
	name->addresses = memory_grow(name->addresses, &name->capacity, name->count + 1,
				      sizeof(*name->addresses));
	name->addresses[name->count++] = (struct known_address){ *address, now };
}

static void expire(struct name *name, double oldest)
{
	size_t kept = 0;

	for (size_t i = 0; i < name->count; i++) {
		if (name->addresses[i].last_answer >= oldest)
			name->addresses[kept++] = name->addresses[i];
	}
	name->count = kept;
}

static void enter_answer(struct name *name, const struct addrinfo *answer, double now)
{
	struct endpoint endpoint;

	expire(name, now - KEEP_SECONDS);
	for (; answer; answer = answer->ai_next) {
		if (!endpoint_from_sockaddr(answer->ai_addr, &endpoint))
			enter_address(name, &endpoint.address, now);
	}
}

/* Called locked; unlocked while the resolver works. The host's text never changes. */
static void resolve(struct names *names, struct name *name)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *answer = NULL;
	int r;

	pthread_mutex_unlock(&names->mutex);
	r = getaddrinfo(name->host, NULL, &hints, &answer);
	pthread_mutex_lock(&names->mutex);
	enter_answer(name, r ? NULL : answer, clock_monotonic());
	if (!r)
		freeaddrinfo(answer);
}

static struct timespec after(double seconds)
{
	double until = clock_monotonic() + seconds;

	return (struct timespec){ .tv_sec = (time_t)until,
				  .tv_nsec = (long)((until - floor(until)) * 1e9) };
}

static void *run(void *argument)
{
	struct names *names = argument;
	struct timespec until;

	pthread_mutex_lock(&names->mutex);
	while (!names->stop) {
		for (size_t i = 0; i < names->count && !names->stop; i++)
			resolve(names, &names->items[i]);
		names->tried = true;
		pthread_cond_broadcast(&names->changed);
		until = after(REFRESH_SECONDS);
		while (!names->stop &&
		       !pthread_cond_timedwait(&names->changed, &names->mutex, &until))
			;
	}
	leave(names);
	return NULL;
}

/* The index of a host, added when it is new. */
static size_t add_host(struct names *names, const char *host)
{
	const struct name *known = find(names, host);

	if (known)
		return (size_t)(known - names->items);
	names->items = memory_grow(names->items, &names->capacity, names->count + 1,
				   sizeof(*names->items));
	names->items[names->count] = (struct name){ .host = memory_copy_string(host) };
	return names->count++;
}

static void add_hosts(struct names *names, const struct config *config)
{
	names->of_destination =
		memory_new(config->destination_count, sizeof(*names->of_destination));
	for (size_t i = 0; i < config->destination_count; i++) {
		const char *host = config->destinations[i].host;

		names->of_destination[i] = host ? add_host(names, host) : NO_HOST;
	}
}

/* Before the thread is started. When all of them are known, nobody has to wait for a round. */
static void inherit_addresses(struct names *names, struct names *previous)
{
	size_t known = 0;

	pthread_mutex_lock(&previous->mutex);
	for (size_t i = 0; i < names->count; i++) {
		const struct name *old = find(previous, names->items[i].host);

		for (size_t j = 0; old && j < old->count; j++)
			enter_address(&names->items[i], &old->addresses[j].address,
				      old->addresses[j].last_answer);
		known += names->items[i].count > 0;
	}
	pthread_mutex_unlock(&previous->mutex);
	names->tried = known == names->count;
}

static void start_thread(struct names *names)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int r;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	names->references = 2;
	r = pthread_create(&thread, &attributes, run, names);
	pthread_attr_destroy(&attributes);
	/* Without a thread nothing is ever resolved, which the unresolved count says. */
	if (r)
		names->references = 1;
}

struct names *names_new(const struct config *config, struct names *previous)
{
	struct names *names = memory_new(1, sizeof(*names));
	pthread_condattr_t attributes;

	add_hosts(names, config);
	pthread_mutex_init(&names->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&names->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (!names->count) {
		free_names(names);
		return NULL;
	}
	if (previous)
		inherit_addresses(names, previous);
	start_thread(names);
	return names;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	pthread_mutex_lock(&names->mutex);
	names->stop = true;
	pthread_cond_broadcast(&names->changed);
	leave(names);
}

void names_wait(struct names *names, double seconds)
{
	struct timespec until = after(seconds);

	if (!names)
		return;
	pthread_mutex_lock(&names->mutex);
	while (!names->tried && !pthread_cond_timedwait(&names->changed, &names->mutex, &until))
		;
	pthread_mutex_unlock(&names->mutex);
}

static bool has_address(const struct name *name, const struct address *address)
{
	for (size_t i = 0; i < name->count; i++) {
		if (address_equal(&name->addresses[i].address, address))
			return true;
	}
	return false;
}

bool names_have(struct names *names, size_t destination, const struct address *address)
{
	bool have;

	if (!names || names->of_destination[destination] == NO_HOST)
		return false;
	pthread_mutex_lock(&names->mutex);
	have = has_address(&names->items[names->of_destination[destination]], address);
	pthread_mutex_unlock(&names->mutex);
	return have;
}

size_t names_unresolved(struct names *names)
{
	size_t unresolved = 0;

	if (!names)
		return 0;
	pthread_mutex_lock(&names->mutex);
	for (size_t i = 0; i < names->count; i++)
		unresolved += !names->items[i].count;
	pthread_mutex_unlock(&names->mutex);
	return unresolved;
}

void names_write_unresolved(struct names *names, struct text *text)
{
	if (!names)
		return;
	pthread_mutex_lock(&names->mutex);
	for (size_t i = 0; i < names->count; i++) {
		if (!names->items[i].count)
			text_printf(text, "%s%s", text->length ? ", " : "",
				    names->items[i].host);
	}
	pthread_mutex_unlock(&names->mutex);
}
