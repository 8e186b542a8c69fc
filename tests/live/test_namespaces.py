"""Targets inside other network namespaces: their tables, their listeners, their TIME_WAITs."""

import contextlib
import socket
import unittest

from harness import (LiveCase, config, requires, requires_root, ss_counts, ss_queues, ss_rows,
                     target)

STATES = "established=3 close_wait=2 fin_wait1=1 fin_wait2=2 closing=1 last_ack=1"


@requires_root
class Namespaces(LiveCase):
    def linked(self):
        here, there = self.netns(), self.netns()
        here.link(there)
        return here, there

    def test_every_state_inside_one(self):
        for ip in ("127.0.0.1", "::1"):
            with self.subTest(ip=ip):
                netns = self.netns()
                server = self.serve(ip, netns=netns)
                holder = self.hold(f"{server.address} {STATES}", netns=netns)
                exporter = self.exporter(config(target("t", pid=holder.pid)))
                page = self.assert_equals_ss(exporter, {"t": holder.pid}, netns)
                self.assertEqual(page.sum("outbound_connections", target="t"), 10)

    def test_from_one_into_another(self):
        here, there = self.linked()
        for ip in ("10.63.1.2", "fd63:1::2"):
            with self.subTest(ip=ip):
                server = self.serve(ip, netns=there)
                holder = self.hold(f"{server.address} {STATES}", netns=here)
                exporter = self.exporter(config(target("client", pid=holder.pid),
                                                target("server", pid=server.pid)))
                page = self.assert_equals_ss(exporter, {"client": holder.pid}, here)
                self.assertEqual(page.destinations("client"), {server.address})
                self.assertEqual(page.connections("server"), {})

    def test_the_exporter_inside_the_namespace(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        holder = self.hold(f"{server.address} established=2", netns=netns)
        exporter = self.exporter(config(target("t", pid=holder.pid)), netns=netns)
        self.assert_equals_ss(exporter, {"t": holder.pid}, netns)

    def test_one_target_in_two_namespaces(self):
        one, two = self.netns(), self.netns()
        servers = [self.serve(netns=netns) for netns in (one, two)]
        holders = [self.hold(f"{server.address} established={n} time_wait={n}", netns=netns)
                   for n, (server, netns) in enumerate(zip(servers, (one, two)), 2)]
        exporter = self.exporter(config(target("t", any_of=[{"pid": holder.pid}
                                                            for holder in holders])))
        page = exporter.wait_tick()
        expected = (ss_counts(pid=holders[0].pid, netns=one)
                    | ss_counts(pid=holders[1].pid, netns=two))
        self.assertEqual(sum(expected.values()), 5)
        self.assertEqual(page.connections("t"), expected)

    def test_the_same_destination_in_two_namespaces_is_not_mixed(self):
        one, two = self.netns(), self.netns()
        first = self.serve(netns=one)
        second = self.start([first.argv[0], first.address], netns=two)
        second.expect("port")
        a = self.hold(f"{first.address} pooled=3 established=1 time_wait=4", netns=one)
        b = self.hold(f"{first.address} pooled=2 established=5", netns=two)
        exporter = self.exporter(config(target("a", pid=a.pid), target("b", pid=b.pid)))
        exporter.wait_tick()
        a.ask("close pooled")
        b.ask("close established")
        page = exporter.wait_tick()
        self.assertEqual(page.connections("a"), {(first.address, "time_wait"): 3,
                                                 (first.address, "established"): 1})
        self.assertEqual(page.connections("b"), {(first.address, "established"): 2,
                                                 (first.address, "fin_wait2"): 5})
        self.assertEqual(page.unowned(to={first.address}), {(first.address, "time_wait"): 4})
        self.assertEqual(page.unowned(to={first.address}, netns=str(one.inode)),
                         {(first.address, "time_wait"): 4})
        self.assertEqual(ss_counts(netns=one, to={first.address}),
                         {(first.address, "time_wait"): 7, (first.address, "established"): 1})

    def test_a_listener_outside_is_no_listener_inside(self):
        """A port that is listened on here says nothing of the same number there."""
        netns = self.netns()
        server = self.serve(netns=netns)
        holder = self.hold(f"{server.address} established=8", netns=netns)
        listener = self.listen_on_any(self.local_ports(holder.pid, netns))
        self.addCleanup(listener.close)
        outside = self.hold(f"{self.serve().address} established=1")
        exporter = self.exporter(config(target("t", pid=holder.pid),
                                        target("o", pid=outside.pid)))
        self.assert_equals_ss(exporter, {"t": holder.pid}, netns)

    def listen_on_any(self, ports):
        """A listener here on one of these ports; others may be in use here."""
        for port in ports:
            listener = socket.socket()
            with contextlib.suppress(OSError):
                listener.bind(("127.0.0.1", int(port)))
                listener.listen()
                return listener
            listener.close()
        self.fail(f"all of {ports} are in use")

    def local_ports(self, pid, netns):
        return {row.local.rpartition(":")[2] for row in ss_rows(netns) if pid in row.pids}

    def test_queues(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        holder = self.hold(f"{server.address} unread=3", netns=netns)
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        page = exporter.wait_tick()
        receive, _ = ss_queues(pid=holder.pid, netns=netns)[server.address]
        self.assertEqual(receive, 3000)
        self.assertEqual(page.value("outbound_receive_queue_bytes", target="t",
                                    destination=server.address), receive)

    @requires("nft")
    def test_dropped_syns(self):
        here, there = self.linked()
        server = self.serve("10.63.1.2", netns=there)
        holder = self.hold(f"{server.address} established=2", netns=here)
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        self.assert_equals_ss(exporter, {"t": holder.pid}, here)
        there.drop_syns(server.port)
        holder.ask(f"connect {server.address} syn_sent=3")
        page = self.assert_equals_ss(exporter, {"t": holder.pid}, here)
        self.assertEqual(page.connections("t"), {(server.address, "established"): 2,
                                                 (server.address, "syn_sent"): 3})
        there.accept_syns()
        exporter.wait_for(
            lambda page: page.connections("t") == {(server.address, "established"): 5},
            "the connections made after all")

    def test_a_server_that_stops_listening_inside(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        self.hold(f"{server.address} established=3", netns=netns)
        exporter = self.exporter(config(target("server", pid=server.pid)))
        self.assertEqual(exporter.wait_tick().connections("server"), {})
        server.ask("unlisten")
        for _ in range(3):
            self.assertEqual(exporter.wait_tick().connections("server"), {})

    def test_a_namespace_that_goes_with_its_process(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        holder = self.hold(f"{server.address} established=3 time_wait=2", netns=netns)
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        exporter.wait_tick()
        holder.stop()
        server.stop()
        netns.remove()
        page = exporter.wait_tick()
        self.assertEqual(page.value("outbound_target_up", target="t"), 0)
        self.assertEqual(page.connections("t"), {})


if __name__ == "__main__":
    unittest.main()
