"""Probes: each way to fail has its reason, and none of them delays anybody else."""

import os
import pathlib
import signal
import unittest

from harness import (config, free_port, requires, requires_root, ss_counts, ss_rows,
                     target, wait_until)
from probing import ProbeCase, destination, probes, reasons

HANG = "timeout:30 attempts:5"


class Misbehaviour(ProbeCase):
    def setUp(self):
        super().setUp()
        self.server = self.misbehave()
        self.base = f"http://127.0.0.1:{self.server.port}"

    def test_each_has_its_reason(self):
        expected = {
            "good": ("/", None), "teapot": ("/teapot", "status"),
            "silent": ("/silent", "no_answer"),
            "drip": ("/drip", "slow"), "drip_status": ("/drip_status", "slow"),
            "flood": ("/flood", "too_large"), "headers": ("/headers", "too_large"),
            "loop": ("/loop", "redirects"), "to_file": ("/to_file", "protocol"),
            "garbage": ("/garbage", "protocol"), "chunks": ("/chunks", "protocol"),
            "cut": ("/cut", "closed_early"), "nothing": ("/nothing", "closed_early"),
            "reset": ("/reset", "reset"), "reset_midway": ("/reset_midway", "reset"),
        }
        urls = {name: self.base + path for name, (path, _) in expected.items()}
        found = {name: reason for name, (_, reason) in expected.items()}
        urls["rst"] = f"http://127.0.0.1:{self.server.rst_port}/"
        found["rst"] = "reset"
        urls["tls_rst"] = f"https://127.0.0.1:{self.server.rst_port}/"
        found["tls_rst"] = "reset"
        urls["tls_silent"] = f"https://127.0.0.1:{self.server.port}/"
        found["tls_silent"] = "tls_handshake"
        urls["refused"] = f"http://localhost:{free_port()}/"
        found["refused"] = "refused"
        page = self.wait_reasons(self.exporter(probes(urls)), found)
        for name, status in (("good", 200), ("teapot", 418), ("drip", 200), ("cut", 200),
                             ("loop", 302), ("silent", None), ("refused", None)):
            self.assertEqual(page.get_value("outbound_probe_http_status_code",
                                            destination=name), status, name)

    def held(self, exporter):
        """How many connections the exporter has to the server now."""
        address = f"127.0.0.1:{self.server.port}"
        return sum(ss_counts(pid=exporter.pid, to={address}).values())

    def test_what_hangs_or_floods_delays_nobody(self):
        urls = {name: f"{self.base}/{name}" for name in ("silent", "drip")}
        hangs = [destination(name, url, "60s") for name, url in urls.items()]
        floods = [destination(name, f"{self.base}/{name}") for name in ("flood", "headers")]
        good = destination("good", self.serve().url, "500ms")
        exporter = self.exporter(config(destinations=[*hangs, *floods, good],
                                        discover={"enabled": False}))
        wait_until(lambda: self.held(exporter) >= 2, "two to hang")
        page = self.assert_keeps_cadence(exporter, "good")
        self.assertEqual(reasons(page, "good"), {})
        for name in urls:
            self.assertEqual(page.value("outbound_probes_total", destination=name), 0)

    def test_five_hundred_at_once(self):
        urls = {f"d{number:03}": f"{self.base}/" for number in range(400)}
        urls.update({f"e{number:03}": f"{self.base}/silent" for number in range(100)})
        exporter = self.exporter(probes(urls, interval="2s"))
        found = {name: "no_answer" if name.startswith("e") else None for name in urls}
        self.wait_reasons(exporter, found, 3)

    def test_it_stops_with_everything_under_way(self):
        urls = {f"{name}{number}": f"{self.base}/{name}" for number in range(50)
                for name in ("silent", "drip")}
        exporter = self.exporter(probes(urls, interval="60s"))
        wait_until(lambda: self.held(exporter) == 100, "all of them to hang")
        self.assertEqual(exporter.stop(), 0)

    def test_a_reload_keeps_the_counters(self):
        url = f"{self.base}/teapot"
        exporter = self.exporter(probes({"kept": url, "gone": url}, interval="100ms"))
        name = "outbound_probes_total"
        exporter.wait_for(lambda page: page.value(name, destination="kept") >= 5, "5 runs")
        exporter.configure(probes({"kept": url, "new": url}, interval="60s"))
        exporter.signal(signal.SIGHUP)
        page = exporter.wait_for(lambda page: page.get_value(name, destination="new"), "reload")
        self.assertGreaterEqual(page.value(name, destination="kept"), 5)
        self.assertEqual(reasons(page, "kept"),
                         {"status": page.value(name, destination="kept")})
        self.assertEqual(reasons(page, "new"), {"status": 1})
        self.assertIsNone(page.get_value(name, destination="gone"))


class Expectations(ProbeCase):
    def test_status_and_body(self):
        base = f"http://127.0.0.1:{self.misbehave().port}"
        modules = {
            "teapot": {"http": {"valid_status_codes": [418]}},
            "says_hello": {"http": {"fail_if_body_not_matches_regexp": ["^hel+o$"]}},
            "no_hello": {"http": {"fail_if_body_matches_regexp": ["ell"]}},
            "small": {"http": {"body_size_limit": "4B"}},
            "large_enough": {"http": {"body_size_limit": "5B"}},
            "post": {"http": {"method": "POST"}},
            "head": {"http": {"method": "HEAD"}},
            "stay": {"http": {"follow_redirects": False, "valid_status_codes": [302]}},
        }
        for module in modules.values():
            module["prober"] = "http"
        paths = {"teapot": "/teapot", "stay": "/loop"}
        found = {"no_hello": "body", "small": "too_large"}
        exporter = self.exporter(config(
            destinations=[destination(name, base + paths.get(name, "/"), module=name)
                          for name in modules],
            modules=modules, discover={"enabled": False}))
        self.wait_reasons(exporter, {name: found.get(name) for name in modules})

    def test_stopping_the_server_is_refused_and_nothing_else(self):
        server = self.serve()
        urls = {"http": server.url, "tcp": f"tcp://127.0.0.1:{server.port}",
                "name": f"http://localhost:{server.port}/"}
        exporter = self.exporter(probes(urls))
        self.wait_reasons(exporter, dict.fromkeys(urls))
        server.ask("unlisten")
        server.ask("closeall")
        page = exporter.wait_for(lambda page: all(
            reasons(page, name).get("refused", 0) >= 3 for name in urls), "refusals")
        for name in urls:
            # One that was under way may have been reset.
            self.assertLessEqual(set(reasons(page, name)), {"refused", "reset", "closed_early"})
            self.assertEqual(page.value("outbound_probe_success", destination=name), 0)
        server.ask("listen")
        exporter.wait_for(lambda page: all(
            page.value("outbound_probe_success", destination=name) for name in urls), "successes")

    def test_secrets_stay_in_the_file(self):
        server = self.misbehave()
        urls = {"a": f"http://user:geheim@127.0.0.1:{server.port}/",
                "b": f"http://user:geheim@127.0.0.1:{free_port()}/"}
        exporter = self.exporter(probes(urls), "--log.level=debug")
        page = self.wait_reasons(exporter, {"a": None, "b": "refused"})
        self.assertNotIn("geheim", page.text)
        for path in ("/", "/config"):
            self.assertNotIn(b"geheim", exporter.get(path)[2])
        self.assertEqual(exporter.stop(), 0)
        self.assertNotIn("geheim", exporter.log())

    def test_proxies_of_the_environment_are_ignored(self):
        server = self.serve()
        proxy = f"http://127.0.0.1:{free_port()}"
        env = dict(os.environ, http_proxy=proxy, https_proxy=proxy, ALL_PROXY=proxy)
        exporter = self.exporter(probes({"a": server.url}), env=env)
        self.wait_reasons(exporter, {"a": None})


@requires("nginx")
@requires("openssl")
class Nginx(ProbeCase):
    def setUp(self):
        super().setUp()
        self.certificate("ca", "outboundtest CA")

    def site(self, sites):
        """{name: port}, after nginx has started with {name: certificate}."""
        ports = {name: free_port() for name in sites}
        self.nginx({ports[name]: certificate for name, certificate in sites.items()})
        return ports

    def test_pages(self):
        port = self.site({"plain": None})["plain"]
        base = f"http://127.0.0.1:{port}"
        found = {"": None, "moved": None, "agent": None, "missing": "status",
                 "loop": "redirects"}
        urls = {f"/{path}": f"{base}/{path}" for path in found}
        urls["tls"] = f"https://127.0.0.1:{port}/"
        exporter = self.exporter(probes(urls))
        page = self.wait_reasons(exporter, {f"/{path}": why for path, why in found.items()}
                                 | {"tls": "tls_handshake"})
        self.assertEqual(page.value("outbound_probe_http_status_code", destination="/missing"),
                         404)
        self.assertEqual(page.value("outbound_probe_phase_duration_seconds",
                                    destination="/", phase="tls"), 0)

    def certificates(self):
        self.certificate("good", "localhost", "ca", (-1, 20))
        self.certificate("expired", "localhost", "ca", (-20, -1))
        self.certificate("future", "localhost", "ca", (1, 20))
        self.certificate("wrong", "other.test", "ca")
        self.certificate("itself", "localhost")
        return {name: name for name in ("good", "expired", "future", "wrong", "itself")}

    def test_certificates(self):
        ports = self.site(self.certificates())
        modules = {"ours": {"prober": "http", "http": {"tls_config": {
            "ca_file": str(self.dir / "ca.pem")}}}}
        urls = {name: f"https://localhost:{port}/" for name, port in ports.items()}
        exporter = self.exporter(probes(urls, modules, module="ours"))
        page = self.wait_reasons(exporter, {
            "good": None, "expired": "tls_expired", "future": "tls_expired",
            "wrong": "tls_certificate", "itself": "tls_certificate"})
        self.assertEqual(
            page.value("outbound_probe_tls_earliest_certificate_expiry_timestamp_seconds",
                       destination="good"), self.not_after(self.dir / "good.pem"))
        self.assertGreater(page.value("outbound_probe_phase_duration_seconds",
                                      destination="good", phase="tls"), 0)

    def test_any_certificate_will_do_when_told_so(self):
        ports = self.site(self.certificates())
        modules = {"any": {"prober": "http", "http": {"tls_config": {
            "insecure_skip_verify": True}}}}
        urls = {name: f"https://localhost:{port}/" for name, port in ports.items()}
        exporter = self.exporter(probes(urls, modules, module="any"))
        page = self.wait_reasons(exporter, dict.fromkeys(ports))
        for name in ports:
            self.assertEqual(
                page.value("outbound_probe_tls_earliest_certificate_expiry_timestamp_seconds",
                           destination=name), self.not_after(self.dir / f"{name}.pem"))

    def test_authorities_of_the_environment(self):
        self.certificate("good", "localhost", "ca")
        url = f"https://localhost:{self.site({'good': 'good'})['good']}/"
        folder = self.dir / "authorities"
        folder.mkdir()
        text = self.openssl("x509", "-noout", "-hash", "-in", self.dir / "ca.pem").strip()
        (folder / f"{text}.0").write_text((self.dir / "ca.pem").read_text())
        others = {name: value for name, value in os.environ.items()
                  if not name.startswith("SSL_CERT_")}
        for name, value, reason in (
                ("SSL_CERT_FILE", self.dir / "ca.pem", None), ("SSL_CERT_DIR", folder, None),
                ("UNRELATED", folder, "tls_certificate")):
            with self.subTest(name):
                exporter = self.exporter(probes({"a": url}),
                                         env={**others, name: str(value)})
                self.wait_reasons(exporter, {"a": reason})
                exporter.stop()

    def test_the_earliest_end_of_the_chain_counts(self):
        self.certificate("short", "short CA", days=(-1, 5))
        self.certificate("long", "localhost", "short", (-1, 20))
        chain = [(self.dir / f"{name}.pem").read_text() for name in ("long", "short")]
        (self.dir / "long.pem").write_text("".join(chain))
        port = self.site({"long": "long"})["long"]
        modules = {"ours": {"prober": "http", "http": {"tls_config": {
            "ca_file": str(self.dir / "short.pem")}}}}
        exporter = self.exporter(probes({"a": f"https://localhost:{port}/"}, modules,
                                        module="ours"))
        page = self.wait_reasons(exporter, {"a": None})
        self.assertEqual(
            page.value("outbound_probe_tls_earliest_certificate_expiry_timestamp_seconds",
                       destination="a"), self.not_after(self.dir / "short.pem"))


@requires_root
class Names(ProbeCase):
    def start_exporter(self, urls, *entries, options=HANG, **how):
        netns, server, script = self.name_server(*entries, options=options)
        self.misbehaving = self.misbehave(netns=netns)
        urls = {name: url.format(port=self.misbehaving.port) for name, url in urls.items()}
        exporter = self.exporter(probes(urls, **how), netns=netns, binary=script)
        return exporter, server

    def test_each_answer_has_its_reason(self):
        found = {"good": None, "missing": "dns_not_found", "broken": "dns_failed",
                 "hang": "dns_timeout"}
        urls = {name: f"http://{name}.test:{{port}}/" for name in found}
        urls.update(tcp="tcp://good.test:{port}", dot="http://good.test.:{port}/",
                    twice="http://twice.test:{port}/", redirected="http://twice.test:{port}/loop")
        found.update(tcp=None, dot=None, twice=None, redirected="redirects")
        exporter, _ = self.start_exporter(urls, "good=127.0.0.1", "good=::1",
                                          "twice=127.0.0.1", "twice=127.0.0.1",
                                          options="timeout:1 attempts:1", interval="2s")
        page = self.wait_reasons(exporter, found)
        self.assertGreater(page.value("outbound_probe_phase_duration_seconds",
                                      destination="good", phase="resolve"), 0)
        self.assertGreater(page.value("outbound_probe_phase_duration_seconds",
                                      destination="hang", phase="resolve"), 0.5)

    def test_one_address_of_two_is_enough_and_none_is_refused(self):
        urls = {"good": "http://good.test:{port}/", "bad": f"http://good.test:{free_port()}/"}
        exporter, _ = self.start_exporter(urls, "good=::1", "good=127.0.0.1", "good=127.0.0.2")
        self.wait_reasons(exporter, {"good": None, "bad": "refused"})

    def test_an_address_without_a_way_says_nothing_about_the_other(self):
        port = free_port()
        urls = {"name": f"http://mixed.test:{port}/", "localhost": f"http://localhost:{port}/",
                "literal": f"http://[::1]:{port}/"}
        netns, _, script = self.name_server("mixed=2001:db8::1", "mixed=127.0.0.1")
        self.sysctl(netns, "net.ipv6.conf.all.disable_ipv6=1")
        urls["good"] = f"http://mixed.test:{self.misbehave(netns=netns).port}/"
        exporter = self.exporter(probes(urls), netns=netns, binary=script)
        self.wait_reasons(exporter, {"name": "refused", "localhost": "refused",
                                     "literal": "unreachable", "good": None})

    def test_hanging_names_delay_nobody(self):
        urls = {f"hang{number:03}": f"http://hang{number}.test/" for number in range(300)}
        urls["good"] = "http://good.test:{port}/"
        urls["address"] = "http://127.0.0.1:{port}/"
        exporter, _ = self.start_exporter(urls, "good=127.0.0.1", interval="500ms")
        exporter.wait_for(lambda page: sum(
            count for labels, count in page.series("outbound_probes_failed_total")
            if labels["reason"] == "dns_timeout") >= 100, "names to hang")
        self.assert_keeps_cadence(exporter, "address")
        name = "outbound_probes_total"
        before = exporter.value(name, destination="good")
        page = exporter.wait_for(lambda page: page.value(name, destination="good")
                                 >= before + 10, "ten runs of the good name", 60)
        self.assertEqual(reasons(page, "good"), {})
        status = pathlib.Path(f"/proc/{exporter.pid}/status").read_text()
        threads = int(status.split("Threads:")[1].split()[0])
        self.assertLess(threads, 300 + 20)
        self.assertEqual(exporter.stop(), 0)

    def test_a_name_that_hangs_is_asked_for_once(self):
        exporter, server = self.start_exporter(
            {f"d{number}": "http://hang.test/" for number in range(20)}, interval="100ms")
        self.wait_reasons(exporter, {f"d{number}": "dns_timeout" for number in range(20)}, 3)
        self.assertEqual(exporter.stop(), 0)
        server.signal(signal.SIGTERM)
        server.child.wait()
        asked = server._unread.decode() + server.child.stdout.read().decode()
        # A and AAAA; the second attempt is half a minute away.
        self.assertEqual(asked.split("\n").count("asked hang.test"), 2)

    def test_a_redirect_to_a_name_that_hangs(self):
        exporter, _ = self.start_exporter({"a": "http://127.0.0.1:{port}/to_hang",
                                           "good": "http://127.0.0.1:{port}/"})
        self.wait_reasons(exporter, {"a": "dns_timeout", "good": None})


@requires_root
class Network(ProbeCase):
    def setUp(self):
        super().setUp()
        self.here, self.there = self.netns(), self.netns()
        self.here.link(self.there)
        self.server = self.serve("10.63.1.2", netns=self.there)

    @requires("nft")
    def test_a_black_hole_and_a_wall(self):
        silent = self.serve("10.63.1.2", netns=self.there)
        self.there.drop_syns(silent.port)
        self.here.nft("add table inet wall\n"
                      "add chain inet wall out { type filter hook output priority 0; }\n"
                      "add rule inet wall out ip daddr 203.0.113.0/24 drop\n")
        urls = {"good": self.server.url, "hole": silent.url, "wall": "http://203.0.113.1/",
                "nowhere": "http://198.51.100.1/", "nobody": "http://10.63.1.9/",
                "nowhere6": "http://[2001:db8::1]/", "tcp_hole": f"tcp://{silent.address}"}
        found = {"good": None, "hole": "connect_timeout", "nowhere": "unreachable",
                 "nowhere6": "unreachable", "tcp_hole": "connect_timeout",
                 "nobody": "unreachable", "wall": "unreachable"}
        beside = [destination("beside", self.server.url, "500ms")]
        exporter = self.exporter(config(
            destinations=[destination(name, url, "4s") for name, url in urls.items()] + beside,
            discover={"enabled": False}), netns=self.here)
        self.wait_reasons(exporter, found, runs=1)
        self.assert_keeps_cadence(exporter, "beside")

    def test_no_local_port_is_left(self):
        self.sysctl(self.here, "net.ipv4.ip_local_port_range=40000 40199")
        self.hold(f"{self.server.address} established=200", netns=self.here)
        exporter = self.exporter(probes({"a": self.server.url}), netns=self.here)
        self.wait_reasons(exporter, {"a": "local_ports"})


@requires_root
class OwnConnections(ProbeCase):
    """The exporter's own connections are nobody's, in every state."""

    def test_they_are_never_counted(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        holder = self.hold(f"{server.address} established=3 time_wait=2", netns=netns)
        exporter = self.exporter(config(
            target("t", pid=holder.pid),
            destinations=[destination("a", server.url, "100ms"),
                          destination("b", f"tcp://{server.address}", "100ms"),
                          destination("c", f"http://{server.address}/", "100ms")]),
            netns=netns)
        exporter.wait_for(lambda page: page.value("outbound_probes_total",
                                                  destination="a") >= 20, "20 probes")
        self.assertGreater(ss_counts(netns=netns, to={server.address}, states={"time_wait"})
                           .get((server.address, "time_wait"), 0), 2)
        for _ in range(10):
            page = exporter.wait_tick()
            self.assertEqual(page.connections("t"), ss_counts(pid=holder.pid, netns=netns))
            self.assertEqual(page.unowned({server.address}),
                             {(server.address, "time_wait"): 2})

    def test_nor_while_they_connect_in_vain(self):
        netns = self.netns()
        full = self.serve("127.0.0.1", "--full", netns=netns)
        # The server fills its queue itself, with connections that are counted.
        exporter = self.exporter(config(
            target("t", pid=full.pid), destinations=[destination("full", full.url)]),
            netns=netns)
        self.wait_reasons(exporter, {"full": "connect_timeout"})
        for _ in range(10):
            page = exporter.wait_tick()
            self.assertEqual(page.connections("t"), ss_counts(pid=full.pid, netns=netns,
                                                              to={full.address}))
            self.assertEqual(page.unowned({full.address}), {})

    def test_nor_after_a_reload(self):
        netns = self.netns()
        server = self.serve(netns=netns)
        exporter = self.exporter(probes({"a": server.url}, interval="100ms"), netns=netns)
        exporter.wait_for(lambda page: page.value("outbound_probes_total",
                                                  destination="a") >= 20, "20 probes")
        exporter.configure(config(discover={"enabled": True}))
        exporter.signal(signal.SIGHUP)
        page = exporter.wait_for(lambda page: not page.series("outbound_probes_total"),
                                 "no more probes")
        self.assertGreater(sum(row.state == "time_wait" for row in ss_rows(netns)), 10)
        self.assertEqual(page.unowned({server.address}), {})
        self.assertEqual(exporter.wait_tick().unowned({server.address}), {})


if __name__ == "__main__":
    unittest.main()
