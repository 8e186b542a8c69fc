/*
 * Not libcurl's own resolver: that one tells neither "no such name" from "no answer", nor when
 * the thread of a lookup that was given up has ended, so that those could not be limited.
 *
 * glibc gives up on its own: with the default timeout:5 and attempts:2 after 10 s a name
 * server, at most three of them (resolv.conf(5)), so a thread is never lost for good.
 */
#include "probe/resolver.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "probe/view.h"

/*
 * A name has one thread at most, so that names that begin to hang all at once, which nobody
 * could know before, hold up nobody as long as there are less than this.
 */
#define THREADS_MAX 512
#define HANGING_MAX 128

/* Name service modules run in these threads, and some are fond of alloca(3). */
#define STACK_SIZE (512 * 1024)

#define SILENCE_MIN 1.0

/* Lists of hosts to be blocked are long; this is read in 2 ms. */
#define HOSTS_MAX ((size_t)1024 * 1024)
#define RESOLV_CONF_MAX ((size_t)64 * 1024)

struct lookup {
	char *name; /* NULL: of files */
	struct view *view; /* whose files; NULL: of a name */
	struct view_files files;
	unsigned users;
	bool hangs;
	enum lookup_state state;
	double began, ended;
	char *addresses;
	struct lookup *next; /* in resolver->lookups, while waiting or running */
};

struct resolver {
	pthread_mutex_t mutex; /* of all but `event`, and of all lookups */
	int event;
	unsigned references, threads, hanging;
	struct lookup *lookups; /* waiting and running, oldest first */
};

struct resolver *resolver_new(void)
{
	struct resolver *resolver = memory_new(1, sizeof(*resolver));

	resolver->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (resolver->event < 0) {
		free(resolver);
		return NULL;
	}
	pthread_mutex_init(&resolver->mutex, NULL);
	resolver->references = 1;
	return resolver;
}

struct resolver *resolver_acquire(struct resolver *resolver)
{
	pthread_mutex_lock(&resolver->mutex);
	resolver->references++;
	pthread_mutex_unlock(&resolver->mutex);
	return resolver;
}

void resolver_release(struct resolver *resolver)
{
	bool last;

	if (!resolver)
		return;
	pthread_mutex_lock(&resolver->mutex);
	last = --resolver->references == 0;
	pthread_mutex_unlock(&resolver->mutex);
	if (!last)
		return;
	assert(!resolver->lookups);
	close(resolver->event);
	pthread_mutex_destroy(&resolver->mutex);
	free(resolver);
}

unsigned resolver_threads(struct resolver *resolver)
{
	unsigned threads;

	pthread_mutex_lock(&resolver->mutex);
	threads = resolver->threads;
	pthread_mutex_unlock(&resolver->mutex);
	return threads;
}

int resolver_event(const struct resolver *resolver)
{
	return resolver->event;
}

void resolver_read_event(struct resolver *resolver)
{
	eventfd_t ignored;

	if (eventfd_read(resolver->event, &ignored) < 0)
		assert(errno == EAGAIN);
}

static void signal_event(struct resolver *resolver)
{
	int r = eventfd_write(resolver->event, 1);

	assert(!r);
}

static void lookup_free(struct lookup *lookup)
{
	free(lookup->name);
	view_release(lookup->view);
	text_deinit(&lookup->files.hosts);
	text_deinit(&lookup->files.resolv_conf);
	free(lookup->addresses);
	free(lookup);
}

static void unlink_lookup(struct resolver *resolver, const struct lookup *lookup)
{
	struct lookup **at = &resolver->lookups;

	while (*at != lookup)
		at = &(*at)->next;
	*at = lookup->next;
}

static char *write_addresses(const struct addrinfo *list)
{
	struct text text = { 0 };
	unsigned count = 0;

	for (; list && count < NAME_ADDRESSES_MAX; list = list->ai_next) {
		char address[INET6_ADDRSTRLEN];
		const void *from =
			list->ai_family == AF_INET ?
				(const void *)&((const struct sockaddr_in *)list->ai_addr)
					->sin_addr :
				(const void *)&((const struct sockaddr_in6 *)list->ai_addr)
					->sin6_addr;

		if (list->ai_family != AF_INET && list->ai_family != AF_INET6)
			continue;
		if (count++)
			text_append_char(&text, ',');
		text_append_string(&text,
				   inet_ntop(list->ai_family, from, address, sizeof(address)));
	}
	return count ? text_release(&text) : NULL;
}

/*
 * EAI_AGAIN is silence as well as a refusal to tell (SERVFAIL, no name server there), and errno
 * is EAGAIN for both. But silence takes its time: a second is the least `timeout` of
 * resolv.conf(5).
 */
static enum lookup_state judge(int code, int error, double seconds)
{
	switch (code) {
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return LOOKUP_NOT_FOUND;
	case EAI_AGAIN:
		return seconds >= SILENCE_MIN ? LOOKUP_TIMEOUT : LOOKUP_FAILED;
	case EAI_MEMORY:
		return LOOKUP_IMPOSSIBLE;
	case EAI_SYSTEM:
		return error == EMFILE || error == ENFILE ? LOOKUP_IMPOSSIBLE : LOOKUP_FAILED;
	default:
		return LOOKUP_FAILED;
	}
}

static enum lookup_state ask_system(const char *name, char **ret_addresses)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	double start = clock_monotonic();
	struct addrinfo *list;
	char *addresses;
	int code = getaddrinfo(name, NULL, &hints, &list);

	if (code)
		return judge(code, errno, clock_monotonic() - start);
	addresses = write_addresses(list);
	freeaddrinfo(list);
	if (!addresses)
		return LOOKUP_NOT_FOUND;
	*ret_addresses = addresses;
	return LOOKUP_FOUND;
}

static int read_file(const struct view *view, const char *path, size_t max, struct text *text)
{
	int r = file_follow_in_root(view_root(view), path, max, text);

	return r == -ENOENT || r == -ENOTDIR ? 0 : r;
}

/* Nobody else looks at the files before it is over. */
static enum lookup_state read_files(struct lookup *lookup)
{
	struct view_files *files = &lookup->files;

	files->hosts_failure = read_file(lookup->view, "etc/hosts", HOSTS_MAX, &files->hosts);
	files->resolv_conf_failure = read_file(lookup->view, "etc/resolv.conf", RESOLV_CONF_MAX,
					       &files->resolv_conf);
	return LOOKUP_FOUND;
}

static struct lookup *take_next(struct resolver *resolver)
{
	struct lookup *lookup = resolver->lookups;

	while (lookup && (lookup->state != LOOKUP_WAITING ||
			  (lookup->hangs && resolver->hanging >= HANGING_MAX)))
		lookup = lookup->next;
	if (!lookup)
		return NULL;
	lookup->state = LOOKUP_RUNNING;
	lookup->began = clock_monotonic();
	lookup->users++;
	resolver->hanging += lookup->hangs;
	return lookup;
}

static void finish(struct resolver *resolver, struct lookup *lookup, enum lookup_state state,
		   char *addresses)
{
	lookup->state = state;
	lookup->addresses = addresses;
	lookup->ended = clock_monotonic();
	resolver->hanging -= lookup->hangs;
	unlink_lookup(resolver, lookup);
	if (--lookup->users == 0)
		lookup_free(lookup);
}

/* A thread lives while there is something to do for it. */
static void *work(void *argument)
{
	struct resolver *resolver = argument;
	struct lookup *lookup;

	pthread_mutex_lock(&resolver->mutex);
	while ((lookup = take_next(resolver))) {
		char *addresses = NULL;
		enum lookup_state state;

		pthread_mutex_unlock(&resolver->mutex);
		signal_event(resolver);
		state = lookup->view ? read_files(lookup) :
				       ask_system(lookup->name, &addresses);
		pthread_mutex_lock(&resolver->mutex);
		finish(resolver, lookup, state, addresses);
		signal_event(resolver);
	}
	resolver->threads--;
	pthread_mutex_unlock(&resolver->mutex);
	resolver_release(resolver);
	return NULL;
}

static int start_thread(struct resolver *resolver)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int r;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	r = pthread_create(&thread, &attributes, work, resolver);
	pthread_attr_destroy(&attributes);
	return -r;
}

/* With the mutex held. Without any thread nobody would ever take up what waits. */
static void want_thread(struct resolver *resolver)
{
	if (resolver->threads >= THREADS_MAX)
		return;
	if (start_thread(resolver) < 0)
		return;
	resolver->threads++;
	resolver->references++;
}

static struct lookup *find(const struct resolver *resolver, const char *name)
{
	struct lookup *lookup = resolver->lookups;

	while (lookup && (!lookup->name || strcmp(lookup->name, name) != 0))
		lookup = lookup->next;
	return lookup;
}

static struct lookup *find_files(const struct resolver *resolver, const struct view *view)
{
	struct lookup *lookup = resolver->lookups;

	while (lookup && lookup->view != view)
		lookup = lookup->next;
	return lookup;
}

static void add(struct resolver *resolver, struct lookup *lookup, bool hangs)
{
	struct lookup **end = &resolver->lookups;

	lookup->hangs = hangs;
	while (*end)
		end = &(*end)->next;
	*end = lookup;
	want_thread(resolver);
	if (resolver->threads)
		return;
	lookup->state = LOOKUP_IMPOSSIBLE;
	lookup->began = lookup->ended = clock_monotonic();
	unlink_lookup(resolver, lookup);
}

struct lookup *resolver_ask(struct resolver *resolver, const char *name, bool hangs)
{
	struct lookup *lookup;

	pthread_mutex_lock(&resolver->mutex);
	lookup = find(resolver, name);
	if (!lookup) {
		lookup = memory_new(1, sizeof(*lookup));
		lookup->name = memory_copy_string(name);
		add(resolver, lookup, hangs);
	}
	lookup->users++;
	pthread_mutex_unlock(&resolver->mutex);
	return lookup;
}

struct lookup *resolver_read_files(struct resolver *resolver, struct view *view, bool hangs)
{
	struct lookup *lookup;

	pthread_mutex_lock(&resolver->mutex);
	lookup = find_files(resolver, view);
	if (!lookup) {
		lookup = memory_new(1, sizeof(*lookup));
		lookup->view = view_acquire(view);
		add(resolver, lookup, hangs);
	}
	lookup->users++;
	pthread_mutex_unlock(&resolver->mutex);
	return lookup;
}

const struct view_files *lookup_files(const struct lookup *lookup)
{
	return &lookup->files;
}

struct lookup_view lookup_view(struct resolver *resolver, const struct lookup *lookup)
{
	struct lookup_view view;

	pthread_mutex_lock(&resolver->mutex);
	view = (struct lookup_view){ lookup->state, lookup->began, lookup->ended,
				     lookup->addresses };
	pthread_mutex_unlock(&resolver->mutex);
	return view;
}

void lookup_release(struct resolver *resolver, struct lookup *lookup)
{
	pthread_mutex_lock(&resolver->mutex);
	if (--lookup->users == 0) {
		if (lookup->state == LOOKUP_WAITING)
			unlink_lookup(resolver, lookup);
		lookup_free(lookup);
	}
	pthread_mutex_unlock(&resolver->mutex);
}
