"""What `ss` says, in the exporter's words: the second witness of every number."""

import collections
import ipaddress
import re
import subprocess

STATES = {
    "ESTAB": "established", "SYN-SENT": "syn_sent", "SYN-RECV": "syn_recv",
    "FIN-WAIT-1": "fin_wait1", "FIN-WAIT-2": "fin_wait2", "TIME-WAIT": "time_wait",
    "UNCONN": "close", "CLOSE-WAIT": "close_wait", "LAST-ACK": "last_ack",
    "LISTEN": "listen", "CLOSING": "closing",
}
Row = collections.namedtuple("Row", "state receive send local peer pids")


def spelled(endpoint):
    """ss's "[::ffff:10.0.0.1]:80" or "[fe80::1]%eth0:80" as the exporter spells it."""
    host, _, port = endpoint.rpartition(":")
    host = re.sub(r"%[^\]:]*", "", host).strip("[]")
    if host == "*":
        return f"*:{port}"
    address = ipaddress.ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped:
        address = mapped
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


def ss_rows(netns=None):
    """Every TCP socket of a namespace (None: this one) as `ss -tanp` lists it."""
    argv = ["ss", "-tanpOH"]
    if netns is not None:
        argv = ["nsenter", f"--net=/run/netns/{netns}", "--", *argv]
    # A process may call itself anything, also what is no UTF-8.
    done = subprocess.run(argv, capture_output=True, encoding="utf-8", errors="replace",
                          timeout=30, check=True)
    return [_row(line) for line in done.stdout.split("\n") if line.split(" ")[0] in STATES]


def _row(line):
    state, receive, send, local, peer, *users = line.split(None, 5)
    pids = frozenset(int(pid) for pid in re.findall(r"pid=(\d+)", " ".join(users)))
    return Row(STATES[state], int(receive), int(send), spelled(local), spelled(peer), pids)


def _chosen(netns, pid, to, states):
    pids = None if pid is None else {pid} if isinstance(pid, int) else set(pid)
    for row in ss_rows(netns):
        if row.state == "listen" or pids is not None and not pids & row.pids:
            continue
        if (to is None or row.peer in to) and (states is None or row.state in states):
            yield row


def ss_counts(pid=None, netns=None, to=None, states=None):
    """{(destination, state): count}, as Page.connections() gives it.

    pid     one pid or several: only what they own (each socket once, whoever shares it)
    to      only these destinations; needed without pid, for ss lists both ends of a connection
    states  only these states, for example {"time_wait"}, whose sockets have no owner
    """
    return dict(collections.Counter((row.peer, row.state)
                                    for row in _chosen(netns, pid, to, states)))


def ss_queues(pid=None, netns=None, to=None):
    """{destination: (bytes in receive queues, bytes in send queues)}."""
    found = collections.defaultdict(lambda: (0, 0))
    for row in _chosen(netns, pid, to, None):
        receive, send = found[row.peer]
        found[row.peer] = receive + row.receive, send + row.send
    return dict(found)


def ss_infos(pid, netns=None):
    """[{word: text}] of what `ss -i` says of each connection of a process, as "bytes_sent".

    A word is there only when the kernel has something to say with it.
    """
    argv = ["ss", "-tanpiOH"]
    if netns is not None:
        argv = ["nsenter", f"--net=/run/netns/{netns}", "--", *argv]
    done = subprocess.run(argv, capture_output=True, encoding="utf-8", errors="replace",
                          timeout=30, check=True)
    return [dict(re.findall(r" (\w+):(\S+)", line)) for line in done.stdout.split("\n")
            if f"pid={pid}," in line and not line.startswith("LISTEN")]
