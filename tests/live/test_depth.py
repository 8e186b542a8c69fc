"""What sock_diag tells of each connection, and what is remembered of it, against `ss -i` and
against what the client did.
"""

import time
import unittest

from harness import (LiveCase, build_c, config, requires, requires_root, ss_counts, ss_infos,
                     ss_rows, target, unique, wait_until)

STATES = "established=3 close_wait=2 fin_wait1=1 fin_wait2=2 closing=1 last_ack=1 unread=2"
TICK = "outbound_exporter_last_tick_timestamp_seconds"


class DepthCase(LiveCase):
    def linked(self):
        here, there = self.netns(), self.netns()
        here.link(there)
        return here, there

    def observe(self, *targets, **sections):
        """An exporter that gets events, if any can: other tests make many."""
        return self.exporter(config(*targets, limits={"max_event_rate": 1000000}, **sections))

    def lasting(self, exporter, name, expected, **labels):
        """A page with that value, which a later one has, too."""
        exporter.wait_value(name, expected, **labels)
        page = exporter.wait_tick()
        self.assertEqual(page.get_value(name, **labels), expected, name)
        return page

    def sources(self, page):
        """{namespace inode: where it was read}"""
        return {labels["netns"]: labels["source"]
                for labels, _ in page.series("outbound_netns_info")}


@requires_root
class States(DepthCase):
    def test_both_sources_count_alike_and_as_ss(self):
        netns = self.netns()
        servers = [self.serve(ip, netns=netns) for ip in ("127.0.0.1", "::1")]
        full = self.serve("127.0.0.1", "--full", netns=netns)
        holder = self.hold(" ".join(f"{server.address} {STATES}" for server in servers)
                           + f" {full.address} syn_sent=4", netns=netns)
        exporters = {source: self.exporter(config(
            target("t", pid=holder.pid), collect={"interval": "100ms", "sockets": source}))
            for source in ("sock_diag", "procfs")}
        for source, exporter in exporters.items():
            page = self.assert_equals_ss(exporter, {"t": holder.pid}, netns)
            self.assertEqual(page.sum("outbound_connections", target="t"), 2 * 12 + 4)
            self.assertEqual(page.connections("t")[full.address, "syn_sent"], 4)
            self.assertEqual(self.sources(page)[str(netns.inode)], source)
            self.assertEqual(page.value("outbound_receive_queue_bytes", target="t",
                                        destination=servers[0].address), 2000)
        here = {"target": "t", "destination": servers[0].address}
        self.assertEqual(exporters["sock_diag"].value("outbound_connections_awaiting", **here), 3)
        self.assertNotIn("outbound_connections_awaiting{", exporters["procfs"].scrape().text)

    def test_time_wait_belongs_to_who_closed_it_long_ago(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        agent = self.agent(netns=netns)
        exporter = self.exporter(config(target("t", pid=agent.pid)))
        agent.call("dial", server.address, 6)
        exporter.wait_value("outbound_connections", 6, target="t", destination=server.address,
                            state="established")
        agent.call("hang_up")
        for _ in range(10):
            page = exporter.wait_tick()
            self.assertEqual(page.connections("t"), {(server.address, "time_wait"): 6})
        self.assertEqual(page.unowned(to={server.address}), {})
        self.assertEqual(ss_counts(netns=netns, to={server.address}),
                         {(server.address, "time_wait"): 6})
        late = self.exporter(config(target("t", pid=agent.pid)))
        page = late.wait_tick()
        self.assertEqual(page.connections("t"), {})
        self.assertEqual(page.unowned(to={server.address}, netns=str(netns.inode)),
                         {(server.address, "time_wait"): 6})

    def test_ten_thousand(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        holder = self.hold(f"{server.address} established=9000 close_wait=600 fin_wait2=400",
                           netns=netns)
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        page = self.assert_equals_ss(exporter, {"t": holder.pid}, netns)
        self.assertEqual(page.connections("t"), {
            (server.address, "established"): 9000, (server.address, "close_wait"): 600,
            (server.address, "fin_wait2"): 400})
        self.assertEqual(page.value("outbound_local_ports_used", netns=str(netns.inode),
                                    destination=server.address), 10000)
        holder.ask("close established", timeout=60)
        page, found = self.still(exporter,
                                 lambda: ss_counts(netns=netns, to={server.address}))
        self.assertEqual(page.connections("t"), found)  # nobody's now, and not forgotten
        self.assertEqual(sum(found.values()), 10000)
        self.assertEqual(page.value("outbound_connections_closed_total", target="t",
                                    destination=server.address), 9000)


@requires_root
class Gauges(DepthCase):
    def test_queues_that_nobody_empties(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        holder = self.hold(f"{server.address} unread=3 unsent=2 established=4", netns=netns)
        exporter = self.exporter(config(target("t", pid=holder.pid),
                                        detect={"stalled_after": "1500ms"}))
        here = {"target": "t", "destination": server.address}
        names = {"outbound_connections_unread": 3, "outbound_connections_send_stalled": 2}
        first = exporter.wait_value("outbound_receive_queue_bytes", 3000, **here)
        if first.value(TICK) - exporter.started < 1.4:
            for name in names:
                self.assertEqual(first.value(name, **here), 0)
        for name, expected in names.items():
            page = exporter.wait_value(name, expected, **here)
            self.assertGreater(page.value(TICK) - exporter.started, 1.4)
            self.lasting(exporter, name, expected, **here)

    def test_a_queue_that_moves_is_not_stuck(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        agent = self.agent(netns=netns)
        agent.call("dial", server.address, 2, "d")
        exporter = self.exporter(config(target("t", pid=agent.pid),
                                        detect={"stalled_after": "1s"}))
        here = {"target": "t", "destination": server.address}
        exporter.wait_value("outbound_connections_unread", 2, **here)
        moved = time.time()
        agent.call("receive", 10, 0, 1)
        page = exporter.wait_tick()
        if page.value(TICK) - moved < 0.9:
            self.assertEqual(page.value("outbound_connections_unread", **here), 1)
        self.assertEqual(page.value("outbound_receive_queue_bytes", **here), 1990)
        agent.call("receive", 990, 0, 1)
        self.lasting(exporter, "outbound_receive_queue_bytes", 1000, **here)
        self.lasting(exporter, "outbound_connections_unread", 1, **here)

    def test_idle_awaiting_and_answered(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        agent = self.agent(netns=netns)
        exporter = self.exporter(config(target("t", pid=agent.pid),
                                        detect={"idle_after": "1s"}))
        here = {"target": "t", "destination": server.address}
        agent.call("dial", server.address, 2)  # silent
        agent.call("dial", server.address, 3, "d")  # answered
        agent.call("receive", 1000, 2)
        agent.call("dial", server.address, 4, "k")  # asked, never answered
        begun = time.time()
        page = exporter.wait_tick()
        self.assertEqual(page.value("outbound_connections_awaiting", **here), 4)
        if page.value(TICK) - begun < 0.9:
            self.assertEqual(page.value("outbound_connections_idle", **here), 0)
        page = self.lasting(exporter, "outbound_connections_idle", 2 + 3, **here)
        self.assertGreater(page.value(TICK) - begun, 0.9)
        self.assertEqual(page.value("outbound_connections_awaiting", **here), 4)
        agent.call("dial", server.address, 1, "GET / HTTP/1.1\r\n")
        self.lasting(exporter, "outbound_connections_awaiting", 5, **here)
        answered = self.agent(netns=netns)  # one that is answered before anybody looks
        answered.call("dial", server.address, 1, "GET / HTTP/1.1\r\n\r\n")
        both = self.exporter(config(target("a", pid=answered.pid)))
        page = both.wait_tick()
        self.assertEqual(page.value("outbound_connections_awaiting", target="a",
                                    destination=server.address), 0)

    def test_the_oldest_age(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        agent = self.agent(netns=netns)
        exporter = self.exporter(config(target("t", pid=agent.pid)))
        here = {"target": "t", "destination": server.address}
        name = "outbound_connection_oldest_age_seconds"
        first = time.time() - time.monotonic() + agent.call("dial", server.address)
        time.sleep(1)
        second = time.time() - time.monotonic() + agent.call("dial", server.address, 5)
        late = self.exporter(config(target("t", pid=agent.pid)))
        for running in (exporter, late):
            page = running.wait_tick()
            self.assertAlmostEqual(page.value(name, **here), page.value(TICK) - first,
                                   delta=0.25)
        agent.call("hang_up", 0, 1)
        page = exporter.wait_tick()
        self.assertAlmostEqual(page.value(name, **here), page.value(TICK) - second, delta=0.25)
        agent.call("hang_up")
        self.lasting(exporter, name, 0, **here)

    def test_bytes_equal_the_clients_and_those_of_ss(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        agent = self.agent(netns=netns)
        sent = received = 0
        agent.call("dial", server.address, 5, "d")
        agent.call("receive", 1000, 0, 5)
        exporter = self.exporter(config(target("t", pid=agent.pid)))
        here = {"target": "t", "destination": server.address}
        page = exporter.wait_tick()
        self.assertEqual(page.value("outbound_sent_bytes_total", **here), 0)
        agent.call("dial", server.address, 3, "d")
        agent.call("dial", server.address, 2, "e")
        sent, received = sent + 5, received + 3000
        sent += agent.call("send", 12345, -2)
        sent += agent.call("send", 7, 0, 5)  # older than the exporter: only what is new
        page = self.lasting(exporter, "outbound_sent_bytes_total", sent, **here)
        self.assertEqual(page.value("outbound_received_bytes_total", **here), received)
        infos = ss_infos(agent.pid, netns)
        self.assertEqual(sum(int(info["bytes_sent"]) for info in infos), sent + 5)
        self.assertEqual(sum(int(info.get("bytes_received", 0)) for info in infos),
                         received + 5000)
        agent.call("hang_up")  # the counters stay
        page = exporter.wait_tick()
        self.assertEqual(page.value("outbound_sent_bytes_total", **here), sent)
        self.assertEqual(page.value("outbound_received_bytes_total", **here), received)

    @requires("nft")
    def test_round_trip_time_and_retransmits_as_ss_has_them(self):
        here, there = self.linked()
        server = self.serve("10.63.1.2", netns=there)
        agent = self.agent(netns=here)
        exporter = self.exporter(config(target("t", pid=agent.pid)))
        labels = {"target": "t", "destination": server.address}
        agent.call("dial", server.address, 3, "e")
        page, times = self.still(exporter, lambda: [
            float(info["rtt"].split("/")[0]) / 1000 for info in ss_infos(agent.pid, here)])
        self.assertAlmostEqual(page.value("outbound_round_trip_time_seconds", **labels),
                               sum(times) / 3, delta=2e-6)
        self.assertEqual(page.value("outbound_retransmits_total", **labels), 0)
        there.drop_all(server.port)
        sent = 3 + agent.call("send", 500, 0, 2)

        def repeated():
            return [int(info.get("retrans", "0/0").split("/")[1])
                    for info in ss_infos(agent.pid, here)]

        wait_until(lambda: sum(repeated()) >= 4, "segments sent again")
        page, found = self.still(exporter, repeated)
        self.assertEqual(page.value("outbound_retransmits_total", **labels), sum(found))
        self.assertEqual(page.value("outbound_sent_bytes_total", **labels), sent)
        there.accept_syns()

    def test_local_ports(self):
        netns = self.netns()
        one, two = self.serve(netns=netns), self.serve("127.0.0.5", netns=netns)
        netns.sysctl("ipv4.ip_local_port_range", "20000 20099")  # their own are far from these
        netns.sysctl("ipv4.ip_local_reserved_ports", "20010-20019")
        agent, other = self.agent(netns=netns), self.agent(netns=netns)
        agent.call("dial", one.address, 20)
        agent.call("dial", two.address, 7)
        agent.call("dial", one.address, 1, local_port=19999)  # not of the range
        other.call("dial", one.address, 5)  # somebody else's take ports as well
        agent.call("hang_up", 0, 3)  # and so do TIME_WAITs
        exporter = self.exporter(config(target("t", pid=agent.pid)))
        page = exporter.wait_tick()
        name = str(netns.inode)
        self.assertEqual(page.value("outbound_local_ports_available", netns=name), 90)
        for server, expected in ((one, 25), (two, 7)):
            self.assertEqual(page.value("outbound_local_ports_used", netns=name,
                                        destination=server.address), expected)
            found = {row.local for row in ss_rows(netns) if row.peer == server.address
                     and 20000 <= int(row.local.rpartition(":")[2]) <= 20099}
            self.assertEqual(len(found), expected)


@requires_root
class Identity(DepthCase):
    """Never the numbers of another connection, process or namespace."""

    def test_equal_addresses_and_ports_in_two_namespaces(self):
        one, two = self.netns(), self.netns()
        first = self.serve(netns=one)
        second = self.start([first.argv[0], first.address], netns=two)
        second.expect("port")
        agents = {"a": self.agent(netns=one), "b": self.agent(netns=two)}
        exporter = self.observe(*(target(name, pid=agent.pid)
                                  for name, agent in agents.items()))
        exporter.wait_tick()
        sent = {}
        for name, size in (("a", 1000), ("b", 30)):
            for port in range(20001, 20006):
                agents[name].call("dial", first.address, 1, "e", local_port=port)
            sent[name] = 5 + agents[name].call("send", size)
        exporter.wait_tick()
        agents["b"].call("hang_up", 0, 2)
        page = exporter.wait_tick()
        self.assertEqual(page.connections("a"), {(first.address, "established"): 5})
        self.assertEqual(page.connections("b"), {(first.address, "established"): 3,
                                                 (first.address, "time_wait"): 2})
        agents["a"].call("hang_up")
        page = exporter.wait_tick()
        for name, closed in (("a", 5), ("b", 2)):
            labels = {"target": name, "destination": first.address}
            self.assertEqual(page.value("outbound_connections_opened_total", **labels), 5)
            self.assertEqual(page.value("outbound_connections_closed_total", **labels), closed)
            self.assertEqual(page.value("outbound_sent_bytes_total", **labels), sent[name])

    def test_a_process_that_comes_back_with_the_same_number(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        nursery = self.agent(netns=netns)
        names = unique("obfirst"), unique("obsecond")
        programs = [str(self.copy(build_c("hold"), name)) for name in names]
        exporter = self.observe(*(target(name, comm=name) for name in names))
        pid, error = nursery.call("spawn", [programs[0], server.address, "established=7"])
        self.assertIsNone(error)
        here = {"destination": server.address, "state": "established"}
        exporter.wait_value("outbound_connections", 7, target=names[0], **here)
        nursery.call("reap", pid)
        again, error = nursery.call("spawn", [programs[1], server.address, "established=3"], pid)
        if error:
            self.skipTest(f"clone3 with a number of our choice: {error}")
        self.assertEqual(again, pid)
        page = self.lasting(exporter, "outbound_connections", 3, target=names[1], **here)
        self.assertEqual(page.value("outbound_target_up", target=names[0]), 0)
        self.assertEqual({state: count for (_, state), count
                          in page.connections(names[0]).items() if state == "established"}, {})
        for name, opened, closed in ((names[0], 7, 7), (names[1], 3, 0)):
            labels = {"target": name, "destination": server.address}
            self.assertEqual(page.value("outbound_connections_opened_total", **labels), opened)
            self.assertEqual(page.value("outbound_connections_closed_total", **labels), closed)
        nursery.call("reap", pid)

    def test_processes_that_share_a_socket_count_it_once(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        agent = self.agent(netns=netns)
        exporter = self.observe(target("t", children=True, pid=agent.pid))
        exporter.wait_tick()
        labels = {"target": "t", "destination": server.address}
        agent.call("dial", server.address, 4, "e")
        agent.call("fork", 3)
        sent = 4 + agent.call("send", 100)
        page = exporter.wait_for(
            lambda page: page.value("outbound_target_processes", target="t") == 4, "children")
        page = self.assert_equals_ss(exporter, {"t": agent.pid}, netns)
        self.assertEqual(page.value("outbound_connections_opened_total", **labels), 4)
        self.assertEqual(page.value("outbound_sent_bytes_total", **labels), sent)
        agent.call("hang_up")  # the children still have them
        page = exporter.wait_tick()
        self.assertEqual(page.connections("t"), {(server.address, "established"): 4})
        self.assertEqual(page.value("outbound_connections_closed_total", **labels), 0)

    def test_a_dead_namespace_is_let_go(self):
        here, there = self.linked()
        server = self.serve("10.63.1.2", netns=there)
        agent = self.agent(netns=here)
        exporter = self.exporter(config(target("t", pid=agent.pid)))
        agent.call("dial", server.address, 3)
        page = exporter.wait_value("outbound_connections", 3, target="t",
                                   destination=server.address, state="established")
        self.assertEqual(self.sources(page)[str(here.inode)], "sock_diag")
        here.remove()
        exporter.wait_tick()
        self.assertIn("v1b", there.devices())  # its last process keeps it alive
        agent.stop()
        exporter.wait_tick()
        wait_until(lambda: "v1b" not in there.devices(), "the namespace is kept alive", 2)


@requires_root
class Unprivileged(DepthCase):
    """What nobody may see of what is nobody's own."""

    def check(self, source, inside):
        netns = self.netns()
        server = self.serve(netns=netns)
        holder = self.hold(f"{server.address} {STATES}", netns=netns, unprivileged=True)
        exporter = self.exporter(config(target("t", pid=holder.pid)), unprivileged=True,
                                 netns=netns if inside else None)
        page = self.assert_equals_ss(exporter, {"t": holder.pid}, netns)
        self.assertEqual(page.sum("outbound_connections", target="t"), 12)
        self.assertEqual(page.value("outbound_exporter_source_up", source="tracepoint"), 0)
        label = "self" if inside else str(netns.inode)
        self.assertEqual(self.sources(page)[label], source)
        return page.get_value("outbound_connections_awaiting", target="t",
                              destination=server.address)

    def test_its_own_namespace_is_read_by_sock_diag(self):
        self.assertEqual(self.check("sock_diag", inside=True), 3)

    def test_others_are_read_by_procfs_and_what_that_does_not_say_is_absent(self):
        self.assertIsNone(self.check("procfs", inside=False))


if __name__ == "__main__":
    unittest.main()
