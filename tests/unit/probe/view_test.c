/* Another namespace than our own needs CAP_SYS_ADMIN. */
#include "probe/view.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "test.h"

static uint64_t inode_of(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 ? 0 : status.st_ino;
}

static int open_netns(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Whether the socket is where there is nobody: a new namespace has its loopback down. */
static bool is_elsewhere(int fd)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(9) };

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&here, sizeof(here)) < 0 && errno == ENETUNREACH;
}

/* A process in a network namespace of its own; false without the right to. */
struct inmate {
	pid_t pid;
	int pipe[2];
};

static bool inmate_init(struct inmate *inmate)
{
	char said = 'n';

	if (pipe(inmate->pipe) < 0)
		return false;
	inmate->pid = fork();
	if (!inmate->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		said = unshare(CLONE_NEWNET) ? 'n' : 'y';
		if (write(inmate->pipe[1], &said, 1) == 1)
			pause();
		_exit(0);
	}
	return read(inmate->pipe[0], &said, 1) == 1 && said == 'y';
}

static void inmate_deinit(struct inmate *inmate)
{
	kill(inmate->pid, SIGKILL);
	waitpid(inmate->pid, NULL, 0);
	close(inmate->pipe[0]);
	close(inmate->pipe[1]);
}

TEST(no_view_is_our_own)
{
	CLEANUP(file_close) int fd = view_socket(NULL, AF_INET, SOCK_DGRAM);

	REQUIRE(fd >= 0);
	CHECK(!is_elsewhere(fd));
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CHECK_EQ_INT(view_socket(NULL, AF_UNSPEC, SOCK_DGRAM), -EAFNOSUPPORT);
	CHECK(!view_acquire(NULL));
	view_release(NULL);
}

TEST(our_own_namespace_is_not_entered)
{
	struct view *view = view_new(open_netns(getpid()), open("/", O_PATH | O_CLOEXEC));
	CLEANUP(file_close) int fd = -1;

	CHECK_EQ_U64(view_netns(view), inode_of("/proc/self/ns/net"));
	fd = view_socket(view, AF_INET, SOCK_STREAM);
	CHECK(fd >= 0);
	CHECK(view_root(view) >= 0);
	view_release(view);
}

TEST(a_socket_in_another_namespace)
{
	uint64_t home = inode_of("/proc/thread-self/ns/net");
	CLEANUP(inmate_deinit) struct inmate inmate;
	CLEANUP(file_close) int fd = -1;
	struct view *view;

	if (!inmate_init(&inmate))
		TEST_SKIP("needs CAP_SYS_ADMIN");
	view = view_new(open_netns(inmate.pid), open("/", O_PATH | O_CLOEXEC));
	CHECK(view_netns(view) != home);
	for (unsigned i = 0; i < 100; i++) {
		file_close(&fd);
		fd = view_socket(view, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK);
	}
	REQUIRE(fd >= 0);
	CHECK(is_elsewhere(fd));
	CHECK_EQ_U64(inode_of("/proc/thread-self/ns/net"), home);
	CHECK_EQ_INT(view_socket(view, AF_UNSPEC, SOCK_DGRAM), -EAFNOSUPPORT);
	CHECK_EQ_U64(inode_of("/proc/thread-self/ns/net"), home);
	view_release(view_acquire(view));
	view_release(view);
}

/* In a process of its own, for rights are not given back. */
TEST(without_the_right_to)
{
	CLEANUP(inmate_deinit) struct inmate inmate;
	struct view *view;
	int status = -1, r;
	pid_t pid;

	if (!inmate_init(&inmate))
		TEST_SKIP("needs CAP_SYS_ADMIN");
	view = view_new(open_netns(inmate.pid), open("/", O_PATH | O_CLOEXEC));
	pid = fork();
	if (!pid) {
		if (setresuid(65534, 65534, 65534) < 0)
			_exit(100);
		r = view_socket(view, AF_INET, SOCK_DGRAM);
		_exit(r < 0 ? -r : 101);
	}
	waitpid(pid, &status, 0);
	CHECK_EQ_INT(WEXITSTATUS(status), EPERM);
	view_release(view);
}

TEST_MAIN()
