"""What can be seen with which right: the table "What it needs" of README, row by row.

The exporter runs as nobody, with capabilities of its file, as packages give them.
"""

import os
import subprocess
import unittest

from harness import (EXPORTER, Exporter, LiveCase, config, requires, requires_root, ss_counts,
                     target, tool)

SEE = "cap_sys_ptrace,cap_dac_read_search"
EVENTS = "cap_perfmon,cap_dac_read_search,cap_sys_admin"
HIDDEN = {"target": "hidden"}
KNOWN_BY_INFO = ("outbound_connections_idle", "outbound_connections_awaiting",
                 "outbound_sent_bytes_total", "outbound_received_bytes_total",
                 "outbound_retransmits_total", "outbound_round_trip_time_seconds")


@requires_root
@requires("setcap")
class Rights(LiveCase):
    """Root's process `hidden` here, `boxed` in a namespace of its own, and nobody's `mine`."""

    def setUp(self):
        super().setUp()
        self.box = self.netns()
        self.server = self.serve()
        self.boxed_server = self.serve(netns=self.box)
        self.hidden = self.hold(f"{self.server.address} established=4 close_wait=1")
        self.mine = self.hold(f"{self.server.address} established=2", unprivileged=True)
        self.boxed = self.hold(f"{self.boxed_server.address} established=3", netns=self.box)

    def look(self, capabilities=None, **sections):
        text = config(target("hidden", pid=self.hidden.pid), target("mine", pid=self.mine.pid),
                      target("boxed", pid=self.boxed.pid), **sections)
        binary = self.copy(EXPORTER, f"exporter-{capabilities or 'bare'}")
        if capabilities:
            subprocess.run([tool("setcap"), f"{capabilities}=ep", binary], check=True)
        self.seen = self.enterContext(
            Exporter(text, directory=self.dir, binary=binary, unprivileged=True))
        return self.seen.wait_tick()

    def assert_unreadable(self, page, name):
        self.assertEqual(
            page.value("outbound_target_unreadable_processes", target=name,
                       reason="permission"), 1)
        self.assertEqual(page.connections(name), {})
        for metric in (*KNOWN_BY_INFO, "outbound_connections_opened_total",
                       "outbound_target_open_sockets"):
            self.assertEqual(page.sum(metric, target=name), 0)
            self.assertNotIn(f'{metric}{{target="{name}"', page.text)

    def assert_read(self, page, name, holder, netns=None):
        self.assertEqual(page.connections(name), ss_counts(pid=holder.pid, netns=netns))
        self.assertEqual(
            page.value("outbound_target_unreadable_processes", target=name,
                       reason="permission"), 0)

    def test_nothing(self):
        page = self.look()
        self.assert_unreadable(page, "hidden")
        self.assert_unreadable(page, "boxed")
        self.assert_read(page, "mine", self.mine)
        for holder, name in ((self.hidden, "hidden"), (self.boxed, "boxed")):
            self.assertEqual(page.value("outbound_target_up", target=name), 1)
            self.assertEqual(page.value("outbound_target_threads", target=name), 1)
            self.assertEqual(page.value("outbound_target_max_fds", target=name),
                             limit_of(holder.pid))
            if counts_descriptors():
                self.assertEqual(page.value("outbound_target_open_fds", target=name),
                                 len(os.listdir(f"/proc/{holder.pid}/fd")))
            self.assertGreater(
                page.value("outbound_target_resident_memory_bytes", target=name), 0)
        # In the namespace as a whole, the connections are there: those of hidden and of mine.
        whole = {"destination": self.server.address}
        self.assertEqual(page.value("outbound_netns_connections", **whole, netns="self",
                                    state="established"), 6)
        self.assertEqual(page.value("outbound_netns_connections", **whole, netns="self",
                                    state="close_wait"), 1)
        self.assertEqual(page.value("outbound_netns_info", netns="self", source="sock_diag"), 1)
        self.assertEqual(page.sum("outbound_netns_connections", state="established",
                                  destination=self.boxed_server.address), 3)
        self.assertEqual(page.value("outbound_exporter_source_up", source="tracepoint"), 0)
        self.assertIn("without events", self.seen.log())

    def test_nothing_and_procfs(self):
        page = self.look(collect={"interval": "100ms", "sockets": "procfs"})
        self.assert_read(page, "mine", self.mine)
        self.assertEqual(page.value("outbound_netns_info", netns="self", source="procfs"), 1)
        for metric in KNOWN_BY_INFO:
            self.assertNotIn(f'{metric}{{target="mine"', page.text)

    def test_to_see_descriptors(self):
        page = self.look(SEE)
        self.assert_read(page, "hidden", self.hidden)
        self.assert_read(page, "mine", self.mine)
        self.assert_read(page, "boxed", self.boxed, self.box)
        # Not to be entered: read from outside, and what that does not tell is absent.
        boxed = {"netns": str(self.box.inode), "source": "procfs"}
        self.assertEqual(page.value("outbound_netns_info", **boxed), 1)
        for metric in KNOWN_BY_INFO:
            self.assertNotIn(f'{metric}{{target="boxed"', page.text)
            self.assertIn(f'{metric}{{target="hidden"', page.text)
        self.assertEqual(page.value("outbound_exporter_source_up", source="sock_diag"), 0)

    def test_half_of_it_shows_nothing(self):
        for capability in SEE.split(","):
            with self.subTest(capability=capability):
                self.assert_unreadable(self.look(capability), "hidden")

    def test_to_enter_namespaces(self):
        page = self.look(f"{SEE},cap_sys_admin")
        self.assert_read(page, "boxed", self.boxed, self.box)
        boxed = {"netns": str(self.box.inode), "source": "sock_diag"}
        self.assertEqual(page.value("outbound_netns_info", **boxed), 1)
        self.assertIn('outbound_connections_idle{target="boxed"', page.text)
        self.assertEqual(page.value("outbound_exporter_source_up", source="sock_diag"), 1)

    def test_for_events(self):
        page = self.look(f"{SEE},{EVENTS}")
        self.assertEqual(page.value("outbound_exporter_source_up", source="tracepoint"), 1)
        self.assertIn("exactly", self.seen.log())


def limit_of(pid):
    with open(f"/proc/{pid}/limits") as limits:
        line = next(line for line in limits if line.startswith("Max open files"))
    return int(line.split()[3])


def counts_descriptors():
    """Since Linux 6.2 (fs/proc/fd.c, proc_readfd_count())."""
    return os.stat("/proc/self/fd").st_size > 0


if __name__ == "__main__":
    unittest.main()
