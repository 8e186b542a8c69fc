"""The question's program: a Go client, watched from outside, a probe of its server beside it.

Go's connections are as many as the mode says, whichever way they leak; what the exporter says
of them, of its threads and descriptors equals ss and /proc at the same moment.
"""

import os
import unittest

from harness import LiveCase, build_go, config, requires, ss_counts, target, wait_until

REQUESTS = 12
NAME = "seeds-server"


def proc(pid):
    """(threads, descriptors, limit) of a process now."""
    with open(f"/proc/{pid}/limits", encoding="ascii") as lines:
        limit = next(int(line.split()[3]) for line in lines
                     if line.startswith("Max open files"))
    return len(os.listdir(f"/proc/{pid}/task")), len(os.listdir(f"/proc/{pid}/fd")), limit


def under(name, counts):
    """The same counts with the destinations called `name`."""
    return {(name, state): count for (_, state), count in counts.items()}


@requires("go")
class Seed(LiveCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.program = build_go("seed")

    def seed(self, mode, requests=REQUESTS):
        seed = self.start([self.program, "-mode", mode, "-requests", requests, self.server.url])
        seed.expect("ready")
        return seed

    def watch(self, seed):
        return self.exporter(config(
            target("seed", exe=str(self.program)),
            destinations=[{"name": NAME, "address": "127.0.0.1", "port": self.server.port,
                           "probe": {"url": self.server.url, "interval": "200ms"}}]))

    def same_moment(self, exporter, seed):
        """A page during which nothing about the program changed; Go may start a thread."""
        def look():
            return ss_counts(pid=seed.pid), proc(seed.pid)

        def still():
            before = look()
            page = exporter.wait_tick()
            return look() == before and (page, *before)

        return wait_until(still, "a moment in which the program held still")

    def check(self, exporter, seed):
        page, connections, (threads, fds, limit) = self.same_moment(exporter, seed)
        self.assertEqual(page.connections("seed"), under(NAME, connections))
        self.assertEqual(page.value("outbound_target_processes", target="seed"), 1)
        self.assertEqual(page.value("outbound_target_threads", target="seed"), threads)
        self.assertEqual(page.value("outbound_target_open_fds", target="seed"), fds)
        self.assertEqual(page.value("outbound_target_max_fds", target="seed"), limit)
        return page

    def established(self, page):
        return page.value("outbound_connections", target="seed", destination=NAME,
                          state="established")

    def test_as_in_the_question_it_does_not_leak(self):
        seed = self.seed("shared")
        exporter = self.watch(seed)
        self.assertEqual(self.established(self.check(exporter, seed)), 1)
        seed.ask("10")
        self.assertEqual(self.established(self.check(exporter, seed)), 1)

    def test_a_transport_per_request_leaks_a_connection_each(self):
        seed = self.seed("transport")
        exporter = self.watch(seed)
        self.assertEqual(self.established(self.check(exporter, seed)), REQUESTS)
        seed.ask("10")
        self.assertEqual(self.established(self.check(exporter, seed)), REQUESTS + 10)

    def test_a_body_left_open_leaks_a_connection_each(self):
        seed = self.seed("body")
        exporter = self.watch(seed)
        self.assertEqual(self.established(self.check(exporter, seed)), REQUESTS)
        seed.ask("10")
        self.assertEqual(self.established(self.check(exporter, seed)), REQUESTS + 10)

    def test_the_probe_stands_beside_it_and_follows_the_server(self):
        seed = self.seed("body")
        exporter = self.watch(seed)
        page = exporter.wait_value("outbound_probe_success", 1, destination=NAME)
        self.assertEqual(page.value("outbound_probe_http_status_code", destination=NAME), 200)
        self.assertEqual(self.established(self.check(exporter, seed)), REQUESTS)
        refused = {"destination": NAME, "reason": "refused"}
        self.assertEqual(page.value("outbound_probes_failed_total", **refused), 0)

        self.server.stop()
        page = exporter.wait_value("outbound_probe_success", 0, destination=NAME)
        failed = exporter.wait_for(
            lambda page: page.value("outbound_probes_failed_total", **refused) > 0, "a refusal")
        exporter.wait_for(lambda page: page.value("outbound_probes_failed_total", **refused)
                          > failed.value("outbound_probes_failed_total", **refused),
                          "more refusals")
        page = self.check(exporter, seed)
        self.assertEqual(page.connections("seed"), {(NAME, "close_wait"): REQUESTS})
        self.assertIsNone(page.get_value("outbound_probe_http_status_code", destination=NAME))

    def test_a_leaked_transport_lets_go_when_the_server_stops(self):
        seed = self.seed("transport")
        exporter = self.watch(seed)
        self.assertEqual(self.established(self.check(exporter, seed)), REQUESTS)
        self.server.stop()
        wait_until(lambda: not ss_counts(pid=seed.pid), "Go to close what the server closed")
        page = self.check(exporter, seed)
        self.assertEqual(page.value("outbound_target_up", target="seed"), 1)
        self.assertEqual(self.established(page), 0)


if __name__ == "__main__":
    unittest.main()
