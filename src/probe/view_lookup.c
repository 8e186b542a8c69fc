/*
 * What glibc does with "hosts: files dns" in nsswitch.conf(5), the default; other services,
 * which are code of the target's, are left out. A name that the hosts file has is not asked
 * for, in neither family.
 *
 * A file that is not there is as good as an empty one, to everybody. One that is there and
 * cannot be read, for want of a right, or since it is a FIFO or too long, tells nothing of what
 * the target would find: that is no fault of any name server's.
 *
 * The search list goes on after a name that is not found, or that the servers cannot tell
 * about, and not after silence (resolv/res_query.c, __res_context_search()). Without one, the
 * domain would be that of the target's host name, which is in no file: it has none here.
 */
#include "probe/view_lookup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "probe/hosts.h"
#include "probe/leg.h"
#include "probe/route.h"

enum { IPV4, IPV6, FAMILIES };

struct view_lookup {
	struct name_servers_list *list;
	struct resolver *resolver;
	struct lookup *files; /* NULL: they have been read */
	struct view *view;
	char *name;
	struct lookup_view result;
	char *addresses;
	struct name_servers *servers; /* NULL: none are needed */
	size_t spelling; /* which one of the name is asked for */
	bool failed; /* servers could not tell about an earlier one */
	struct name_question *questions[FAMILIES];
};

static void finish(struct view_lookup *lookup, enum lookup_state state, double now)
{
	lookup->result.state = state;
	lookup->result.ended = now;
}

static void finish_found(struct view_lookup *lookup, struct address *addresses, size_t count,
			 double now)
{
	struct text text = { 0 };

	route_sort(lookup->view, addresses, count);
	for (size_t i = 0; i < count && i < NAME_ADDRESSES_MAX; i++) {
		if (i)
			text_append_char(&text, ',');
		address_write(&addresses[i], &text);
	}
	lookup->addresses = text_release(&text);
	lookup->result.addresses = lookup->addresses;
	finish(lookup, LOOKUP_FOUND, now);
}

/* RFC 6761, 6.3: nobody is asked. */
static size_t find_localhost(const char *name, struct address *addresses)
{
	static const uint8_t ipv4[] = { 127, 0, 0, 1 };

	if (!leg_is_localhost(name))
		return 0;
	addresses[0] = address_from_ipv4(ipv4);
	addresses[1] = (struct address){ { [15] = 1 } };
	return 2;
}

/* Whether that is all there is to do. */
static bool look_into_hosts(struct view_lookup *lookup, const struct text *hosts, double now)
{
	struct address addresses[NAME_ADDRESSES_MAX];
	size_t count = hosts_find((struct bytes){ text_string(hosts), hosts->length },
				  lookup->name, addresses, NAME_ADDRESSES_MAX);

	if (!count)
		count = find_localhost(lookup->name, addresses);
	if (count)
		finish_found(lookup, addresses, count, now);
	return count > 0;
}

static size_t count_dots(const char *name)
{
	size_t count = 0;

	for (; *name; name++)
		count += *name == '.';
	return count;
}

/* The domain "." is the root, below which the name is as it is. */
static void append_domain(struct bytes domain, struct text *text)
{
	if (bytes_equal(domain, "."))
		return;
	text_append_char(text, '.');
	text_append(text, domain.data, domain.length);
}

/*
 * The name as it is asked for that many spellings after the first one: as it is, and with each
 * domain of the search list; which comes first is for the number of its dots to say. False:
 * there are no more.
 */
static bool write_spelling(const struct view_lookup *lookup, size_t spelling, struct text *text)
{
	const struct resolv_conf *conf = name_servers_conf(lookup->servers);
	size_t length = strlen(lookup->name), count = conf->search_count;
	bool complete = length && lookup->name[length - 1] == '.';
	bool first = complete || count_dots(lookup->name) >= conf->ndots;

	if (spelling > (complete ? 0 : count))
		return false;
	text_append_string(text, lookup->name);
	if (spelling == (first ? 0 : count))
		return true;
	append_domain(conf->search[spelling - first], text);
	return true;
}

static void ask(struct view_lookup *lookup, unsigned family)
{
	CLEANUP(text_deinit) struct text name = { 0 };

	if (write_spelling(lookup, lookup->spelling, &name))
		lookup->questions[family] =
			name_servers_ask(lookup->servers, text_string(&name),
					 family == IPV4 ? AF_INET : AF_INET6);
}

/* Both families at once, unless something between us and the servers cannot bear it. */
static void ask_for_spelling(struct view_lookup *lookup)
{
	const struct resolv_conf *conf = name_servers_conf(lookup->servers);

	ask(lookup, IPV4);
	if (!conf->no_aaaa && !conf->single_request)
		ask(lookup, IPV6);
}

static const struct name_answer *answer_of(const struct view_lookup *lookup, unsigned family)
{
	static const struct name_answer none = { .state = LOOKUP_NOT_FOUND };
	const struct name_question *question = lookup->questions[family];

	return question ? name_question_answer(question) : &none;
}

/* Whether there is an answer in each family that is asked for. */
static bool is_answered(struct view_lookup *lookup)
{
	if (answer_of(lookup, IPV4)->state == LOOKUP_RUNNING)
		return false;
	if (!lookup->questions[IPV6] && !name_servers_conf(lookup->servers)->no_aaaa)
		ask(lookup, IPV6);
	return answer_of(lookup, IPV6)->state != LOOKUP_RUNNING;
}

/* What was found in either family will do; else the worse of what went wrong. */
static enum lookup_state judge(const struct view_lookup *lookup)
{
	static const enum lookup_state order[] = { LOOKUP_FOUND, LOOKUP_IMPOSSIBLE,
						   LOOKUP_TIMEOUT, LOOKUP_FAILED };

	for (size_t i = 0; i < ARRAY_LENGTH(order); i++) {
		for (unsigned family = 0; family < FAMILIES; family++) {
			if (answer_of(lookup, family)->state == order[i])
				return order[i];
		}
	}
	return LOOKUP_NOT_FOUND;
}

static void finish_answered(struct view_lookup *lookup, double now)
{
	struct address addresses[FAMILIES * NAME_ADDRESSES_MAX];
	size_t count = 0;

	for (unsigned family = FAMILIES; family-- > 0;) {
		const struct name_answer *answer = answer_of(lookup, family);

		memcpy(addresses + count, answer->addresses,
		       answer->count * sizeof(*addresses));
		count += answer->count;
	}
	finish_found(lookup, addresses, count, now);
}

static void forget_questions(struct view_lookup *lookup)
{
	for (unsigned family = 0; family < FAMILIES; family++) {
		name_question_release(lookup->questions[family]);
		lookup->questions[family] = NULL;
	}
}

/* The next spelling is asked for, or there is none. */
static void try_next(struct view_lookup *lookup, double now)
{
	forget_questions(lookup);
	lookup->spelling++;
	ask_for_spelling(lookup);
	if (!lookup->questions[IPV4])
		finish(lookup, lookup->failed ? LOOKUP_FAILED : LOOKUP_NOT_FOUND, now);
}

static void take_answers(struct view_lookup *lookup, double now)
{
	enum lookup_state state = judge(lookup);

	lookup->failed |= state == LOOKUP_FAILED;
	if (state == LOOKUP_FOUND)
		finish_answered(lookup, now);
	else if (state == LOOKUP_FAILED || state == LOOKUP_NOT_FOUND)
		try_next(lookup, now);
	else
		finish(lookup, state, now);
}

static void take_files(struct view_lookup *lookup, double now)
{
	const struct view_files *files = lookup_files(lookup->files);

	if (!files->hosts_failure && look_into_hosts(lookup, &files->hosts, now))
		return;
	if (files->hosts_failure || files->resolv_conf_failure) {
		finish(lookup, LOOKUP_IMPOSSIBLE, now);
		return;
	}
	lookup->servers = name_servers_acquire(lookup->list, lookup->view, &files->resolv_conf);
	ask_for_spelling(lookup);
}

static void release_files(struct view_lookup *lookup)
{
	if (lookup->files)
		lookup_release(lookup->resolver, lookup->files);
	lookup->files = NULL;
}

static void check_files(struct view_lookup *lookup, double now)
{
	enum lookup_state state = lookup_view(lookup->resolver, lookup->files).state;

	if (state == LOOKUP_WAITING || state == LOOKUP_RUNNING)
		return;
	if (state == LOOKUP_FOUND)
		take_files(lookup, now);
	else
		finish(lookup, state, now);
	release_files(lookup);
}

struct view_lookup *view_lookup_new(struct name_servers_list *list, struct resolver *resolver,
				    struct view *view, const char *name, bool hangs, double now)
{
	struct view_lookup *lookup = memory_new(1, sizeof(*lookup));

	lookup->list = list;
	lookup->resolver = resolver;
	lookup->view = view_acquire(view);
	lookup->name = memory_copy_string(name);
	lookup->result = (struct lookup_view){ .state = LOOKUP_RUNNING, .began = now };
	lookup->files = resolver_read_files(resolver, view, hangs);
	return lookup;
}

void view_lookup_free(struct view_lookup *lookup)
{
	if (!lookup)
		return;
	release_files(lookup);
	forget_questions(lookup);
	name_servers_release(lookup->servers);
	view_release(lookup->view);
	free(lookup->addresses);
	free(lookup->name);
	free(lookup);
}

struct lookup_view view_lookup_check(struct view_lookup *lookup, double now)
{
	if (lookup->files)
		check_files(lookup, now);
	if (lookup->files)
		return lookup->result;
	if (lookup->result.state == LOOKUP_RUNNING)
		name_servers_perform(lookup->servers, now);
	/* What fails at once is over at once: a list of 32 domains ends here. */
	while (lookup->result.state == LOOKUP_RUNNING && is_answered(lookup))
		take_answers(lookup, now);
	return lookup->result;
}

bool view_lookup_is_reading(const struct view_lookup *lookup)
{
	return lookup->files != NULL;
}

double view_lookup_deadline(const struct view_lookup *lookup)
{
	if (lookup->files)
		return INFINITY;
	if (lookup->result.state != LOOKUP_RUNNING ||
	    (answer_of(lookup, IPV4)->state != LOOKUP_RUNNING &&
	     answer_of(lookup, IPV6)->state != LOOKUP_RUNNING))
		return -INFINITY;
	return name_servers_deadline(lookup->servers);
}
