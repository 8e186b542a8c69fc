"""What every live test stands on: real processes, real namespaces, the real exporter.

Run the tests with `/usr/bin/python3 -m unittest discover -s tests/live`, or one file
directly. A test class derives from `LiveCase`:

    class Example(LiveCase):
        def test_it(self):
            server = self.serve()                                  # a TCP and HTTP server
            holder = self.hold(f"{server.address} established=3")  # exact numbers and states
            exporter = self.exporter(config(target("t", pid=holder.pid)))
            page = exporter.wait_tick()
            self.assertEqual(page.connections("t"), ss_counts(pid=holder.pid))

Everything a test starts is stopped when the test ends, and dies with the test when that
crashes: processes carry PR_SET_PDEATHSIG (so start them from the main thread), namespaces left
behind by a killed run are removed by the next one that makes any.
"""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from namespaces import Netns, inside
from page import Page
from processes import Agent, Holder, Process, Server
from sockets import ss_counts, ss_infos, ss_queues, ss_rows
from workshop import (BUILD, CLIENTS, LIVE, ROOT, TIMEOUT, build_c, build_go, free_port,
                      requires, requires_root, tool, unique, wait_until)

__all__ = [
    "Agent", "BUILD", "CLIENTS", "EXPORTER", "Exporter", "FAST", "Holder", "LIVE", "LiveCase",
    "Netns", "Page", "Process", "ROOT", "STATES", "Server", "TIMEOUT", "build_c", "build_go",
    "config", "free_port", "requires", "requires_root", "ss_counts", "ss_infos", "ss_queues",
    "ss_rows", "target", "tool", "unique", "wait_until",
]

EXPORTER = pathlib.Path(os.environ.get("OUTBOUND_EXPORTER", BUILD / "outbound_exporter"))
FAST = "collect: { interval: 100ms }\n"
STATES = ("established", "syn_sent", "fin_wait1", "fin_wait2", "time_wait", "close",
          "close_wait", "last_ack", "closing")


def target(name, children=False, any_of=None, **conditions):
    """A target for config(): conditions are ANDed; any_of is a list of mappings instead."""
    found = {"name": name, "match": any_of or conditions}
    if children:
        found["children"] = True
    return found


def config(*targets, **sections):
    """A configuration file, for JSON is YAML: config(target("t", pid=1), limits={...})."""
    if targets:
        sections["targets"] = targets
    return json.dumps({"collect": {"interval": "100ms"}, **sections}, indent=2) + "\n"


class Exporter(Process):
    """The daemon under test, ready to be scraped.

    `config` is the text of a configuration file (None: no --config.file at all). Without a
    `collect:` of its own it gets FAST, an interval of 100 ms.
    """

    def __init__(self, config, *flags, directory, binary=EXPORTER, host="127.0.0.1", netns=None,
                 **how):
        if not binary.exists():
            raise AssertionError(f"{binary} is missing: run make first")
        self.netns = netns
        self.host = host
        self.port = free_port()
        argv = [binary, f"--web.listen-address={host}:{self.port}"]
        if config is not None:
            self.config_file = pathlib.Path(directory) / f"config-{self.port}.yml"
            self.configure(config)
            argv.append(f"--config.file={self.config_file}")
        self.started = time.time()
        super().__init__([*argv, *flags], netns=netns, **how)
        wait_until(self._is_ready, lambda: f"/-/ready\n{self.log()}")

    def configure(self, config):
        """Replaces the configuration file; reloading it is up to the caller."""
        head = "" if "collect" in config else FAST
        self.config_file.write_text(head + config)

    def _is_ready(self):
        if not self.running():
            raise self._failed("not ready")
        with contextlib.suppress(OSError):
            return self.get("/-/ready")[0] == 200
        return False

    def get(self, path, method="GET", headers=None, body=None, timeout=TIMEOUT):
        """One request: (status, headers as a lower-case dict, body as bytes)."""
        if not self.running():
            raise self._failed("no longer there")
        with inside(self.netns):
            connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
            with contextlib.closing(connection):
                connection.request(method, path, body=body, headers=headers or {})
                answer = connection.getresponse()
                names = {name.lower(): value for name, value in answer.getheaders()}
                return answer.status, names, answer.read()

    def scrape(self):
        """One scrape of /metrics as a Page: {(name, frozenset of label pairs): value}."""
        status, headers, body = self.get("/metrics", headers={"Accept": "text/plain"})
        if status != 200:
            raise AssertionError(f"/metrics answered {status}: {body[:500]!r}\n{self.log()}")
        if "version=0.0.4" not in headers.get("content-type", ""):
            raise AssertionError(f"content type {headers.get('content-type')}")
        return Page(body)

    def value(self, name, **labels):
        """One sample of a fresh scrape; KeyError when there is none."""
        return self.scrape().value(name, **labels)

    def wait_for(self, predicate, what="the condition", timeout=TIMEOUT):
        """Scrapes until `predicate(page)` is true; returns that page."""
        pages = []

        def look():
            pages[:] = [self.scrape()]
            return predicate(pages[0])

        wait_until(look, lambda: f"{what}; the last page:\n{pages[0].text}", timeout, 0.05)
        return pages[0]

    def wait_value(self, name, expected, timeout=TIMEOUT, **labels):
        """Scrapes until that sample has that value; returns that page."""
        return self.wait_for(lambda page: page.get_value(name, **labels) == expected,
                             f"{name}{labels} == {expected}", timeout)

    def wait_tick(self, timeout=TIMEOUT):
        """A page of a tick that began after this call: everything done before is in it.

        Two ticks, because the first may have been under way when it was called.
        """
        now = time.time()
        name = "outbound_exporter_last_tick_timestamp_seconds"
        first = self.wait_for(lambda page: page.value(name) > now, "a tick", timeout)
        return self.wait_for(lambda page: page.value(name) > first.value(name), "a second tick",
                             timeout)

    def __exit__(self, *_):
        if self.running():
            status = self.stop()
            if status != 0:
                raise self._failed("did not end cleanly after SIGTERM")
        elif self.child.returncode not in (0, -signal.SIGKILL):
            raise self._failed("died during the test")


class LiveCase(unittest.TestCase):
    """Starts things that stop with the test; `self.dir` is a directory that others can read."""

    maxDiff = None

    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="outboundtest-")
        self.addCleanup(place.cleanup)
        self.dir = pathlib.Path(place.name)
        self.dir.chmod(0o755)

    def start(self, argv, **how):
        """Any program; see Process for `how`."""
        return self.enterContext(Process(argv, **how))

    def serve(self, ip="127.0.0.1", *flags, **how):
        """A server on a port of which nothing is left: what others closed waits for a minute."""
        for _ in range(20):
            server = self.enterContext(Server(ip, *flags, **how))
            ends = {end for row in ss_rows(how.get("netns"))
                    if row.state in ("time_wait", "fin_wait2") for end in (row.local, row.peer)}
            if not any(end.endswith(f":{server.port}") for end in ends):
                return server
        raise AssertionError("no port without leftovers in twenty tries")

    def hold(self, wanted, *flags, **how):
        return self.enterContext(Holder(wanted, *flags, **how))

    def agent(self, **how):
        return self.enterContext(Agent(**how))

    def exporter(self, config, *flags, **how):
        """The exporter. With unprivileged=True it is a copy that everybody may execute."""
        if how.get("unprivileged"):
            how["binary"] = self.copy(EXPORTER)
        return self.enterContext(Exporter(config, *flags, directory=self.dir, **how))

    def churn(self, server, per_second=100):
        """clients/churn.py: connections to `server` that come and go all the time."""
        ip, port = server.address.rsplit(":", 1)
        churn = self.start(["/usr/bin/python3", CLIENTS / "churn.py", ip.strip("[]"), port,
                            per_second])
        churn.expect("ready")
        return churn

    def held(self, exporter, pids, netns=None):
        """A page, and {target: what ss counts for its pids}, which held still around the page.

        `pids` is {target: a pid or several}.
        """
        return self.still(exporter, lambda: {
            name: ss_counts(pid=owners, netns=netns) for name, owners in pids.items()})

    def still(self, exporter, look):
        """A page, and what `look()` answered both before and after it.

        The kernel may still have been finishing something before: then once more.
        """
        def attempt():
            before = look()
            page = exporter.wait_tick()
            return look() == before and (page, before)

        return wait_until(attempt, lambda: f"it did not hold still: {look()}")

    def assert_equals_ss(self, exporter, pids, netns=None):
        """Every target's connections are what ss says of its pids; returns the page."""
        page, expected = self.held(exporter, pids, netns)
        self.assertEqual({name: page.connections(name) for name in pids}, expected)
        return page

    def run_exporter(self, *flags, timeout=TIMEOUT, **how):
        """The exporter as a command that ends: a CompletedProcess with text."""
        return subprocess.run([str(EXPORTER), *map(str, flags)], capture_output=True, text=True,
                              timeout=timeout, check=False, **how)

    def once(self, config, *flags):
        """One page of `--once` for a configuration."""
        path = self.write("once.yml", config)
        done = self.run_exporter("--once", f"--config.file={path}", *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        return Page(done.stdout.encode())

    def write(self, name, text):
        path = self.dir / name
        path.write_text(text)
        return path

    def copy(self, program, name=None):
        """A copy of a program under a name of its own, so that comm and exe are its own."""
        path = self.dir / (name or pathlib.Path(program).name)
        shutil.copy(program, path)
        path.chmod(0o755)
        return path

    def netns(self):
        made = Netns()
        self.addCleanup(made.remove)
        return made

    def enterContext(self, context):
        """As unittest has it from Python 3.11 on."""
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value
