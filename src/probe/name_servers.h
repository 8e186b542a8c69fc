/*
 * Questions to the name servers of a resolv.conf, asked from inside a view: c-ares, without
 * anything of this machine's own configuration. For one thread; nothing here waits.
 *
 * Lookups of one view share this as long as its resolv.conf stays the same, for a channel of
 * c-ares takes 75 kB.
 */
#pragma once

#include "probe/connections.h"
#include "probe/resolv_conf.h"
#include "probe/resolver.h"
#include "probe/view.h"
#include "probe/watch.h"

struct name_servers;
struct name_question;

/* What all lookups of a thread share; borrows both, begins with none. */
struct name_servers_list {
	struct watch *watch;
	struct connections *connections;
	struct name_servers *first;
};

/* How a question went; at most LOOKUP_RUNNING while it is not answered. */
struct name_answer {
	enum lookup_state state;
	struct address addresses[NAME_ADDRESSES_MAX];
	size_t count;
};

/*
 * The servers of `conf`, the text of a resolv.conf, as `view` reaches them. To be given back to
 * name_servers_release(), after all questions.
 */
struct name_servers *name_servers_acquire(struct name_servers_list *list, struct view *view,
					  const struct text *conf);
void name_servers_release(struct name_servers *servers); /* takes NULL */
const struct resolv_conf *name_servers_conf(const struct name_servers *servers);

/* Asks for the addresses of a family. Nobody need wait for the answer. */
struct name_question *name_servers_ask(struct name_servers *servers, const char *name,
				       int family);
const struct name_answer *name_question_answer(const struct name_question *question);
void name_question_release(struct name_question *question); /* takes NULL */

/* Goes on with all questions, once for each `now` (monotonic seconds). */
void name_servers_perform(struct name_servers *servers, double now);

/* When to, at the latest, although nothing woke us. */
double name_servers_deadline(struct name_servers *servers);
