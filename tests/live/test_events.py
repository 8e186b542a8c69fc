"""What the kernel's events tell between two looks: opened, closed, failed and why, exactly."""

import os
import signal
import time
import unittest

from harness import (LiveCase, build_c, config, requires, requires_root, ss_counts, target,
                     unique, wait_until)

EVENTS = {"source": "tracepoint"}
OPENED = "outbound_connections_opened_total"
CLOSED = "outbound_connections_closed_total"
FAILED = "outbound_connections_failed_total"
# Other tests, too, make events, which count towards the limit.
MANY = {"max_event_rate": 1000000}


class EventsCase(LiveCase):
    def observed(self, *targets, limits=(), **sections):
        """An exporter that gets events."""
        exporter = self.exporter(config(*targets, limits=MANY | dict(limits), **sections))
        page = exporter.scrape()
        if page.get_value("outbound_exporter_source_up", **EVENTS) != 1:
            self.skipTest("the kernel's events are not to be had here")
        return exporter

    def keep_awake(self):
        """No CPU idles: of what timers and messages do in an idle one, virtual machines with
        Linux 6.18 were seen to write no perf event at times, where ftrace has it.
        """
        for cpu in os.sched_getaffinity(0):
            self.start(["chrt", "--idle", "0", "taskset", "--cpu-list", cpu,
                        "sh", "-c", "while :; do :; done"])

    def counters(self, page, destination, name="t"):
        labels = {"target": name, "destination": destination}
        return page.get_value(OPENED, **labels), page.get_value(CLOSED, **labels)

    def settled(self, exporter, destination, expected, name="t"):
        """A page with these counts of opened and closed, which a later one has, too."""
        exporter.wait_for(lambda page: self.counters(page, destination, name) == expected,
                          f"{name} {destination}: opened, closed == {expected}")
        page = exporter.wait_tick()
        self.assertEqual(self.counters(page, destination, name), expected)
        return page

    def failures(self, page, destination, name="t"):
        return {labels["reason"]: int(value) for labels, value in page.series(
            FAILED, target=name, destination=destination) if value}


@requires_root
class Counts(EventsCase):
    def test_short_connections_between_two_looks(self):
        """The same load seen with and without events."""
        netns = self.netns()
        server = self.serve(netns=netns)
        agent = self.agent(netns=netns)
        destinations = [{"name": "up", "address": "127.0.0.1", "port": server.port}]
        sections = {"destinations": destinations}
        exact = self.observed(target("t", pid=agent.pid), collect={"interval": "4s"}, **sections)
        blind = self.exporter(config(
            target("t", pid=agent.pid), collect={"interval": "4s", "events": "off"}, **sections))
        truth = agent.call("rush", server.address, 2100, 300)
        self.assertLess(truth["seconds"], 7.5)
        self.assertEqual(truth["opened"], 2100)
        page = self.settled(exact, "up", (2100, 2100))
        self.assertEqual(page.value("outbound_exporter_events_lost_total"), 0)
        labels = {"target": "t", "destination": "up"}
        for name in ("outbound_connect_duration_seconds", "outbound_connection_lifetime_seconds"):
            self.assertEqual(page.value(f"{name}_count", **labels), 2100)
            self.assertLess(page.value(f"{name}_sum", **labels), 2100 * 0.1)
            self.assertGreater(page.value(f"{name}_sum", **labels), 0)
        page = blind.wait_tick()
        self.assertIsNone(page.get_value("outbound_exporter_source_up", **EVENTS))
        opened, closed = self.counters(page, "up")
        self.assertLessEqual(opened, 2100)
        self.assertLessEqual(closed, opened)
        self.assertEqual(page.series("outbound_connect_duration_seconds_count"), [])

    def test_kept_and_short_ones_of_several_destinations_and_families(self):
        netns = self.netns()
        servers = [self.serve(ip, netns=netns) for ip in ("127.0.0.1", "127.0.0.9", "::1")]
        agent, other = self.agent(netns=netns), self.agent(netns=netns)
        exporter = self.observed(target("t", pid=agent.pid), target("o", pid=other.pid))
        other.begin("rush", servers[0].address, 90, 300)
        for number, server in enumerate(servers, 1):
            agent.call("dial", server.address, 10 * number)
            agent.call("rush", server.address, 7 * number, 1000)
        agent.call("hang_up", 0, 4)  # of the first
        self.assertEqual(other.finish()["opened"], 90)
        for number, server in enumerate(servers, 1):
            page = self.settled(exporter, server.address,
                                (17 * number, 7 * number + (4 if number == 1 else 0)))
        self.assertEqual(self.counters(page, servers[0].address, "o"), (90, 90))
        found = ss_counts(pid=agent.pid, netns=netns)
        self.assertEqual({key: value for key, value in page.connections("t").items()
                          if key[1] == "established"}, found)

    def test_connections_older_than_the_exporter_are_not_opened_again(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        agent = self.agent(netns=netns)
        agent.call("dial", server.address, 8)
        exporter = self.observed(target("t", pid=agent.pid))
        agent.call("dial", server.address, 2)
        agent.call("hang_up", 0, 3)
        page = self.settled(exporter, server.address, (2, 3))
        self.assertEqual(page.connections("t")[server.address, "established"], 7)

    def test_the_lifetime_of_a_kept_one(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        agent = self.agent(netns=netns)
        exporter = self.observed(target("t", pid=agent.pid), destinations=[
            {"name": "up", "port": server.port}])
        begun = agent.call("dial", server.address)
        time.sleep(1.2)
        lasted = time.monotonic() - begun
        agent.call("hang_up")
        ended = time.monotonic() - begun
        page = self.settled(exporter, "up", (1, 1))
        labels = {"target": "t", "destination": "up"}
        found = page.value("outbound_connection_lifetime_seconds_sum", **labels)
        self.assertGreaterEqual(found, lasted)
        self.assertLessEqual(found, ended + 0.25)  # it was established before dial() returned
        buckets = {float(found["le"]): value for found, value in page.series(
            "outbound_connection_lifetime_seconds_bucket", **labels)}
        self.assertEqual((buckets[1], buckets[10]), (0, 1))

    def test_processes_with_the_same_number_between_two_looks(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        nursery = self.agent(netns=netns)
        names = unique("obbefore"), unique("obafter")
        programs = [str(self.copy(build_c("hold"), name)) for name in names]
        exporter = self.observed(*(target(name, comm=name) for name in names),
                                 collect={"interval": "3s"})
        pid, error = nursery.call("spawn", [programs[0], server.address, "established=5"])
        self.assertIsNone(error)
        self.established(netns, pid, server, 5)
        exporter.wait_tick()
        nursery.call("reap", pid)
        again, error = nursery.call("spawn", [programs[1], server.address, "established=2"], pid)
        if error:
            self.skipTest(f"clone3 with a number of our choice: {error}")
        self.established(netns, again, server, 2)
        self.settled(exporter, server.address, (2, 0), names[1])
        page = self.settled(exporter, server.address, (5, 5), names[0])
        self.assertEqual(page.value("outbound_target_up", target=names[0]), 0)
        nursery.call("reap", pid)

    def established(self, netns, pid, server, number):
        wait_until(lambda: ss_counts(pid=pid, netns=netns) == {
            (server.address, "established"): number}, f"{number} connections")


@requires_root
class Failures(EventsCase):
    def check(self, exporter, expected):
        """Each destination's failures are these, and stay these."""
        def found(page):
            return {address: self.failures(page, address) for address in expected}

        wait_until(lambda: found(exporter.scrape()) == expected,
                   lambda: f"{found(exporter.scrape())}, not {expected}", 8)
        page = exporter.wait_tick()
        self.assertEqual(found(page), expected)
        self.assertEqual(page.sum(OPENED, target="t"), 0)

    def test_refused_and_canceled(self):
        netns = self.netns()
        full = self.serve("127.0.0.1", "--full", netns=netns)
        gone = [self.serve(ip, netns=netns) for ip in ("127.0.0.1", "::1")]
        agent = self.agent(netns=netns)
        exporter = self.observed(target("t", pid=agent.pid))
        for number, server in enumerate(gone, 7):
            server.stop()
            self.assertEqual(agent.call("attempt", server.address, number),
                             {"ECONNREFUSED": number})
        for _ in range(2):  # at once, and after they have been seen
            agent.call("begin", full.address, 4)
            agent.call("hang_up")
            agent.call("begin", full.address, 3)
            exporter.wait_value("outbound_connections", 3, target="t", state="syn_sent",
                                destination=full.address)
            agent.call("hang_up")
        self.check(exporter, {gone[0].address: {"refused": 7}, gone[1].address: {"refused": 8},
                              full.address: {"canceled": 14}})

    @requires("nft")
    def test_timed_out_and_unreachable(self):
        here, there = self.netns(), self.netns()
        here.link(there)
        silent, routed = (self.serve("10.63.1.2", netns=there) for _ in range(2))
        there.filter(f"tcp dport {{ {silent.port}, {routed.port} }} drop")
        nobody = "10.63.1.9:80"  # no such neighbour
        begun = [(self.agent(netns=here), *words) for words in (
            (silent.address, 5, "ETIMEDOUT", 900), (routed.address, 3, "EHOSTUNREACH", 0),
            (nobody, 2, "EHOSTUNREACH", 0))]
        exporter = self.observed(target("t", any_of=[{"pid": agent.pid} for agent, *_ in begun]))
        self.keep_awake()
        for agent, address, number, _, patience in begun:
            agent.begin("attempt", address, number, patience_ms=patience)
        exporter.wait_value("outbound_connections", 3, target="t", state="syn_sent",
                            destination=routed.address)
        there.accept_syns()  # a router answers their next SYN
        there.filter(f"tcp dport {silent.port} drop",
                     f"tcp dport {routed.port} reject with icmp type host-unreachable")
        for agent, _, number, error, _ in begun:
            self.assertEqual(agent.finish(), {error: number})
        self.check(exporter, {silent.address: {"timed_out": 5},
                              routed.address: {"unreachable": 3}, nobody: {"unreachable": 2}})

    def test_no_local_port_left(self):
        netns = self.netns()
        server, other = self.serve(netns=netns), self.serve("127.0.0.5", netns=netns)
        netns.sysctl("ipv4.ip_local_port_range", "20000 20003")  # of an odd number one is never taken
        agent = self.agent(netns=netns)
        exporter = self.observed(target("t", pid=agent.pid))
        agent.call("dial", server.address, 4)
        self.assertEqual(agent.call("attempt", server.address, 6), {"EADDRNOTAVAIL": 6})
        agent.call("dial", other.address)
        page = self.settled(exporter, server.address, (4, 0))
        self.assertEqual(self.failures(page, server.address), {"local_ports": 6})
        self.assertEqual(self.failures(page, other.address), {})
        name = str(netns.inode)
        self.assertEqual(page.value("outbound_local_ports_available", netns=name), 4)
        self.assertEqual(page.value("outbound_local_ports_used", netns=name,
                                    destination=server.address), 4)

    @requires("nft")
    def test_attempts_that_last_are_not_counted_before_they_end(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        agent = self.agent(netns=netns)
        exporter = self.observed(target("t", pid=agent.pid))
        netns.drop_syns(server.port)
        agent.call("begin", server.address, 5)
        page = exporter.wait_value("outbound_connections", 5, target="t",
                                   destination=server.address, state="syn_sent")
        self.assertEqual(self.failures(page, server.address), {})
        agent.call("hang_up", 0, 2)
        exporter.wait_for(lambda page: self.failures(page, server.address) == {"canceled": 2},
                          "two canceled")
        netns.accept_syns()
        page = self.settled(exporter, server.address, (3, 0))  # with the next SYN
        self.assertEqual(self.failures(page, server.address), {"canceled": 2})


@requires_root
class Endurance(EventsCase):
    def test_too_many_events_are_done_without(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        agent = self.agent(netns=netns)
        exporter = self.observed(target("t", pid=agent.pid), limits={"max_event_rate": 200})
        agent.begin("rush", server.address, 900, 300)
        page = exporter.wait_value("outbound_exporter_source_up", 0, **EVENTS)
        self.assertEqual(page.value("outbound_exporter_event_suspensions_total"), 1)
        agent.finish()
        agent.call("dial", server.address, 5)
        page = exporter.wait_value("outbound_connections", 5, target="t",
                                   destination=server.address, state="established")
        before, _ = self.counters(page, server.address)
        agent.call("dial", server.address, 6)
        page = self.settled_opened(exporter, server, before + 6)
        self.assertEqual(page.value("outbound_exporter_event_suspensions_total"), 1)
        self.assertLessEqual(before, 905)

    def settled_opened(self, exporter, server, opened):
        exporter.wait_value(OPENED, opened, target="t", destination=server.address)
        page = exporter.wait_tick()
        self.assertEqual(self.counters(page, server.address)[0], opened)
        return page

    def counters_of(self, page):
        """Every series that must never go back."""
        kinds = {name: page.types.get(name) for name, _ in page}
        return {key: value for key, value in page.items()
                if kinds[key[0]] == "counter" or key[0].endswith(("_bucket", "_count", "_sum"))}

    def test_counters_never_go_back(self):
        """Not over a reload, nor when connections and processes vanish."""
        netns = self.netns()
        server = self.serve(netns=netns)
        agents = [self.agent(netns=netns) for _ in range(2)]
        exporter = self.observed(target("t", any_of=[{"pid": agent.pid} for agent in agents]),
                                 destinations=[{"name": "up", "port": server.port}])
        for agent in agents:
            agent.call("dial", server.address, 20, "e")
        last, pages, reloads = {}, 0, 0

        def look():
            nonlocal last, pages
            found = self.counters_of(exporter.scrape())
            back = {key: (value, found.get(key)) for key, value in last.items()
                    if found.get(key, -1) < value}
            self.assertEqual(back, {})
            last, pages = found, pages + 1

        agents[0].begin("rush", server.address, 1200, 300, "e")
        end = time.monotonic() + 3.5
        while time.monotonic() < end:
            look()
            if pages % 8 == 0:
                exporter.signal(signal.SIGHUP)
                reloads += 1
            time.sleep(0.02)
        truth = agents[0].finish()
        self.assertGreater(reloads, 3)
        agents[1].stop()  # takes its connections with it
        page = self.settled(exporter, "up", (1200 + 40, 1200 + 20))
        look()
        agents[0].call("hang_up")
        page = self.settled(exporter, "up", (1240, 1240))
        look()
        self.assertGreaterEqual(page.value("outbound_sent_bytes_total", target="t",
                                           destination="up"), 40)
        self.assertLessEqual(page.value("outbound_sent_bytes_total", target="t",
                                        destination="up"), 40 + truth["sent"])
        labels = {"target": "t", "destination": "up"}
        for name in ("outbound_connect_duration_seconds", "outbound_connection_lifetime_seconds"):
            self.assertEqual(page.value(f"{name}_count", **labels), 1240)


if __name__ == "__main__":
    unittest.main()
