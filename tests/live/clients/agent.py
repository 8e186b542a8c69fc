"""Connects as it is told, and says what came of it: the ground truth of the tests.

Each line of stdin is a call of a function below, answered with "done RESULT", the result as
JSON. What it opens stays open, in the order of opening, until hang_up(). Without Python's own
start it is ready in some 50 ms; it prints "ready".
"""

import collections
import ctypes
import errno
import json
import os
import select
import socket
import struct
import sys
import time

TCP_USER_TIMEOUT = 18
CLONE3 = 435
RESET = struct.pack("ii", 1, 0)
kept = []


def _new(address, blocking=True, local_port=0):
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    made = socket.socket(family)
    made.setblocking(blocking)
    if local_port:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("", local_port))
    return made, (host.strip("[]"), int(port))


def dial(address, number=1, say="", local_port=0):
    """Opens and keeps connections, and sends `say` on each; the time when all of them are."""
    for _ in range(number):
        made, where = _new(address, local_port=local_port)
        made.connect(where)
        kept.append(made)
        if say:
            made.sendall(say.encode())
    return time.monotonic()


def begin(address, number):
    """Begins to connect and does not wait for the end of it."""
    for _ in range(number):
        made, where = _new(address, blocking=False)
        made.connect_ex(where)
        kept.append(made)


def send(size, first=0, last=None):
    """Sends that many bytes on each of the kept connections; how many in all."""
    for connection in kept[first:last]:
        connection.sendall(b"x" * size)
    return size * len(kept[first:last])


def stuff(first=0, last=None):
    """Sends until no more is taken; how many bytes went into the kernel."""
    total = 0
    for connection in kept[first:last]:
        refused = 0
        while refused < 20:
            try:
                total += connection.send(b"x" * 4096, socket.MSG_DONTWAIT)
                refused = 0
            except BlockingIOError:
                refused += 1
                time.sleep(0.005)
    return total


def receive(size, first=0, last=None):
    """Reads exactly that many bytes from each; how many in all."""
    for connection in kept[first:last]:
        left = size
        while left:
            left -= len(connection.recv(left)) or sys.exit("the peer closed")
    return size * len(kept[first:last])


def hang_up(first=0, last=None):
    """Closes them; how many."""
    closed = kept[first:last]
    for connection in closed:
        connection.close()
    del kept[first:last]
    return len(closed)


def rush(address, number, per_second, say=""):
    """Opens and closes that many, evenly, every third with a reset; {what: how many}."""
    start = time.monotonic()
    done = collections.Counter()
    for n in range(number):
        time.sleep(max(0, start + n / per_second - time.monotonic()))
        made, where = _new(address)
        made.connect(where)
        if say:
            made.sendall(say.encode())
        if n % 3 == 2:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        made.close()
        done["opened"] += 1
        done["sent"] += len(say)
    return dict(done, seconds=time.monotonic() - start)


def attempt(address, number=1, patience_ms=0):
    """Connects so many times at once; {name of the error, or "open": how many}. Keeps none."""
    waiting = {}
    results = collections.Counter()
    poll = select.poll()
    for _ in range(number):
        made, where = _new(address, blocking=False)
        if patience_ms:
            made.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, patience_ms)
        error = made.connect_ex(where)
        if error == errno.EINPROGRESS:
            waiting[made.fileno()] = made
            poll.register(made, select.POLLOUT)
        else:
            results[errno.errorcode.get(error, "open")] += 1
            made.close()
    while waiting:
        for fd, _ in poll.poll(15000) or sys.exit("an attempt does not end"):
            made = waiting.pop(fd)
            poll.unregister(fd)
            error = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            results[errno.errorcode.get(error, "open")] += 1
            made.close()
    return results


def fork(number=1):
    """That many children share everything and sleep, until this process ends."""
    for _ in range(number):
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(1, 9)
            while os.getppid() != 1:
                time.sleep(0.2)
            os._exit(0)


class _CloneArguments(ctypes.Structure):
    """struct clone_args of clone3(2)."""

    _fields_ = [(name, ctypes.c_uint64) for name in (
        "flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size",
        "tls", "set_tid", "set_tid_size")]


SILENCE = os.pipe()


def spawn(argv, pid=0):
    """Starts a program, as the process `pid` if given; [its pid, or 0 and the error].

    Its input is one of its own, where nothing comes: what is said to us is not for it.
    """
    numbers = (ctypes.c_int * 1)(pid)
    arguments = _CloneArguments(exit_signal=17)
    if pid:
        arguments.set_tid, arguments.set_tid_size = ctypes.addressof(numbers), 1
    libc = ctypes.CDLL(None, use_errno=True)
    child = libc.syscall(CLONE3, ctypes.byref(arguments), ctypes.sizeof(arguments))
    if child == 0:
        libc.prctl(1, 9)
        os.dup2(SILENCE[0], 0)
        os.execv(argv[0], argv)
    if child < 0:
        return [0, errno.errorcode[ctypes.get_errno()]]
    return [child, None]


def reap(pid, signal=9):
    """Ends a program that spawn() started; its number is free when this returns."""
    os.kill(pid, signal)
    os.waitpid(pid, 0)


def main():
    print("ready", flush=True)
    for line in sys.stdin:
        print("done", json.dumps(eval(line)), flush=True)


if __name__ == "__main__":
    main()
