#!/usr/bin/python3
"""Golden pages: what the exporter says once about a fake /proc tree.

Each folder of tests/fixtures/proc holds a tree, a config.yml (none: discovery) and the expected
page.txt, without comments and without what differs from run to run. `golden.py --update`
rewrites the pages: read what has changed before you commit it.

A tree is text, a line each, and made to be read beside its page; --path.rootfs is the same
folder. All but the last two stand for what the kernel would show; numbers in brackets are
defaults.

  process PID COMM [parent=1 start=0 threads=1 pages=0 limit=1024 fds=3 netns=4026531840]
        stat, limits, namespace, and that many descriptors that are no sockets
  sockets PID INODE...      more descriptors; FIRST-LAST is a range
  cmdline PID ARGUMENT...   exe PID PATH   user PID UID   cgroup PID TEXT
  tcp LOCAL REMOTE STATE [inode=0 rx=0 tx=0 netns=4026531840 times=1]
        a row of net/tcp, or of tcp6 when there are brackets; times=N: N of them, with local
        ports and inodes counted upwards
  table NETNS TEXT          a line of net/tcp as it is
  file PATH TEXT            a whole file; in TEXT, \\n \\t \\0 \\xff mean what they mean in C
  link PATH TARGET
  remove PATH
"""

import ipaddress
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
BINARY = ROOT / "build" / "outbound_exporter"
FIXTURES = ROOT / "tests" / "fixtures" / "proc"
HOST = "4026531840"
STATES = ("established syn_sent syn_recv fin_wait1 fin_wait2 time_wait close close_wait "
          "last_ack listen closing new_syn_recv").split()
HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
VOLATILE = re.compile(r"process_|outbound_exporter_(build_info|source_duration_seconds|"
                      r"last_tick_timestamp_seconds|config_last_reload_success_timestamp)")


def unescape(text):
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def endpoint(text):
    host, port = text.rsplit(":", 1)
    words = struct.unpack("=%dI" % (len(ipaddress.ip_address(host.strip("[]")).packed) // 4),
                          ipaddress.ip_address(host.strip("[]")).packed)
    return "".join("%08X" % word for word in words), int(port)


class Tree:
    """Builds a tree in a folder, line by line."""

    def __init__(self, folder):
        self.folder = folder
        self.tables = {}
        self.write("stat", b"cpu  1 2 3 4\nbtime 1700000000\n")

    def write(self, path, content):
        path = self.folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def link(self, path, target):
        path = self.folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def build(self, text):
        for line in text.splitlines():
            if line and not line.startswith("#"):
                verb, rest = line.split(None, 1)
                getattr(self, "do_" + verb)(rest)
        for netns, table in self.tables.items():
            for name, rows in table.items():
                path = self.folder / "netns" / netns / name
                if not path.exists():
                    self.write(path, (HEADING + "".join(rows)).encode("latin-1"))

    def table(self, netns):
        return self.tables.setdefault(netns, {"tcp": [], "tcp6": []})

    def do_process(self, rest):
        words, values = self.values(rest, parent="1", start="0", threads="1", pages="0",
                                    limit="1024", netns=HOST, fds="3")
        pid, comm = words
        self.table(values["netns"])
        stat = (f"{pid} ({comm}) S {values['parent']} {pid} {pid} 0 -1 4194560 0 0 0 0 0 0 0 0 "
                f"20 0 {values['threads']} 0 {values['start']} 0 {values['pages']} "
                "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n")
        self.write(f"{pid}/stat", unescape(stat))
        self.write(f"{pid}/limits", b"Max open files            %-20s 524288    files\n"
                   % values["limit"].encode())
        self.link(f"{pid}/ns/net", f"net:[{values['netns']}]")
        self.link(f"{pid}/net", f"../netns/{values['netns']}")
        (self.folder / pid / "fd").mkdir()
        for number in range(int(values["fds"])):
            self.link(f"{pid}/fd/{number}", "/dev/null")

    def do_sockets(self, rest):
        pid, *ranges = rest.split()
        number = len(list((self.folder / pid / "fd").iterdir()))
        for item in ranges:
            first, _, last = item.partition("-")
            for inode in range(int(first), int(last or first) + 1):
                self.link(f"{pid}/fd/{number}", f"socket:[{inode}]")
                number += 1

    def do_cmdline(self, rest):
        pid, *arguments = rest.split()
        self.write(f"{pid}/cmdline", b"".join(unescape(word) + b"\0" for word in arguments))

    def do_exe(self, rest):
        pid, path = rest.split(None, 1)
        self.link(f"{pid}/exe", path)

    def do_user(self, rest):
        pid, user = rest.split()
        users = "\t".join([user] * 4)
        self.write(f"{pid}/status", f"Name:\tx\nUid:\t{users}\n".encode())

    def do_cgroup(self, rest):
        pid, text = rest.split(None, 1)
        self.write(f"{pid}/cgroup", unescape(text) + b"\n")

    def do_tcp(self, rest):
        words, values = self.values(rest, inode="0", rx="0", tx="0", netns=HOST, times="1")
        (local, port), remote = endpoint(words[0]), endpoint(words[1])
        state, inode = STATES.index(words[2]) + 1, int(values["inode"])
        for number in range(int(values["times"])):
            self.table(values["netns"])["tcp6" if "[" in words[0] else "tcp"].append(
                f"   0: {local}:{port + number:04X} {remote[0]}:{remote[1]:04X} {state:02X} "
                f"{int(values['tx']):08X}:{int(values['rx']):08X} 00:00000000 00000000     0"
                f"        0 {inode and inode + number} 1 0000000000000000 20 4 30 10 -1\n")

    def do_table(self, rest):
        netns, text = rest.split(None, 1)
        self.table(netns)["tcp"].append(unescape(text).decode("latin-1") + "\n")

    def do_file(self, rest):
        path, _, text = rest.partition(" ")
        self.write(path, unescape(text))

    def do_link(self, rest):
        self.link(*rest.split(None, 1))

    def do_remove(self, rest):
        path = self.folder / rest
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    @staticmethod
    def values(rest, **values):
        words = rest.split()
        for word in [word for word in words if "=" in word]:
            key, value = word.split("=")
            if key not in values:
                raise ValueError(f"unknown key {key}")
            values[key] = value
        return [word for word in words if "=" not in word], values


def page(fixture):
    """The page about a fixture, and what was said on stderr."""
    with tempfile.TemporaryDirectory() as folder:
        Tree(pathlib.Path(folder)).build((fixture / "tree").read_text())
        command = [BINARY, "--once", f"--path.procfs={folder}", f"--path.rootfs={folder}"]
        if (fixture / "config.yml").exists():
            command.append(f"--config.file={fixture / 'config.yml'}")
        done = subprocess.run(command, capture_output=True, timeout=60)
    lines = done.stdout.decode().splitlines(keepends=True)
    kept = [line for line in lines if line[0] != "#" and not VOLATILE.match(line)]
    return "".join(kept), done.stderr.decode(), done.returncode


class Golden(unittest.TestCase):
    maxDiff = None

    def check(self, fixture):
        actual, said, code = page(fixture)
        self.assertEqual((said, code), ("", 0))
        self.assertMultiLineEqual(actual, (fixture / "page.txt").read_text())


def fixtures():
    return sorted(path.parent for path in FIXTURES.glob("*/tree"))


for path in fixtures():
    setattr(Golden, f"test_{path.name}", lambda self, path=path: self.check(path))

if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        for path in fixtures():
            (path / "page.txt").write_text(page(path)[0])
    else:
        unittest.main()
