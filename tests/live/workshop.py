"""Where things are, which of them are there, and how the clients are compiled."""

import contextlib
import fcntl
import functools
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
LIVE = BUILD / "live"
CLIENTS = ROOT / "tests" / "live" / "clients"
TIMEOUT = 20.0


@functools.lru_cache(maxsize=None)
def tools():
    """What tests/tools fetched: name -> path, from build/tools/env.json; empty without it."""
    try:
        found = json.loads((BUILD / "tools" / "env.json").read_text())
    except FileNotFoundError:
        return {}
    return found.get("tools", found)


def tool(name):
    """The path of a program: the fetched one if there is one, else that on PATH, else None."""
    path = tools().get(name)
    if isinstance(path, str) and os.access(path, os.X_OK):
        return path
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def requires(name):
    """Skips a test or class with the reason when the program `name` is not to be found."""
    return unittest.skipUnless(tool(name), f"needs the program {name}")


requires_root = unittest.skipUnless(os.geteuid() == 0, "needs root")


def free_port(address="127.0.0.1"):
    """A port that nobody listens on now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def unique(name):
    """A name of this run's own, at most 15 bytes as comm: runs side by side do not meet."""
    return f"{name[:8]}{os.getpid()}"


def wait_until(condition, what, timeout=TIMEOUT, pause=0.02):
    """Calls `condition` until it answers something true, and returns that.

    `what` may be a text or a function that explains the failure.
    """
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            reason = what() if callable(what) else what
            raise AssertionError(f"not within {timeout} s: {reason}")
        time.sleep(pause)


@contextlib.contextmanager
def _locked(name):
    LIVE.mkdir(parents=True, exist_ok=True)
    with open(LIVE / f".{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _newer(output, sources):
    if not output.exists():
        return False
    built = output.stat().st_mtime_ns
    return all(source.stat().st_mtime_ns <= built for source in sources)


def _build(name, sources, argv, **more):
    output = LIVE / name
    with _locked(name):
        if not _newer(output, sources):
            partial = LIVE / f".{name}.partial"
            argv = [str(partial) if word == "OUTPUT" else str(word) for word in argv]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=300, **more)
            if done.returncode:
                raise AssertionError(f"{' '.join(argv)} failed:\n{done.stderr}")
            partial.rename(output)
    return output


def build_c(name):
    """Compiles clients/NAME.c into build/live/NAME when it is out of date; returns the path."""
    sources = [CLIENTS / f"{name}.c", CLIENTS / "wire.h"]
    flags = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-pthread"]
    return _build(name, sources, ["gcc", *flags, "-o", "OUTPUT", sources[0]])


def build_go(name):
    """Compiles clients/NAME/main.go with Debian's Go, without network, into build/live/NAME."""
    source = CLIENTS / name / "main.go"
    environment = dict(os.environ, GOFLAGS="-mod=mod", GOPROXY="off", CGO_ENABLED="0",
                       GOCACHE=str(BUILD / "gocache"), GOPATH=str(BUILD / "gopath"))
    argv = [tool("go"), "build", "-o", "OUTPUT", source]
    return _build(name, [source], argv, env=environment)
