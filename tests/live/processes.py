"""Programs that a test starts: they end with the test, and die with it when it crashes."""

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import tempfile
import time

from workshop import CLIENTS, TIMEOUT, build_c

NOBODY = 65534
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wrapped(argv, netns, unprivileged):
    """Both wrappers exec, so the pid stays the pid of the program."""
    words = [str(word) for word in argv]
    if unprivileged:
        # The kernel forgets the parent-death signal when the uid changes: set it again.
        words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                 "--pdeathsig=KILL", "--", *words]
    if netns is not None:
        # Not `ip netns exec`: that remounts /sys and hides the cgroup mounts.
        words = ["nsenter", f"--net=/run/netns/{netns}", "--", *words]
    return words


class Process:
    """A running program with pipes for stdin and stdout; stderr goes to a file, see log()."""

    def __init__(self, argv, *, netns=None, unprivileged=False, env=None, cwd=None):
        self._stderr = tempfile.TemporaryFile(mode="w+b")
        self._unread = b""
        self._log = ""
        self.argv = [str(word) for word in argv]
        self.child = subprocess.Popen(
            wrapped(argv, netns, unprivileged), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._stderr, preexec_fn=_die_with_parent, env=env, cwd=cwd)
        self.pid = self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def log(self):
        """Everything the program wrote to stderr until now."""
        if self._stderr.closed:
            return self._log
        size = os.fstat(self._stderr.fileno()).st_size
        return os.pread(self._stderr.fileno(), size, 0).decode("utf-8", "replace")

    def running(self):
        return self.child.poll() is None

    def _failed(self, what):
        state = "running" if self.running() else f"ended with {self.child.returncode}"
        return AssertionError(f"{' '.join(self.argv)}: {what} ({state})\n{self.log()}")

    def line(self, timeout=TIMEOUT):
        """The next line of stdout."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [], left)[0]:
                raise self._failed(f"no line within {timeout} s")
            more = os.read(self.child.stdout.fileno(), 65536)
            if not more:
                self.child.wait(timeout)
                raise self._failed("end of output")
            self._unread += more
        line, self._unread = self._unread.split(b"\n", 1)
        return line.decode("utf-8", "replace")

    def expect(self, word, timeout=TIMEOUT):
        """Reads lines until one starts with `word`; returns what follows it on that line."""
        while True:
            line = self.line(timeout)
            if line.split(" ")[0] == word:
                return line[len(word):].strip()

    def ask(self, command, answer="done", timeout=TIMEOUT):
        """Writes a line to stdin and waits for its answer."""
        self.child.stdin.write(command.encode() + b"\n")
        self.child.stdin.flush()
        return self.expect(answer, timeout)

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self, timeout=TIMEOUT):
        """Ends the program: SIGTERM, then SIGKILL; returns its exit status. Safe to repeat."""
        if self.running():
            self.child.terminate()
        try:
            self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self._log = self.log()
        for pipe in (self.child.stdin, self.child.stdout, self._stderr):
            with contextlib.suppress(OSError):
                pipe.close()
        return self.child.returncode


class Server(Process):
    """clients/serve.c on a free port: `address` is "ip:port" as the exporter spells it."""

    def __init__(self, ip="127.0.0.1", *flags, argv0=None, **how):
        host = f"[{ip}]" if ":" in ip else ip
        super().__init__([argv0 or build_c("serve"), *flags, f"{host}:0"], **how)
        self.port = int(self.expect("port"))
        self.address = f"{host}:{self.port}"
        self.url = f"http://{self.address}/"


class Holder(Process):
    """clients/hold.c with its words, in one string or a list. Returns when all is held."""

    def __init__(self, wanted, *flags, argv0=None, **how):
        words = wanted.split() if isinstance(wanted, str) else list(wanted)
        super().__init__([argv0 or build_c("hold"), *flags, *words], **how)
        self.expect("ready")


class Agent(Process):
    """clients/agent.py: call() does what one of its functions does, and returns what that says."""

    def __init__(self, argv0="/usr/bin/python3", **how):
        super().__init__([argv0, CLIENTS / "agent.py"], **how)
        self.expect("ready")

    def begin(self, function, *arguments, **named):
        """As call(), but does not wait: finish() does."""
        self.child.stdin.write(f"{function}(*{arguments!r}, **{named!r})\n".encode())
        self.child.stdin.flush()

    def finish(self, timeout=60):
        return json.loads(self.expect("done", timeout))

    def call(self, function, *arguments, timeout=60, **named):
        self.begin(function, *arguments, **named)
        return self.finish(timeout)
