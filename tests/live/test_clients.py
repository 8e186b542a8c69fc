"""The clients and ss, without the exporter: what the other live tests compare with is right."""

import unittest

from harness import (LiveCase, build_go, requires, requires_root, ss_counts, ss_queues,
                     wait_until)

OWNED = {"established": 3, "close_wait": 2, "fin_wait1": 2, "fin_wait2": 3, "closing": 1,
         "last_ack": 2}


def words(states):
    return " ".join(f"{state}={count}" for state, count in states.items())


class Clients(LiveCase):
    def test_owned_states(self):
        for ip in ("127.0.0.1", "::1"):
            with self.subTest(ip=ip):
                server = self.serve(ip)
                holder = self.hold(f"{server.address} {words(OWNED)}")
                expected = {(server.address, state): count for state, count in OWNED.items()}
                self.assertEqual(ss_counts(pid=holder.pid), expected)

    def test_mapped_addresses_are_folded(self):
        server = self.serve()
        holder = self.hold(f"[::ffff:127.0.0.1]:{server.port} established=2")
        self.assertEqual(ss_counts(pid=holder.pid), {(server.address, "established"): 2})

    def test_unanswered_connects(self):
        for ip in ("127.0.0.1", "::1"):
            with self.subTest(ip=ip):
                server = self.serve(ip, "--full")
                holder = self.hold(f"{server.address} syn_sent=4")
                self.assertEqual(ss_counts(pid=holder.pid), {(server.address, "syn_sent"): 4})

    def test_states_without_an_owner(self):
        server = self.serve()
        self.hold(f"{server.address} time_wait=3 orphan_fin_wait1=2 orphan_last_ack=1")
        states = {"time_wait", "fin_wait1", "last_ack"}
        self.assertEqual(ss_counts(to={server.address}, states=states), {
            (server.address, "time_wait"): 3, (server.address, "fin_wait1"): 2,
            (server.address, "last_ack"): 1})

    def test_closing_on_command(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=1 pooled=2 close_wait=1")
        holder.ask("close pooled")
        self.assertEqual(ss_counts(to={server.address}), {
            (server.address, "established"): 1, (server.address, "time_wait"): 2,
            (server.address, "close_wait"): 1})
        server.ask("closeall")
        wait_until(lambda: ss_counts(pid=holder.pid) == {(server.address, "close_wait"): 2},
                   "the server's FIN")

    def test_queues(self):
        server = self.serve()
        holder = self.hold(f"{server.address} unread=2 unsent=1")
        receive, send = ss_queues(pid=holder.pid)[server.address]
        self.assertEqual(receive, 2000)
        self.assertGreater(send, 1000)

    def test_server_listens_again_and_executes_again_with_its_clients(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=2")
        held = {(server.address, "established"): 2}
        server.ask("unlisten")
        self.assertEqual(ss_counts(pid=holder.pid), held)
        server.ask("listen")
        server.ask("exec", "port")
        self.assertEqual(ss_counts(pid=holder.pid), held)
        self.hold(f"{server.address} established=1")

    @requires("go")
    def test_the_seed_in_all_its_modes(self):
        server = self.serve()
        for mode, expected in (("shared", 1), ("transport", 5), ("body", 5)):
            with self.subTest(mode=mode):
                seed = self.start([build_go("seed"), "-mode", mode, "-requests", "5",
                                   server.url])
                seed.expect("ready")
                self.assertEqual(ss_counts(pid=seed.pid),
                                 {(server.address, "established"): expected})

    def test_churn(self):
        server = self.serve()
        churn = self.churn(server)
        wait_until(lambda: ss_counts(pid=churn.pid).get((server.address, "established")) == 20,
                   "twenty connections kept at a time")
        wait_until(lambda: ss_counts(to={server.address}).get((server.address, "time_wait")),
                   "TIME_WAIT")

    @requires_root
    @requires("nft")
    def test_dropped_syns_in_a_namespace(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        netns.drop_syns(server.port)
        holder = self.hold(f"{server.address} syn_sent=2", netns=netns)
        self.assertEqual(ss_counts(pid=holder.pid, netns=netns),
                         {(server.address, "syn_sent"): 2})

    @requires_root
    def test_two_namespaces_with_a_link(self):
        here, there = self.netns(), self.netns()
        here.link(there)
        server = self.serve("10.63.1.2", netns=there)
        holder = self.hold(f"{server.address} established=2 fin_wait2=1", netns=here)
        self.assertEqual(ss_counts(pid=holder.pid, netns=here), {
            (server.address, "established"): 2, (server.address, "fin_wait2"): 1})


if __name__ == "__main__":
    unittest.main()
