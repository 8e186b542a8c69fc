"""Whether servers let a connection be used again, and how long they keep it unused."""

import unittest

from harness import config, free_port, requires, ss_counts, target, tool, wait_until
from probing import NGINX, ProbeCase, destination

SITE = """
  server {{
    listen 127.0.0.1:{port} {how};
    keepalive_timeout {keep}; {tls}
    location = / {{ return 200 "it is well\\n"; }}
    location = /moved {{ return 301 /; }}
  }}
"""


class Reuse(ProbeCase):
    def setUp(self):
        super().setUp()
        self.certificate("server", "localhost")
        self.ports = {}
        sites = ""
        for name, how, keep in (("keep", "", "60s"), ("brief", "", "1s"), ("never", "", "0"),
                                ("tls", "ssl", "60s"), ("tls_brief", "ssl", "1s"),
                                ("h2", "ssl http2", "60s"), ("h2_brief", "ssl http2", "1s")):
            self.ports[name] = free_port()
            tls = (f"ssl_certificate {self.dir}/server.pem; "
                   f"ssl_certificate_key {self.dir}/server.key;") if how else ""
            sites += SITE.format(port=self.ports[name], how=how, keep=keep, tls=tls)
        path = self.write("nginx.conf", NGINX.format(dir=self.dir, servers=sites))
        server = self.start([tool("nginx"), "-e", f"{self.dir}/nginx.log", "-c", path])
        wait_until(lambda: (self.dir / "nginx.pid").exists() or not server.running(), "nginx")

    def probe(self, name, after, path="/", interval="1s"):
        scheme = "http" if name in ("keep", "brief", "never") else "https"
        found = destination(f"{name}{path}{after}", f"{scheme}://localhost:{self.ports[name]}"
                            f"{path}", interval, module="trusting")
        found["probe"]["reuse_after"] = after
        return found

    def exporter_of(self, probes, *targets):
        return self.exporter(config(
            *targets, destinations=probes, discover={"enabled": False},
            modules={"trusting": {"prober": "http", "http": {
                "tls_config": {"ca_file": str(self.dir / "server.pem")}}}}))

    def wait_known(self, exporter, probes):
        names = [probe["name"] for probe in probes]
        return exporter.wait_for(lambda page: all(
            page.get_value("outbound_probe_connection_reusable", destination=name) is not None
            for name in names), "all to be known")

    def found(self, page, probe):
        """(whether the connection could be used again, seconds until the server closed it)."""
        name = probe["name"]
        return (page.value("outbound_probe_connection_reusable", destination=name),
                page.get_value("outbound_probe_idle_close_seconds", destination=name))

    def test_servers_that_keep_connections(self):
        probes = [self.probe(name, after) for name in ("keep", "tls", "h2")
                  for after in ("0s", "500ms")]
        probes.append(self.probe("brief", "200ms"))
        probes.append(self.probe("keep", "100ms", "/moved"))
        page = self.wait_known(self.exporter_of(probes), probes)
        for probe in probes:
            self.assertEqual(self.found(page, probe), (1, None), probe["name"])

    def test_how_long_they_keep_them(self):
        probes = [self.probe(name, "20s") for name in ("brief", "tls_brief", "h2_brief")]
        page = self.wait_known(self.exporter_of(probes), probes)
        for probe in probes:
            reusable, seconds = self.found(page, probe)
            self.assertEqual(reusable, 0, probe["name"])
            self.assertTrue(0.5 < seconds < 20, f"{probe['name']}: {seconds}")

    def test_one_that_says_it_closes(self):
        probes = [self.probe("never", "20s")]
        page = self.wait_known(self.exporter_of(probes), probes)
        self.assertEqual(self.found(page, probes[0]), (0, None))

    def test_the_schedule_goes_on_meanwhile(self):
        probes = [self.probe("keep", "1h", interval="100ms")]
        exporter = self.exporter_of(probes)
        page = self.assert_keeps_cadence(exporter, probes[0]["name"])
        self.assertEqual(page.value("outbound_probes_missed_total",
                                    destination=probes[0]["name"]), 0)
        self.assertIsNone(page.get_value("outbound_probe_connection_reusable",
                                         destination=probes[0]["name"]))
        self.assertEqual(exporter.stop(), 0)

    def held(self, exporter, name):
        to = f"127.0.0.1:{self.ports[name]}"
        return ss_counts(pid=exporter.pid, to={to}).get((to, "established"), 0)

    def test_one_connection_is_kept_and_it_is_nobodys(self):
        probes = [self.probe("keep", "1h", interval="100ms")]
        exporter = self.exporter_of(probes, target("all", cmdline="outbound_exporter"))
        name = probes[0]["name"]
        exporter.wait_for(lambda page: page.value("outbound_probes_total", destination=name) > 5,
                          "some runs")
        wait_until(lambda: self.held(exporter, "keep") == 1, "one to be left")
        page = exporter.wait_tick()
        self.assertFalse([labels for labels, value in page.series("outbound_connections")
                          if str(self.ports["keep"]) in labels["destination"] and value])


if __name__ == "__main__":
    unittest.main()
