/*
 * A TCP and HTTP server whose every move is asked for.
 *
 *   serve [--full] [--fork N] ADDRESS:PORT       ("[::1]:0" for IPv6; port 0 takes a free one)
 *
 * Prints "port N" when it listens, then obeys lines on stdin, each answered with "done":
 *   unlisten   close the listening socket, keep all clients
 *   listen     listen again, on the same port
 *   exec       execute itself again on the same port, the clients' sockets inherited
 *   closeall   close all clients
 *   answer P   answer HTTP requests with "Connection: close" (P 1) or keep connections (P 0)
 * End of input ends it.
 *
 * --full   the queue of the listener is full and stays full: SYNs are not answered
 * --fork N as pre-forking servers do: N children share the listener and sleep
 *
 * What it does with a connection is the wish in the first byte, see wire.h. The receive buffer
 * is small, so that a client fills its send queue quickly. With SO_REUSEADDR one may listen
 * again while accepted sockets still have the port (socket(7)). poll() reports POLLHUP also
 * where nothing was asked for, so what is not to be read has its fd taken out of the list.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

enum { RECEIVE_BUFFER = 4096, BACKLOG = 4096, REQUEST_MAX = 8192 };

struct client {
	int fd; /* -1: closed */
	int wish; /* 0: has not said yet */
	size_t matched; /* of the blank line that ends an HTTP request */
};

static const char *program;
static char address[256];
static char port_text[16] = "0";
static bool full, http_close;
static struct pollfd *fds; /* 0 stdin, 1 listener, then the clients */
static struct client *clients; /* the same indexes */
static size_t count = 2, room;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void add_client(int fd, int wish)
{
	if (count == room) {
		room *= 2;
		fds = realloc(fds, room * sizeof(*fds));
		clients = realloc(clients, room * sizeof(*clients));
		if (!fds || !clients)
			die("realloc");
	}
	fds[count] = (struct pollfd){ .fd = wish ? -1 : fd, .events = POLLIN };
	clients[count++] = (struct client){ .fd = fd, .wish = wish };
}

static void drop_client(size_t i)
{
	close(clients[i].fd);
	clients[i].fd = -1;
	fds[i].fd = -1;
}

static struct addrinfo *resolve(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICHOST };
	struct addrinfo *found;
	int error = getaddrinfo(address, port_text, &hints, &found);

	if (error) {
		fprintf(stderr, "%s: %s\n", address, gai_strerror(error));
		exit(1);
	}
	return found;
}

static void remember_port(int fd)
{
	struct sockaddr_storage bound;
	socklen_t size = sizeof(bound);

	if (getsockname(fd, (struct sockaddr *)&bound, &size))
		die("getsockname");
	/* sin_port and sin6_port have the same offset */
	snprintf(port_text, sizeof(port_text), "%u",
		 ntohs(((struct sockaddr_in *)&bound)->sin_port));
}

static void start_listening(void)
{
	struct addrinfo *where = resolve();
	int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ RECEIVE_BUFFER }, sizeof(int));
	if (bind(fd, where->ai_addr, where->ai_addrlen) || listen(fd, full ? 0 : BACKLOG))
		die("bind and listen");
	remember_port(fd);
	fds[1] = (struct pollfd){ .fd = fd, .events = full ? 0 : POLLIN };
	freeaddrinfo(where);
}

/* A backlog of 0 has room for one connection; with that one inside, SYNs are dropped. */
static void fill_queue(void)
{
	struct addrinfo *where = resolve();
	int fd = socket(where->ai_family, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, where->ai_addr, where->ai_addrlen))
		die("fill the queue");
	freeaddrinfo(where);
}

static void send_all(int fd, const char *bytes, size_t size)
{
	if (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
		die("send");
}

static void answer_http(size_t i)
{
	char text[256];
	int size = snprintf(text, sizeof(text),
			    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
			    "Content-Length: 6\r\n%s\r\nhello\n",
			    http_close ? "Connection: close\r\n" : "");

	if (send(clients[i].fd, text, (size_t)size, MSG_NOSIGNAL) != size || http_close)
		drop_client(i);
}

static void say_fin_to_all(void)
{
	for (size_t i = 2; i < count; i++)
		if (clients[i].fd >= 0 && clients[i].wish == WISH_LATER)
			shutdown(clients[i].fd, SHUT_WR);
}

static void send_data(int fd)
{
	char bytes[DATA_SIZE];

	memset(bytes, 'x', sizeof(bytes));
	send_all(fd, bytes, sizeof(bytes));
}

static void obey(size_t i, int wish)
{
	clients[i].wish = wish;
	if (wish == WISH_CLOSE)
		drop_client(i);
	if (wish == WISH_FIN)
		shutdown(clients[i].fd, SHUT_WR);
	if (wish == WISH_DATA)
		send_data(clients[i].fd);
	if (wish == WISH_NOW) {
		say_fin_to_all();
		send_all(clients[i].fd, "F", 1);
	}
	if (wish != WISH_CLOSE && wish != WISH_END && wish != WISH_NOW && wish != WISH_HTTP)
		fds[i].fd = -1;
}

static void follow_request(size_t i, const char *bytes, size_t size)
{
	static const char end[] = "\r\n\r\n";

	for (size_t k = 0; k < size; k++) {
		bool next = bytes[k] == end[clients[i].matched];

		clients[i].matched = next ? clients[i].matched + 1 : bytes[k] == '\r';
		if (clients[i].matched < sizeof(end) - 1)
			continue;
		clients[i].matched = 0;
		answer_http(i);
	}
}

static void serve_client(size_t i)
{
	char bytes[REQUEST_MAX];
	size_t want = clients[i].wish ? sizeof(bytes) : 1;
	ssize_t got = read(clients[i].fd, bytes, want);

	if (got <= 0)
		drop_client(i);
	else if (!clients[i].wish)
		obey(i, bytes[0]);
	else if (clients[i].wish == WISH_HTTP)
		follow_request(i, bytes, (size_t)got);
}

static void accept_all(void)
{
	int fd;

	while ((fd = accept4(fds[1].fd, NULL, NULL, 0)) >= 0)
		add_client(fd, 0);
	if (errno != EAGAIN)
		die("accept");
}

/* What waits to be accepted would be reset. */
static void stop_listening(void)
{
	accept_all();
	close(fds[1].fd);
	fds[1].fd = -1;
}

/* The sockets survive the exec; their numbers go along as arguments. */
static void exec_again(void)
{
	char where[300];
	char **argv;
	int n = 0;

	if (fds[1].fd >= 0)
		stop_listening();
	argv = calloc(count + 3, sizeof(*argv));
	snprintf(where, sizeof(where), strchr(address, ':') ? "[%s]:%s" : "%s:%s", address,
		 port_text);
	argv[n++] = (char *)program;
	argv[n++] = where;
	for (size_t i = 2; i < count; i++)
		if (clients[i].fd >= 0 && asprintf(&argv[n++], "%d", clients[i].fd) < 0)
			die("asprintf");
	execv(program, argv);
	die(program);
}

static void close_all(void)
{
	for (size_t i = 2; i < count; i++)
		if (clients[i].fd >= 0)
			drop_client(i);
}

static void read_command(void)
{
	char line[64];

	if (!fgets(line, sizeof(line), stdin))
		exit(0);
	if (!strcmp(line, "exec\n"))
		exec_again();
	else if (!strcmp(line, "unlisten\n"))
		stop_listening();
	else if (!strcmp(line, "listen\n"))
		start_listening();
	else if (!strcmp(line, "closeall\n"))
		close_all();
	else if (!strncmp(line, "answer ", 7))
		http_close = line[7] == '1';
	puts("done");
}

static void serve_children(int forks)
{
	pid_t parent = getpid();

	for (int i = 0; i < forks; i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent) /* it died before the line above */
			_exit(0);
		for (;;)
			pause();
	}
}

static void take_address(char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon) {
		fprintf(stderr, "expected ADDRESS:PORT\n");
		exit(64);
	}
	snprintf(port_text, sizeof(port_text), "%s", colon + 1);
	snprintf(address, sizeof(address), "%.*s", (int)(colon - text), text);
	if (address[0] == '[') {
		memmove(address, address + 1, strlen(address));
		address[strlen(address) - 1] = '\0';
	}
}

static void raise_fd_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void take_arguments(int argc, char **argv)
{
	int forks = 0, i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		full |= !strcmp(argv[i], "--full");
		if (!strcmp(argv[i], "--fork") && i + 1 < argc)
			forks = atoi(argv[++i]);
	}
	take_address(i < argc ? argv[i] : "");
	start_listening();
	if (full)
		fill_queue();
	for (i++; i < argc; i++)
		add_client(atoi(argv[i]), WISH_KEEP);
	serve_children(forks);
}

int main(int argc, char **argv)
{
	static char self[4096];

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		die("/proc/self/exe");
	program = self;
	room = 64;
	fds = calloc(room, sizeof(*fds));
	clients = calloc(room, sizeof(*clients));
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	raise_fd_limit();
	fds[0] = (struct pollfd){ .fd = 0, .events = POLLIN };
	take_arguments(argc, argv);
	printf("port %s\n", port_text);
	for (;;) {
		size_t seen = count;

		if (poll(fds, seen, -1) < 0 && errno != EINTR)
			die("poll");
		if (fds[0].revents)
			read_command();
		if (fds[1].fd >= 0 && fds[1].revents)
			accept_all();
		for (size_t i = 2; i < seen; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				serve_client(i);
	}
}
