"""A real Prometheus scrapes the exporter, and its answers are the numbers that ss gives."""

import subprocess
import unittest

from harness import LiveCase, config, requires, ss_counts, target, tool, wait_until
from prometheus import Prometheus

SCRAPE = """
global: {{ scrape_interval: 200ms, scrape_timeout: 200ms }}
scrape_configs:
  - job_name: outbound
    static_configs:
      - targets: ["127.0.0.1:{port}"]
"""
JOINED = ('sum by (destination) (outbound_connections{state="established"})'
          " and on (destination) outbound_probe_success == 1")


@requires("prometheus")
class Scraped(LiveCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.holder = self.hold(f"{self.server.address} established=5 close_wait=2 fin_wait2=1")
        self.exported = self.exporter(config(
            target("checkout", pid=self.holder.pid), target("absent", comm="obabsent"),
            destinations=[{"name": "payments", "address": "127.0.0.1", "port": self.server.port,
                           "probe": {"url": self.server.url, "interval": "200ms"}}]))
        self.prometheus = Prometheus(self, SCRAPE.format(port=self.exported.port))
        self.prometheus.wait_ready()
        wait_until(lambda: self.prometheus.query("outbound_probe_success == 1"),
                   self.prometheus.process.log)

    def test_up_and_nothing_rejected(self):
        self.assertEqual([value for _, value in self.prometheus.query("up")], [1])
        active = self.prometheus.api("/api/v1/targets")["activeTargets"]
        self.assertEqual([(found["health"], found["lastError"]) for found in active],
                         [("up", "")])
        page = self.exported.scrape()
        stored = wait_until(lambda: self.prometheus.query("scrape_samples_scraped"), "a scrape")
        self.assertEqual(stored[0][1], len(page))

    def test_the_series_are_those_of_ss(self):
        stored = {(labels["destination"], labels["state"]): value for labels, value
                  in self.prometheus.query('outbound_connections{target="checkout"} > 0')}
        expected = {("payments", state): count for (_, state), count
                    in ss_counts(pid=self.holder.pid).items()}
        self.assertEqual(stored, expected)
        up = {labels["target"]: value
              for labels, value in self.prometheus.query("outbound_target_up")}
        self.assertEqual(up, {"checkout": 1, "absent": 0})

    def test_probes_and_connections_join_on_the_destination(self):
        self.assertEqual(self.prometheus.query(JOINED), [({"destination": "payments"}, 5)])

    def test_metadata_has_type_and_help(self):
        """Prometheus asks for OpenMetrics, where families have other names than in the text."""
        metadata = self.prometheus.api("/api/v1/metadata")
        for family, kind in self.exported.scrape().types.items():
            name = family.removesuffix("_total").removesuffix("_info")
            if family.endswith("_info"):
                kind = "info"
            found, = metadata.get(name) or metadata[family]
            self.assertEqual(found["type"], kind, family)
            self.assertTrue(found["help"], family)

    def test_a_stopped_server_and_a_stopped_exporter_are_seen(self):
        self.server.stop()
        wait_until(lambda: self.prometheus.query("outbound_probe_success == 0"), "probe at 0")
        wait_until(lambda: self.prometheus.query(
            'increase(outbound_probes_failed_total{reason="refused"}[10s]) > 0'), "refusals")
        wait_until(lambda: [value for _, value in self.prometheus.query(
            'outbound_connections{target="checkout",state="close_wait"}')] == [7],
            "the connections that the server closed")
        self.exported.stop()
        wait_until(lambda: self.prometheus.query("up == 0"), "up at 0")


@requires("promtool")
class Linted(LiveCase):
    def test_promtool_finds_nothing(self):
        server = self.serve()
        holder = self.hold(f"{server.address} established=2 time_wait=1")
        exporter = self.exporter(config(
            target("t", pid=holder.pid),
            destinations=[{"name": "web", "address": "127.0.0.1", "port": server.port,
                           "probe": {"url": server.url, "interval": "100ms"}}]))
        exporter.wait_value("outbound_probe_success", 1, destination="web")
        done = subprocess.run([tool("promtool"), "check", "metrics"], text=True, check=False,
                              input=exporter.scrape().text, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


if __name__ == "__main__":
    unittest.main()
