/*
 * What ares_init_options() of c-ares 1.18.1 (lib/ares_init.c, ARES_CONFIG_CHECK()) does not
 * find set, it takes from LOCALDOMAIN, RES_OPTIONS, /etc/resolv.conf, /etc/nsswitch.conf and
 * the name of this machine; so all of it is set: servers, domains, sortlist and lookups to
 * nothing, the rest to what the view's own file says. ares_query() looks neither at
 * HOSTALIASES nor at /etc/hosts.
 *
 * Its own search list is not used: it takes the failure of one family for that of both, or the
 * other way round, as the answers come in (lib/ares_getaddrinfo.c, host_callback()).
 *
 * A datagram without any data is skipped: older versions take it for the end of a connection
 * (CVE-2023-32067). A server that sends without end is left for others after a while.
 *
 * With the socket functions set, c-ares configures no socket, so ours are as it needs them:
 * they never block. It has no scopes of IPv6: they are added when a socket is connected.
 */
#include "probe/name_servers.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "probe/dns_answer.h"

/* UDP and TCP, of each server. */
#define SOCKETS_MAX (2 * RESOLV_CONF_SERVERS_MAX)

/*
 * In the life of a channel: what was asked and given up is forgotten with it only, some 600
 * bytes each.
 */
#define QUESTIONS_MAX 256

/* Reads in one turn. */
#define READS_MAX 64

/* c-ares counts in whole milliseconds, downwards: one more, not to turn around for nothing. */
#define TICK 1e-3

struct name_question {
	struct name_servers *servers;
	int family;
	bool left; /* nobody waits for it */
	struct name_answer answer;
};

struct name_servers {
	struct name_servers_list *list;
	struct name_servers *next; /* in the list */
	unsigned users, asked;
	struct view *view;
	struct text text; /* which conf is pieces of */
	struct resolv_conf conf;
	ares_channel channel;
	int sockets[SOCKETS_MAX];
	size_t socket_count;
	unsigned reads; /* in this turn */
	bool blocked; /* the last socket could not be made: no right, or no descriptor */
	double performed, deadline; /* monotonic seconds */
	bool stale; /* the deadline is */
};

static int fail(int error)
{
	errno = error;
	return -1;
}

static int make_socket(int family, int type, int protocol, void *context)
{
	struct name_servers *servers = context;
	int fd;

	(void)protocol;
	if (servers->socket_count == SOCKETS_MAX)
		return fail(EMFILE);
	fd = view_socket(servers->view, family, type | SOCK_NONBLOCK);
	servers->blocked = fd < 0 && fd != -EAFNOSUPPORT;
	if (fd < 0)
		return fail(-fd);
	servers->sockets[servers->socket_count++] = fd;
	return fd;
}

static bool is_stream(int fd)
{
	socklen_t length = sizeof(int);
	int type = 0;

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) && type == SOCK_STREAM;
}

static int close_socket(int fd, void *context)
{
	struct name_servers *servers = context;
	size_t i = 0;

	while (i < servers->socket_count && servers->sockets[i] != fd)
		i++;
	assert(i < servers->socket_count);
	servers->sockets[i] = servers->sockets[--servers->socket_count];
	watch_remove(servers->list->watch, fd);
	if (is_stream(fd))
		connections_close(servers->list->connections, fd, clock_monotonic());
	else
		close(fd);
	return 0;
}

/* A name of a device in the socket's own namespace, or a number. */
static uint32_t find_scope(int fd, struct bytes scope)
{
	struct ifreq request = { 0 };
	uint64_t number;

	if (bytes_parse_u64(scope, 10, &number) && number <= UINT32_MAX)
		return (uint32_t)number;
	if (scope.length >= sizeof(request.ifr_name))
		return 0;
	memcpy(request.ifr_name, scope.data, scope.length);
	return ioctl(fd, SIOCGIFINDEX, &request) < 0 ? 0 : (uint32_t)request.ifr_ifindex;
}

static void set_scope(const struct name_servers *servers, int fd, struct sockaddr_in6 *remote)
{
	for (size_t i = 0; i < servers->conf.server_count; i++) {
		const struct resolv_conf_server *server = &servers->conf.servers[i];

		if (server->scope.length && !memcmp(server->address.byte, &remote->sin6_addr,
						    sizeof(remote->sin6_addr)))
			remote->sin6_scope_id = find_scope(fd, server->scope);
	}
}

static int connect_socket(int fd, const struct sockaddr *remote, socklen_t length,
			  void *context)
{
	struct name_servers *servers = context;
	struct sockaddr_storage storage;

	if (length > sizeof(storage))
		return fail(EINVAL);
	memcpy(&storage, remote, length);
	if (remote->sa_family == AF_INET6)
		set_scope(servers, fd, (struct sockaddr_in6 *)&storage);
	if (is_stream(fd) &&
	    connections_add(servers->list->connections, servers->view, fd, remote, servers) < 0)
		return fail(EAFNOSUPPORT);
	return connect(fd, (struct sockaddr *)&storage, length);
}

static ssize_t receive(int fd, void *data, size_t size, int flags, struct sockaddr *from,
		       socklen_t *length, void *context)
{
	struct name_servers *servers = context;
	ssize_t got;

	if (servers->reads++ >= READS_MAX)
		return fail(EAGAIN);
	got = recvfrom(fd, data, size, flags, from, length);
	return got || is_stream(fd) ? got : fail(EAGAIN);
}

static ssize_t transmit(int fd, const struct iovec *pieces, int count, void *context)
{
	struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)pieces,
				  .msg_iovlen = (size_t)count };

	(void)context;
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static void watch_socket(void *context, int fd, int readable, int writable)
{
	struct name_servers *servers = context;

	if (readable || writable)
		watch_set(servers->list->watch, fd,
			  (readable ? (uint32_t)EPOLLIN : 0) |
				  (writable ? (uint32_t)EPOLLOUT : 0));
	else
		watch_remove(servers->list->watch, fd);
}

static void check_status(int status)
{
	/* Memory, and nothing else, as the arguments are ours. */
	if (status != ARES_SUCCESS)
		abort();
}

static void init_once(void)
{
	check_status(ares_library_init(ARES_LIB_INIT_ALL));
}

/* In the order of the file; from a random one on when the load is to be spread. */
static void set_servers(struct name_servers *servers)
{
	const struct resolv_conf *conf = &servers->conf;
	struct ares_addr_port_node nodes[RESOLV_CONF_SERVERS_MAX] = { 0 };
	size_t first = conf->rotate ? (size_t)(clock_monotonic() * 1e6) : 0;

	for (size_t i = 0; i < conf->server_count; i++) {
		const struct address *address =
			&conf->servers[(first + i) % conf->server_count].address;

		nodes[i].next = i + 1 < conf->server_count ? &nodes[i + 1] : NULL;
		nodes[i].family = address_is_ipv4(address) ? AF_INET : AF_INET6;
		if (address_is_ipv4(address))
			memcpy(&nodes[i].addr, address->byte + 12, 4);
		else
			memcpy(&nodes[i].addr, address->byte, sizeof(address->byte));
	}
	check_status(ares_set_servers_ports(servers->channel, nodes));
}

static void open_channel(struct name_servers *servers)
{
	static const struct ares_socket_functions functions = {
		make_socket, close_socket, connect_socket, receive, transmit,
	};
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char dns_only[] = "b";
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
			 (servers->conf.use_vc ? ARES_FLAG_USEVC : 0),
		.timeout = (int)servers->conf.timeout * 1000,
		.tries = (int)servers->conf.attempts,
		.ndots = (int)servers->conf.ndots,
		.lookups = dns_only,
		.sock_state_cb = watch_socket,
		.sock_state_cb_data = servers,
	};

	pthread_once(&once, init_once);
	check_status(ares_init_options(
		&servers->channel, &options,
		ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
			ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_SERVERS |
			ARES_OPT_DOMAINS | ARES_OPT_SORTLIST | ARES_OPT_NOROTATE));
	ares_set_socket_functions(servers->channel, &functions, servers);
	set_servers(servers);
}

static bool serves(const struct name_servers *servers, const struct view *view,
		   const struct text *conf)
{
	return servers->view == view && servers->asked < QUESTIONS_MAX &&
	       servers->text.length == conf->length &&
	       !memcmp(text_string(&servers->text), text_string(conf), conf->length);
}

static struct name_servers *find(const struct name_servers_list *list, const struct view *view,
				 const struct text *conf)
{
	struct name_servers *servers = list->first;

	while (servers && !serves(servers, view, conf))
		servers = servers->next;
	return servers;
}

static struct name_servers *add(struct name_servers_list *list, struct view *view,
				const struct text *conf)
{
	struct name_servers *servers = memory_new(1, sizeof(*servers));

	servers->list = list;
	servers->view = view_acquire(view);
	text_append(&servers->text, text_string(conf), conf->length);
	resolv_conf_parse((struct bytes){ text_string(&servers->text), servers->text.length },
			  &servers->conf);
	servers->stale = true;
	open_channel(servers);
	servers->next = list->first;
	list->first = servers;
	return servers;
}

struct name_servers *name_servers_acquire(struct name_servers_list *list, struct view *view,
					  const struct text *conf)
{
	struct name_servers *servers = find(list, view, conf);

	if (!servers)
		servers = add(list, view, conf);
	servers->users++;
	return servers;
}

void name_servers_release(struct name_servers *servers)
{
	struct name_servers **at;

	if (!servers || --servers->users)
		return;
	at = &servers->list->first;
	while (*at != servers)
		at = &(*at)->next;
	*at = servers->next;
	ares_destroy(servers->channel);
	view_release(servers->view);
	text_deinit(&servers->text);
	free(servers);
}

const struct resolv_conf *name_servers_conf(const struct name_servers *servers)
{
	return &servers->conf;
}

static enum lookup_state read_answer(struct name_question *question, struct bytes message)
{
	static const enum lookup_state states[] = {
		[DNS_ANSWER_FOUND] = LOOKUP_FOUND,
		[DNS_ANSWER_NOT_FOUND] = LOOKUP_NOT_FOUND,
		[DNS_ANSWER_FAILED] = LOOKUP_FAILED,
	};

	return states[dns_answer_read(message, question->family, question->answer.addresses,
				      NAME_ADDRESSES_MAX, &question->answer.count)];
}

/*
 * A server that is not there, and one that says it cannot tell, have one status in 1.18, that
 * of a refused connection; so has a socket that could not even be made.
 */
static enum lookup_state judge(const struct name_servers *servers, int status)
{
	switch (status) {
	case ARES_ENOTFOUND:
	case ARES_ENODATA:
	case ARES_EBADNAME: /* too long, or with an empty part: nobody has it */
		return LOOKUP_NOT_FOUND;
	case ARES_ETIMEOUT:
		return LOOKUP_TIMEOUT;
	default:
		return servers->blocked ? LOOKUP_IMPOSSIBLE : LOOKUP_FAILED;
	}
}

static void take_answer(void *context, int status, int timeouts, unsigned char *data,
			int length)
{
	struct name_question *question = context;
	struct name_servers *servers = question->servers;

	(void)timeouts;
	if (status == ARES_ENOMEM)
		abort();
	servers->stale = true;
	if (question->left) {
		free(question);
		return;
	}
	if (status == ARES_SUCCESS && length >= 0)
		question->answer.state = read_answer(
			question, (struct bytes){ (const char *)data, (size_t)length });
	else
		question->answer.state = judge(servers, status);
}

struct name_question *name_servers_ask(struct name_servers *servers, const char *name,
				       int family)
{
	struct name_question *question = memory_new(1, sizeof(*question));

	question->servers = servers;
	question->family = family;
	question->answer.state = LOOKUP_RUNNING;
	servers->asked++;
	servers->stale = true;
	ares_query(servers->channel, name, ns_c_in, family == AF_INET ? ns_t_a : ns_t_aaaa,
		   take_answer, question);
	return question;
}

const struct name_answer *name_question_answer(const struct name_question *question)
{
	return &question->answer;
}

void name_question_release(struct name_question *question)
{
	if (!question)
		return;
	if (question->answer.state == LOOKUP_RUNNING)
		question->left = true;
	else
		free(question);
}

/* Whose turn it is shows by trying: neither reading nor writing waits. */
void name_servers_perform(struct name_servers *servers, double now)
{
	int sockets[SOCKETS_MAX];
	size_t count = servers->socket_count;

	if (servers->performed == now)
		return;
	servers->performed = now;
	servers->stale = true;
	servers->reads = 0;
	memcpy(sockets, servers->sockets, sizeof(sockets));
	for (size_t i = 0; i < count; i++)
		ares_process_fd(servers->channel, sockets[i], sockets[i]);
	ares_process_fd(servers->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

double name_servers_deadline(struct name_servers *servers)
{
	struct timeval left;

	if (!servers->stale)
		return servers->deadline;
	servers->stale = false;
	servers->deadline = INFINITY;
	if (ares_timeout(servers->channel, NULL, &left))
		servers->deadline = clock_monotonic() + (double)left.tv_sec +
				    (double)left.tv_usec / 1e6 + TICK;
	return servers->deadline;
}
