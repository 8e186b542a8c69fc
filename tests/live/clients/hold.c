/*
 * Holds exact numbers of TCP connections in exact states, towards clients/serve.c.
 *
 *   hold [--threads N] [--files N] [--fork N] [--listen ADDRESS:PORT] ADDRESS:PORT STATE=N ...
 *        [ADDRESS:PORT STATE=N ...] ...
 *
 * "[::ffff:127.0.0.1]:80" connects through an IPv6 socket. Prints "ready" when every connection
 * is in its state, as TCP_INFO tells, and waits for the end of input. States:
 *
 *   established close_wait syn_sent fin_wait1 fin_wait2 closing last_ack       (owned by a fd)
 *   unread       established, with DATA_SIZE bytes in the receive queue
 *   unsent       established, with a full send queue
 *   pooled       established, and the server closes when this side does
 *   time_wait    closed by both, this side first                             (owned by nobody)
 *   orphan_fin_wait1, orphan_last_ack    closed here, the peer takes no data (owned by nobody)
 *
 * How they are made: syn_sent wants `serve --full`. A FIN stands behind data in the send queue
 * until the peer's window opens, and it never opens: that holds fin_wait1; when the peer sends
 * its own FIN meanwhile it is closing, and when the peer's came first, last_ack (RFC 9293,
 * figure 5; tcp_close_state() in net/ipv4/tcp.c). What went to TIME_WAIT says TCP_CLOSE.
 *
 * While it waits it obeys lines on stdin, each answered with "done":
 *   close STATE        close every held connection that was asked for as STATE
 *   connect ADDRESS:PORT STATE=N      hold more
 *
 * --fork N     N children share all sockets and sleep, as pre-forking clients do
 * --listen A   listen there as well; prints "listen PORT" before "ready"
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

enum { SEND_BUFFER = 8192, PATIENCE_SECONDS = 15 };

struct kind {
	const char *name;
	int wish;
	bool fill; /* fill the send queue */
	bool wait_fin; /* first wait for the peer's FIN */
	bool shut; /* send the FIN */
	bool drop; /* close() */
	int state; /* to be reached; of dropped ones, before dropping */
};

static const struct kind kinds[] = {
	{ "established", WISH_KEEP, .state = TCP_ESTABLISHED },
	{ "unread", WISH_DATA, .state = TCP_ESTABLISHED },
	{ "unsent", WISH_KEEP, .fill = true, .state = TCP_ESTABLISHED },
	{ "syn_sent", 0, .state = TCP_SYN_SENT },
	{ "close_wait", WISH_CLOSE, .wait_fin = true, .state = TCP_CLOSE_WAIT },
	{ "fin_wait1", WISH_KEEP, .fill = true, .shut = true, .state = TCP_FIN_WAIT1 },
	{ "fin_wait2", WISH_KEEP, .shut = true, .state = TCP_FIN_WAIT2 },
	{ "closing", WISH_LATER, .fill = true, .shut = true, .state = TCP_CLOSING },
	{ "last_ack", WISH_FIN, .wait_fin = true, .fill = true, .shut = true,
	  .state = TCP_LAST_ACK },
	{ "pooled", WISH_END, .state = TCP_ESTABLISHED },
	{ "time_wait", WISH_END, .shut = true, .drop = true, .state = TCP_CLOSE },
	{ "orphan_fin_wait1", WISH_KEEP, .fill = true, .shut = true, .drop = true,
	  .state = TCP_FIN_WAIT1 },
	{ "orphan_last_ack", WISH_FIN, .wait_fin = true, .fill = true, .shut = true,
	  .drop = true, .state = TCP_LAST_ACK },
};

struct held {
	int fd;
	const struct kind *kind;
};

static struct held *all;
static size_t count;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct addrinfo *resolve(const char *text)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	const char *colon = strrchr(text, ':');
	bool bracket = text[0] == '[';
	struct addrinfo *found;
	char host[256];
	int error;

	snprintf(host, sizeof(host), "%.*s", (int)(colon - text) - 2 * bracket, text + bracket);
	error = getaddrinfo(host, colon + 1, &hints, &found);
	if (error) {
		fprintf(stderr, "%s: %s\n", text, gai_strerror(error));
		exit(1);
	}
	return found;
}

static int state_of(int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		die("TCP_INFO");
	return info.tcpi_state;
}

static void rest(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static void wait_state(const struct held *h, int state)
{
	time_t end = time(NULL) + PATIENCE_SECONDS;

	while (state_of(h->fd) != state) {
		if (time(NULL) > end) {
			fprintf(stderr, "%s: state %d, expected %d\n", h->kind->name,
				state_of(h->fd), state);
			exit(1);
		}
		rest();
	}
}

/* Until nothing more is taken, and again after the peer's window has closed. */
static void fill(int fd)
{
	char bytes[4096];
	int refused = 0;

	memset(bytes, 'x', sizeof(bytes));
	while (refused < 10) {
		if (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
			refused = 0;
			continue;
		}
		if (errno != EAGAIN)
			die("send");
		refused++;
		rest();
	}
}

static void await_data(int fd)
{
	char bytes[DATA_SIZE];

	while (recv(fd, bytes, sizeof(bytes), MSG_PEEK) < DATA_SIZE)
		rest();
}

static int open_one(const struct addrinfo *where, bool hangs)
{
	int fd = socket(where->ai_family, SOCK_STREAM | (hangs ? SOCK_NONBLOCK : 0), 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ SEND_BUFFER }, sizeof(int));
	if (connect(fd, where->ai_addr, where->ai_addrlen) && errno != EINPROGRESS)
		die("connect");
	return fd;
}

static void hold_one(const struct addrinfo *where, const struct kind *kind)
{
	char wish = (char)kind->wish;
	struct held h = { open_one(where, !kind->wish), kind };

	if (wish && send(h.fd, &wish, 1, MSG_NOSIGNAL) != 1)
		die("send");
	if (kind->wait_fin)
		wait_state(&h, TCP_CLOSE_WAIT);
	if (kind->fill)
		fill(h.fd);
	if (kind->wish == WISH_DATA)
		await_data(h.fd);
	if (kind->shut)
		shutdown(h.fd, SHUT_WR);
	all = realloc(all, (count + 1) * sizeof(*all));
	all[count++] = h;
}

/* Asks the server for the FINs that were to come later; a reset leaves no TIME_WAIT behind. */
static void ask_for_fins(const struct addrinfo *where)
{
	struct linger reset = { .l_onoff = 1 };
	int fd = open_one(where, false);
	char byte = WISH_NOW;

	if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 1)
		die("ask for the FINs");
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

static void hold_some(const struct addrinfo *where, const char *word)
{
	size_t length = strcspn(word, "=");

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		if (strlen(kinds[k].name) != length || strncmp(kinds[k].name, word, length))
			continue;
		for (int n = atoi(word + length + 1); n > 0; n--)
			hold_one(where, &kinds[k]);
		if (kinds[k].wish == WISH_LATER)
			ask_for_fins(where);
		return;
	}
	fprintf(stderr, "unknown state: %s\n", word);
	exit(64);
}

static void settle(size_t from)
{
	for (size_t i = from; i < count; i++)
		if (all[i].fd >= 0)
			wait_state(&all[i], all[i].kind->state);
	for (size_t i = from; i < count; i++) {
		if (!all[i].kind->drop || all[i].fd < 0)
			continue;
		close(all[i].fd);
		all[i].fd = -1;
	}
}

static void hold_words(char **words)
{
	struct addrinfo *where = NULL;
	size_t from = count;

	for (; *words; words++) {
		if (strchr(*words, '='))
			hold_some(where, *words);
		else
			where = resolve(*words);
	}
	settle(from);
}

/* What the server closes in turn is in TIME_WAIT when this returns. */
static void close_kind(const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (all[i].fd < 0 || strcmp(all[i].kind->name, name))
			continue;
		if (all[i].kind->wish == WISH_END) {
			shutdown(all[i].fd, SHUT_WR);
			wait_state(&all[i], TCP_CLOSE);
		}
		close(all[i].fd);
		all[i].fd = -1;
	}
}

static void *sleep_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void start_threads(int n)
{
	pthread_t thread;

	while (n-- > 0)
		if (pthread_create(&thread, NULL, sleep_for_ever, NULL))
			die("pthread_create");
}

static void open_files(int n)
{
	while (n-- > 0)
		if (open("/dev/null", O_RDONLY) < 0)
			die("/dev/null");
}

static void start_listening(const char *text)
{
	struct addrinfo *where = resolve(text);
	int fd = socket(where->ai_family, SOCK_STREAM, 0);
	struct sockaddr_in6 bound;
	socklen_t size = sizeof(bound);

	if (fd < 0 || bind(fd, where->ai_addr, where->ai_addrlen) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)&bound, &size))
		die("listen");
	printf("listen %u\n", ntohs(bound.sin6_port));
}

static void start_children(int n)
{
	pid_t parent = getpid();

	while (n-- > 0) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent) /* it died before the line above */
			_exit(0);
		sleep_for_ever(NULL);
	}
}

static void obey(char *line)
{
	char *words[16] = { NULL };
	char *save = NULL;
	size_t n = 0;

	for (char *word = strtok_r(line, " \n", &save); word && n < 15;
	     word = strtok_r(NULL, " \n", &save))
		words[n++] = word;
	if (n == 2 && !strcmp(words[0], "close"))
		close_kind(words[1]);
	else if (n >= 3 && !strcmp(words[0], "connect"))
		hold_words(words + 1);
	puts("done");
}

static void raise_fd_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	int forks = 0, i = 1;
	char line[256];

	setvbuf(stdout, NULL, _IOLBF, 0);
	raise_fd_limit();
	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (!strcmp(argv[i], "--threads"))
			start_threads(atoi(argv[i + 1]));
		if (!strcmp(argv[i], "--files"))
			open_files(atoi(argv[i + 1]));
		if (!strcmp(argv[i], "--fork"))
			forks = atoi(argv[i + 1]);
		if (!strcmp(argv[i], "--listen"))
			start_listening(argv[i + 1]);
	}
	hold_words(argv + i);
	start_children(forks);
	puts("ready");
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	return 0;
}
