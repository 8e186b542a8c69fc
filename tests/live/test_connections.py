"""Connections by destination and state equal ss, whatever goes on beside them."""

import unittest

from harness import (EXPORTER, STATES, LiveCase, build_c, config, requires_root, ss_counts,
                     ss_queues, ss_rows, target, unique, wait_until)

OWNED = {"established": 3, "close_wait": 2, "fin_wait1": 2, "fin_wait2": 3, "closing": 1,
         "last_ack": 2}
OWNED_WORDS = " ".join(f"{state}={count}" for state, count in OWNED.items())
LOOKS = 5


def summed(*counters):
    """Counts of several {(destination, state): count} together."""
    found = {}
    for counter in counters:
        for key, value in counter.items():
            found[key] = found.get(key, 0) + value
    return found


def ten_probes(page):
    return page.value("outbound_probes_total", destination="web") >= 10


class Owned(LiveCase):
    def check(self, destination, wanted, expected):
        holder = self.hold(wanted)
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        page = self.assert_equals_ss(exporter, {"t": holder.pid})
        self.assertEqual(page.connections("t"), {
            (destination, state): count for state, count in expected.items()})
        for state in STATES:
            self.assertEqual(page.value("outbound_connections", target="t",
                                        destination=destination, state=state),
                             expected.get(state, 0))
        self.assertEqual(len(page.series("outbound_connections", target="t")), len(STATES))

    def test_every_state_ipv4(self):
        server = self.serve()
        self.check(server.address, f"{server.address} {OWNED_WORDS}", OWNED)

    def test_every_state_ipv6(self):
        server = self.serve("::1")
        self.check(server.address, f"{server.address} {OWNED_WORDS}", OWNED)

    def test_every_state_ipv4_mapped_in_ipv6(self):
        server = self.serve()
        self.check(server.address, f"[::ffff:127.0.0.1]:{server.port} {OWNED_WORDS}", OWNED)

    def test_one_page_without_a_daemon(self):
        server = self.serve()
        holder = self.hold(f"{server.address} {OWNED_WORDS}")
        page = self.once(config(target("t", pid=holder.pid)))
        self.assertEqual(page.connections("t"), ss_counts(pid=holder.pid))

    def test_unanswered_connects(self):
        for ip in ("127.0.0.1", "::1"):
            with self.subTest(ip=ip):
                server = self.serve(ip, "--full")
                self.check(server.address, f"{server.address} syn_sent=4", {"syn_sent": 4})

    def test_mapped_and_plain_are_one_destination(self):
        server = self.serve()
        self.check(server.address, f"{server.address} established=2 "
                   f"[::ffff:127.0.0.1]:{server.port} established=3", {"established": 5})

    def test_many_destinations_each_its_own(self):
        servers = [self.serve(ip) for ip in ("127.0.0.1", "127.0.0.1", "127.0.0.9", "::1")]
        words = " ".join(f"{server.address} established={n} fin_wait2={2 * n}"
                         for n, server in enumerate(servers, 1))
        holder = self.hold(words)
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        page = self.assert_equals_ss(exporter, {"t": holder.pid})
        self.assertEqual(page.destinations("t"), {server.address for server in servers})

    def test_two_targets_at_once(self):
        here, there = self.serve(), self.serve("::1")
        one = self.hold(f"{here.address} established=2 close_wait=1 "
                        f"{there.address} fin_wait2=2")
        two = self.hold(f"{here.address} established=5 {there.address} established=1")
        exporter = self.exporter(config(target("one", pid=one.pid), target("two", pid=two.pid)))
        self.assert_equals_ss(exporter, {"one": one.pid, "two": two.pid})

    def test_sockets_shared_after_a_fork_count_once(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=4 close_wait=2", "--fork", "3",
                           argv0=self.copy(build_c("hold"), unique("obforked")))
        exporter = self.exporter(config(target("forked", comm=unique("obforked"))))
        page = self.assert_equals_ss(exporter, {"forked": holder.pid})
        self.assertEqual(page.value("outbound_target_processes", target="forked"), 4)
        self.assertEqual(page.sum("outbound_connections", target="forked"), 6)

    def test_sockets_shared_by_two_targets_count_once_in_each(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=4", "--fork", "2",
                           argv0=self.copy(build_c("hold"), unique("obfamily")))
        exporter = self.exporter(config(target("parent", pid=holder.pid),
                                        target("children", comm=unique("obfamily"))))
        page = self.assert_equals_ss(exporter, {"parent": holder.pid})
        self.assertEqual(page.value("outbound_target_processes", target="children"), 2)
        self.assertEqual(page.connections("children"), page.connections("parent"))

    def test_queues(self):
        server = self.serve()
        holder = self.hold(f"{server.address} unread=2 unsent=1 established=1")
        exporter = self.exporter(config(target("t", pid=holder.pid)))

        def equal(page):
            receive, send = ss_queues(pid=holder.pid)[server.address]
            labels = {"target": "t", "destination": server.address}
            return (receive == 2000 and send > 1000
                    and page.value("outbound_receive_queue_bytes", **labels) == receive
                    and page.value("outbound_send_queue_bytes", **labels) == send)

        exporter.wait_for(equal, "the queues as ss has them")

    def test_held_ones_stay_exact_while_others_churn(self):
        quiet, busy = self.serve(), self.serve()
        holder = self.hold(f"{quiet.address} established=7 fin_wait2=3 close_wait=2")
        churn = self.churn(busy, per_second=200)
        exporter = self.exporter(config(target("held", pid=holder.pid),
                                        target("churn", pid=churn.pid)))
        for _ in range(LOOKS):
            page = self.assert_equals_ss(exporter, {"held": holder.pid})
        self.assertEqual(page.destinations("churn"), {busy.address})
        self.assertGreater(page.connections("churn")[busy.address, "established"], 0)
        self.assertTrue(churn.running(), churn.log())

    def test_changes_are_followed(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=3 close_wait=2")
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        self.assert_equals_ss(exporter, {"t": holder.pid})
        holder.ask("close close_wait")
        holder.ask(f"connect {server.address} established=4 fin_wait2=1")
        page = self.assert_equals_ss(exporter, {"t": holder.pid})
        self.assertEqual(page.connections("t"), {
            (server.address, "established"): 7, (server.address, "fin_wait2"): 1})
        server.stop()
        wait_until(lambda: ss_counts(pid=holder.pid) == {(server.address, "close_wait"): 7},
                   "the FINs of the stopped server")
        page = exporter.wait_tick()
        self.assertEqual(page.connections("t"), {
            (server.address, "close_wait"): 7, (server.address, "time_wait"): 1})


@requires_root
class Ownerless(LiveCase):
    """TIME_WAIT and orphans have inode 0: nobody's by the kernel, somebody's by memory.

    In a namespace of its own, where nobody else's are.
    """

    def setUp(self):
        super().setUp()
        self.place = self.netns()

    def serve(self, *words, **how):
        return super().serve(*words, netns=self.place, **how)

    def hold(self, *words, **how):
        return super().hold(*words, netns=self.place, **how)

    def counts(self, **which):
        return ss_counts(netns=self.place, **which)

    def test_what_was_seen_owned_stays_the_targets(self):
        for ip in ("127.0.0.1", "::1"):
            with self.subTest(ip=ip):
                server = self.serve(ip)
                holder = self.hold(f"{server.address} pooled=5 established=2 unsent=1 "
                                   "fin_wait2=1")
                exporter = self.exporter(config(target("t", pid=holder.pid)))
                self.assert_equals_ss(exporter, {"t": holder.pid}, self.place)
                for kind in ("pooled", "established", "unsent"):
                    holder.ask(f"close {kind}")
                expected = {(server.address, "time_wait"): 5, (server.address, "fin_wait2"): 3,
                            (server.address, "fin_wait1"): 1}
                page, found = self.still(exporter,
                                         lambda: self.counts(to={server.address}))
                self.assertEqual(found, expected)
                self.assertEqual(page.connections("t"), expected)
                self.assertEqual(page.unowned(to={server.address}), {})

    def test_they_outlive_their_process(self):
        server = self.serve()
        holder = self.hold(f"{server.address} pooled=3")
        exporter = self.exporter(config(target("t", pid=holder.pid)), netns=self.place)
        exporter.wait_tick()
        holder.ask("close pooled")
        holder.stop()
        page = exporter.wait_tick()
        self.assertEqual(page.value("outbound_target_up", target="t"), 0)
        self.assertEqual(page.connections("t"), {(server.address, "time_wait"): 3})

    def test_what_was_never_seen_owned_is_unowned(self):
        server, other = self.serve(), self.serve()
        holder = self.hold(f"{server.address} established=1 time_wait=6 orphan_fin_wait1=2 "
                           "orphan_last_ack=1")
        self.hold(f"{other.address} time_wait=2")
        exporter = self.exporter(config(target("t", pid=holder.pid)))
        page = exporter.wait_tick()
        self.assertEqual(page.unowned(to={server.address, other.address}), {
            (other.address, "time_wait"): 2, (server.address, "time_wait"): 6,
            (server.address, "fin_wait1"): 2, (server.address, "last_ack"): 1})
        self.assertEqual(page.connections("t"), {(server.address, "established"): 1})

    def test_owned_and_unowned_together_equal_ss(self):
        servers = [self.serve(), self.serve(), self.serve("::1")]
        addresses = {server.address for server in servers}
        words = " ".join(f"{address} established=2 pooled=2 time_wait=3 orphan_fin_wait1=1"
                         for address in sorted(addresses))
        one, two = self.hold(words), self.hold(words)
        exporter = self.exporter(config(target("one", pid=one.pid), target("two", pid=two.pid)))
        exporter.wait_tick()
        one.ask("close pooled")
        two.ask("close established")
        page, found = self.still(exporter, lambda: self.counts(to=addresses))
        self.assertEqual(summed(page.connections("one"), page.connections("two"),
                                page.unowned(to=addresses)), found)
        self.assertEqual(page.connections("one")[servers[0].address, "time_wait"], 2)
        self.assertEqual(page.connections("two")[servers[0].address, "fin_wait2"], 2)

    def test_closed_clients_of_a_server_are_not_unowned_connections(self):
        server = self.serve()
        exporter = self.exporter(config(target("server", pid=server.pid)))
        self.hold(f"{server.address} close_wait=3")
        ends = {row.peer: row.state for row in ss_rows(self.place)
                if row.local == server.address and row.state != "listen"}
        self.assertEqual(list(ends.values()), ["fin_wait2"] * 3)
        page = exporter.wait_tick()
        self.assertEqual(page.connections("server"), {})
        self.assertEqual(page.unowned(to=ends), {})


class Servers(LiveCase):
    """Clients of a target are never destinations of it."""

    def no_destination(self, exporter, name="server"):
        page = exporter.wait_tick()
        self.assertEqual(page.connections(name), {})
        self.assertEqual(page.value("outbound_target_up", target=name), 1)
        return page

    def test_a_server_that_stops_listening_or_restarts_keeps_its_clients(self):
        for ip in ("127.0.0.1", "::1"):
            with self.subTest(ip=ip):
                server = self.serve(ip)
                holder = self.hold(f"{server.address} established=3 fin_wait2=1")
                exporter = self.exporter(config(target("server", pid=server.pid),
                                                target("client", pid=holder.pid)))
                self.no_destination(exporter)
                server.ask("unlisten")
                for _ in range(3):
                    self.no_destination(exporter)
                server.ask("listen")
                self.no_destination(exporter)
                server.ask("exec", "port")
                page = self.no_destination(exporter)
                self.assertEqual(page.connections("client"), ss_counts(pid=holder.pid))

    def test_clients_that_come_just_before_the_listener_goes(self):
        server = self.serve()
        exporter = self.exporter(config(target("server", pid=server.pid)))
        exporter.wait_tick()
        self.hold(f"{server.address} established=5")
        server.ask("unlisten")
        for _ in range(3):
            self.no_destination(exporter)

    def test_a_listener_on_every_address_of_both_families(self):
        server = self.serve("::")
        holder = self.hold(f"127.0.0.1:{server.port} established=2 "
                           f"[::1]:{server.port} established=1")
        exporter = self.exporter(config(target("server", pid=server.pid),
                                        target("client", pid=holder.pid)))
        page = self.no_destination(exporter)
        self.assertEqual(page.connections("client"), ss_counts(pid=holder.pid))
        server.ask("unlisten")
        self.no_destination(exporter)

    def test_the_same_port_on_another_address_listens_for_others(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=2")
        for row in ss_rows():
            if holder.pid in row.pids:
                port = row.local.rpartition(":")[2]
                self.start([build_c("serve"), f"127.0.0.77:{port}"]).expect("port")
        exporter = self.exporter(config(target("client", pid=holder.pid)))
        self.assert_equals_ss(exporter, {"client": holder.pid})

    def test_a_target_with_both_ends_counts_the_clients(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=3 close_wait=1")
        exporter = self.exporter(config(target("both", any_of=[{"pid": server.pid},
                                                               {"pid": holder.pid}])))
        page = exporter.wait_tick()
        self.assertEqual(page.connections("both"), ss_counts(pid=holder.pid))

    def test_a_pre_forking_server_that_calls_out(self):
        backend = self.serve()
        holder = self.hold(f"{backend.address} established=2", "--listen", "127.0.0.1:0",
                           "--fork", "2", argv0=self.copy(build_c("hold"), unique("obprefork")))
        exporter = self.exporter(config(target("server", comm=unique("obprefork"))))
        page = self.assert_equals_ss(exporter, {"server": holder.pid})
        self.assertEqual(page.destinations("server"), {backend.address})


class Destinations(LiveCase):
    def test_configured_names_and_first_match_wins(self):
        servers = {name: self.serve(ip) for name, ip in (
            ("named", "127.0.0.1"), ("exact", "127.0.0.5"), ("net", "127.1.2.3"),
            ("six", "::1"), ("rest", "127.0.0.8"))}
        words = " ".join(f"{server.address} established={n}"
                         for n, server in enumerate(servers.values(), 1))
        holder = self.hold(words)
        exporter = self.exporter(config(target("t", pid=holder.pid), destinations=[
            {"name": "exact", "address": "127.0.0.5", "port": servers["exact"].port},
            {"name": "named", "host": "localhost", "port": servers["named"].port},
            {"name": "net", "cidr": "127.1.0.0/16"},
            {"name": "six", "cidr": "::/64", "port": servers["six"].port},
            {"name": "late", "cidr": "127.1.2.0/24"},
        ]))
        expected = {(name, "established"): n for n, name in enumerate(servers, 1)}
        expected[servers["rest"].address, "established"] = expected.pop(("rest", "established"))
        page = exporter.wait_for(lambda page: page.connections("t") == expected,
                                 f"connections {expected}")
        self.assertNotIn("late", {name for name, _ in page.connections("t")})

    def test_the_cap_sends_newcomers_to_other_and_nothing_flaps(self):
        servers = [self.serve() for _ in range(6)]
        first = " ".join(f"{server.address} established={n}"
                         for n, server in enumerate(servers[:4], 1))
        holder = self.hold(first)
        exporter = self.exporter(config(target("t", pid=holder.pid),
                                        limits={"max_destinations": 3}))
        page = exporter.wait_tick()
        named = page.destinations("t") - {"other"}
        self.assertEqual(len(named), 3)
        self.assertEqual(page.sum("outbound_connections", target="t"), 1 + 2 + 3 + 4)
        self.assertGreater(page.value("outbound_exporter_truncated_total", what="destinations"),
                           0)
        holder.ask("close established")
        exporter.wait_tick()
        holder.ask(f"connect {servers[4].address} established=1")
        for _ in range(LOOKS):
            page = exporter.wait_tick()
            self.assertEqual(page.destinations("t"), named | {"other"})
        self.assertEqual(page.value("outbound_connections", target="t", destination="other",
                                    state="established"), 1)

    def test_a_forgotten_destination_makes_room(self):
        servers = [self.serve() for _ in range(2)]
        holder = self.hold(f"{servers[0].address} unread=1")
        exporter = self.exporter(config(
            target("t", pid=holder.pid),
            limits={"max_destinations": 1, "forget_after": "1s"}))
        exporter.wait_tick()
        holder.ask("close unread")  # with unread data that is a reset: nothing stays
        exporter.wait_for(lambda page: servers[0].address not in page.destinations("t"),
                          "the first destination forgotten")
        holder.ask(f"connect {servers[1].address} established=1")
        page = exporter.wait_tick()
        self.assertEqual(page.connections("t"), {(servers[1].address, "established"): 1})


class Discovery(LiveCase):
    def test_holders_are_found_by_the_name_of_their_executable(self):
        server = self.serve(argv0=self.copy(build_c("serve"), unique("observer")))
        holder = self.hold(f"{server.address} established=3",
                           argv0=self.copy(build_c("hold"), unique("obdiscovered")))
        exporter = self.exporter(config())
        page = self.assert_equals_ss(exporter, {unique("obdiscovered"): holder.pid})
        self.assertEqual(page.value("outbound_target_processes", target=unique("obdiscovered")), 1)
        self.assertNotIn(unique("observer"), {labels["target"] for labels, _
                                   in page.series("outbound_target_up")})

    def test_it_finds_newcomers_and_needs_no_configuration_file(self):
        exporter = self.exporter(None)
        server = self.serve()
        holder = self.hold(f"{server.address} established=2",
                           argv0=self.copy(build_c("hold"), unique("obnewcomer")))
        self.assert_equals_ss(exporter, {unique("obnewcomer"): holder.pid})

    def test_too_many_are_other(self):
        server = self.serve()
        for n in range(3):
            self.hold(f"{server.address} established=1",
                      argv0=self.copy(build_c("hold"), unique(f"obmany{n}")))
        exporter = self.exporter(config(discover={"max_targets": 1}))
        page = exporter.wait_tick()
        names = {labels["target"] for labels, _ in page.series("outbound_target_up")}
        self.assertEqual(len(names - {"other"}), 1)
        self.assertIn("other", names)
        self.assertGreaterEqual(page.sum("outbound_connections", destination=server.address,
                                         state="established"), 3)
        self.assertGreater(page.value("outbound_exporter_truncated_total", what="targets"), 0)


class Own(LiveCase):
    """The exporter watches others."""

    def test_its_own_connections_are_nobodys(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=2")
        program = self.copy(EXPORTER, unique("obmyself"))
        exporter = self.exporter(config(
            target("t", pid=holder.pid), target("me", exe=str(program)),
            destinations=[{"name": "web", "address": "127.0.0.1", "port": server.port,
                           "probe": {"url": server.url, "interval": "100ms"}}]),
            binary=program)
        exporter.wait_for(ten_probes, "ten probes")
        for _ in range(LOOKS):
            page = exporter.wait_tick()
            self.assertEqual(page.connections("t"), {("web", "established"): 2})
            self.assertEqual(page.connections("me"), {})
            self.assertEqual(page.unowned(to={"web"}), {})
        self.assertEqual(page.value("outbound_target_processes", target="me"), 0)
        self.assertEqual(page.value("outbound_probe_success", destination="web"), 1)

    def test_it_does_not_discover_itself(self):
        server = self.serve()
        program = self.copy(EXPORTER, unique("obmyself"))
        exporter = self.exporter(config(
            destinations=[{"name": "web", "address": "127.0.0.1", "port": server.port,
                           "probe": {"url": server.url, "interval": "100ms"}}]),
            binary=program)
        page = exporter.wait_for(ten_probes, "ten probes")
        self.assertEqual(page.series("outbound_target_up", target=unique("obmyself")), [])
        self.assertEqual(page.sum("outbound_connections", destination="web"), 0)

    @requires_root
    def test_probes_leave_time_waits_that_nobody_counts(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        holder = self.hold(f"{server.address} established=1", netns=netns)
        exporter = self.exporter(config(
            target("t", pid=holder.pid),
            destinations=[{"name": "web", "address": "127.0.0.1", "port": server.port,
                           "probe": {"url": server.url, "interval": "100ms"}}]), netns=netns)
        exporter.wait_for(ten_probes, "ten probes")
        page = exporter.wait_tick()
        self.assertEqual(page.connections("t"), {("web", "established"): 1})
        self.assertEqual(page.unowned(to={"web", server.address}), {})


if __name__ == "__main__":
    unittest.main()
