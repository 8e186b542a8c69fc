"""Network namespaces of the tests' own: this one is never changed."""

import atexit
import contextlib
import ctypes
import itertools
import os
import socket
import subprocess

from processes import LIBC, wrapped
from workshop import TIMEOUT, tool

CLONE_NEWNET = 0x40000000
_namespace_numbers = itertools.count(1)
_namespaces = set()


def _ip(*words, netns=None):
    """Not `ip -n`: that remounts /, which a chroot cannot."""
    subprocess.run(wrapped(["ip", *words], netns, False), check=True, capture_output=True,
                   timeout=TIMEOUT)


@contextlib.contextmanager
def inside(netns):
    """Moves this thread into a namespace, long enough to make a socket and use it."""
    if netns is None:
        yield
        return
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{netns}") as there:
        if LIBC.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns to {netns}")
        try:
            yield
        finally:
            LIBC.setns(home.fileno(), CLONE_NEWNET)


def _sweep_namespaces():
    """Removes what a killed test run left: the names carry the pid of their maker."""
    names = os.listdir("/run/netns") if os.path.isdir("/run/netns") else []
    for name in names:
        word, _, rest = name.partition("-")
        maker = rest.partition("-")[0]
        if word == "outboundtest" and not os.path.exists(f"/proc/{maker}"):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


class Netns:
    """A network namespace of its own with lo up; str() is its name, for `netns=` everywhere."""

    def __init__(self):
        _sweep_namespaces()
        self.name = f"outboundtest-{os.getpid()}-{next(_namespace_numbers)}"
        _ip("netns", "add", self.name)
        _namespaces.add(self)
        _ip("link", "set", "lo", "up", netns=self.name)

    def __str__(self):
        return self.name

    @property
    def inode(self):
        return os.stat(f"/run/netns/{self.name}").st_ino

    def link(self, other, number=1):
        """A veth pair to another Netns: 10.63.N.1 and fd63:N::1 here, .2 and ::2 there."""
        here, there = f"v{number}a", f"v{number}b"
        _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", other.name,
            netns=self.name)
        for netns, device, last in ((self, here, 1), (other, there, 2)):
            _ip("addr", "add", f"10.63.{number}.{last}/24", "dev", device, netns=netns.name)
            _ip("-6", "addr", "add", f"fd63:{number}::{last}/64", "dev", device, "nodad",
                netns=netns.name)
            _ip("link", "set", device, "up", netns=netns.name)

    def route_here(self, address):
        """Makes an IPv4 address one of this namespace's own, without it being any device's."""
        _ip("route", "add", "local", address, "dev", "lo", netns=self.name)

    def sysctl(self, name, value):
        """Sets what a network namespace has of its own: sysctl("ipv4.tcp_syn_retries", 1)."""
        path = f"/proc/sys/net/{name.replace('.', '/')}"
        with inside(self.name), open(path, "w", encoding="ascii") as file:
            file.write(f"{value}\n")

    def devices(self):
        with inside(self.name):
            return {name for _, name in socket.if_nameindex()}

    def nft(self, rules):
        """Loads rules (text in nft's language) inside the namespace. Needs requires("nft")."""
        argv = wrapped([tool("nft"), "-f", "-"], self.name, False)
        done = subprocess.run(argv, input=rules, text=True, capture_output=True,
                              timeout=TIMEOUT, check=False)
        if done.returncode:
            raise AssertionError(f"nft: {done.stderr}\n{rules}")

    def drop_syns(self, port):
        """From now on connecting to `port` in here is never answered; what is open stays."""
        self.filter(f"tcp dport {port} tcp flags & (syn|ack) == syn drop")

    def drop_all(self, port):
        """As drop_syns(), but of what is open nothing arrives either."""
        self.filter(f"tcp dport {port} drop")

    def filter(self, *rules):
        """Rules for what comes in; accept_syns() removes them."""
        self.nft("add table inet outboundtest\n"
                 "add chain inet outboundtest in { type filter hook input priority 0; }\n"
                 + "".join(f"add rule inet outboundtest in {rule}\n" for rule in rules))

    def accept_syns(self):
        """Undoes drop_syns() and the like."""
        self.nft("delete table inet outboundtest\n")

    def remove(self):
        if self in _namespaces:
            _namespaces.discard(self)
            _ip("netns", "del", self.name)


@atexit.register
def _remove_namespaces():
    for netns in list(_namespaces):
        with contextlib.suppress(subprocess.SubprocessError):
            netns.remove()
