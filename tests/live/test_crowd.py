"""A thousand destinations, half of them ill in every way that servers know: the other half does
not notice, and what it costs is bounded.
"""

import collections
import itertools
import pathlib
import signal
import subprocess
import unittest
import urllib.parse

from absurd import make_all
from harness import Page, config, requires, requires_root, tool, wait_until
from probing import PYTHON, SERVERS, ProbeCase, destination, reasons

HANG = "timeout:30 attempts:5"
RUNS, FAILED, MISSED = ("outbound_probes_total", "outbound_probes_failed_total",
                        "outbound_probes_missed_total")
THREADS = "outbound_exporter_resolver_threads"
MEMORY_MAX = 100e6  # resident, at any time; half of it is usual
# What whoever waits in vain may fail for, when the machine has other things to do.
IN_TIME = {"no_answer", "slow", "tls_handshake"}
PATHS = {
    "/silent": "no_answer", "/drip": "slow", "/drip_status": "slow", "/flood": "too_large",
    "/headers": "too_large", "/garbage": "protocol", "/chunks": "protocol",
    "/cut": "closed_early", "/nothing": "closed_early", "/reset_midway": "reset",
    "/loop": "redirects",
}


class CrowdCase(ProbeCase):
    def setUp(self):
        super().setUp()
        self.netns, _, self.script = self.name_server(options=HANG)
        self.good = self.serve(netns=self.netns)

    def run_exporter_with(self, destinations, **sections):
        return self.exporter(config(
            destinations=destinations, discover={"enabled": False},
            collect={"interval": "1s"}, limits={"max_series": 200_000}, **sections),
            netns=self.netns, binary=self.script)

    def sum_of(self, page, metric):
        """{destination: the value, over all other labels}."""
        found = collections.Counter()
        for labels, value in page.series(metric):
            found[labels["destination"]] += value
        return found


@requires_root
@requires("nginx")
@requires("openssl")
class Thousand(CrowdCase):
    def setUp(self):
        super().setUp()
        self.bad = self.misbehave(netns=self.netns)
        self.certificates = make_all(self.dir)
        # All ports of the namespace are free.
        self.ports = {stem: 7000 + number for number, stem in enumerate(self.certificates)}
        self.nginx({port: stem for stem, port in self.ports.items()}, netns=self.netns)
        self.modules = {
            "trusting": {"prober": "http", "timeout": "4s", "http": {
                "tls_config": {"ca_file": "absurd.pem"}}},
            "careless": {"prober": "http", "timeout": "4s", "http": {
                "tls_config": {"insecure_skip_verify": True}}},
            "proxied": {"prober": "http", "timeout": "4s", "http": {
                "proxy_url": f"http://127.0.0.1:{self.bad.port}"}},
            "talk": {"prober": "tcp", "timeout": "4s", "tcp": {
                "query_response": [{"send": "GET /drip HTTP/1.1"}, {"expect": "^x+y"}]}},
        }

    def ways(self):
        """(URL, module, why it fails; None: it does not), beside names that hang."""
        base = f"http://127.0.0.1:{self.bad.port}"
        yield f"http://127.0.0.1:{self.bad.rst_port}/", "http_2xx", "reset"
        yield f"https://127.0.0.1:{self.bad.port}/", "http_2xx", "tls_handshake"
        yield f"tcp://127.0.0.1:{self.bad.port}", "talk", "slow"
        yield "https://nowhere.test/", "proxied", "proxy"
        for path, reason in PATHS.items():
            yield base + path, "http_2xx", reason
        for stem, reason in self.certificates.items():
            url = f"https://localhost:{self.ports[stem]}/"
            yield url, "trusting", reason
            yield url, "careless", reason if stem == "huge" else None

    def test_half_of_them_ill(self):
        found, expected = [], {}
        ways = itertools.cycle(self.ways())
        for number in range(500):
            name = f"ill-{number:03}"
            url, module, expected[name] = next(ways) if number % 4 else (
                f"http://hang-{number}.test/", "http_2xx", "dns_timeout")
            found.append(destination(name, url, "4s", module=module))
            found.append(destination(f"good-{number:03}", self.good.url, "4s"))
        exporter = self.run_exporter_with(found, modules=self.modules)
        most = collections.Counter()

        def ran(runs):
            """Until each has, with what was the most of all."""
            def look():
                page = exporter.scrape()
                for metric in (THREADS, "process_open_fds"):
                    most[metric] = max(most[metric], page.value(metric))
                return min(self.sum_of(page, RUNS).values()) >= runs and page
            return wait_until(look, f"{runs} runs of all", 60, 1)

        ran(1)
        exporter.signal(signal.SIGHUP)
        wait_until(lambda: exporter.log().count("Loaded config file") == 2, "a reload")
        page = ran(3)
        self.check_good(page)
        self.check_ill(page, expected)
        self.check_pages(exporter, page)
        # A thread for each name, a socket or two for each that is ill.
        names = sum(reason == "dns_timeout" for reason in expected.values())
        self.assertEqual(most[THREADS], names)
        self.assertLess(most["process_open_fds"], len(expected) + 100)
        self.assertLess(self.memory(exporter), MEMORY_MAX)
        # Everything is still under way.
        self.assertEqual(exporter.stop(), 0)

    def check_good(self, page):
        for metric in (MISSED, FAILED):
            counts = self.sum_of(page, metric)
            self.assertEqual({name: count for name, count in counts.items()
                              if count and name.startswith("good")}, {}, metric)

    def check_ill(self, page, expected):
        seen = collections.Counter()
        for name, reason in expected.items():
            why = set(reasons(page, name))
            self.assertLessEqual(why, {reason, *IN_TIME}, name)
            self.assertTrue(why if reason else not why, f"{name}: {why}")
            seen.update(why)
        self.assertLessEqual({reason for reason in expected.values() if reason}, set(seen))

    def check_pages(self, exporter, page):
        """Whatever certificates hold; scrape() has read them strictly."""
        self.assertEqual(page.value("outbound_exporter_truncated_total", what="series"), 0)
        if tool("promtool"):
            done = subprocess.run([tool("promtool"), "check", "metrics"], input=page.text,
                                  text=True, capture_output=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        for stem in self.certificates:
            query = urllib.parse.urlencode({
                "target": f"https://localhost:{self.ports[stem]}/", "module": "careless"})
            status, _, body = exporter.get(f"/probe?{query}")
            self.assertEqual(status, 200)
            self.assertEqual(Page(body).value("probe_success"), stem != "huge")
            self.assertLess(len(body), 20_000, stem)

    def memory(self, exporter):
        """The most that was resident, in bytes."""
        text = pathlib.Path(f"/proc/{exporter.pid}/status").read_text()
        return 1024 * int(text.split("VmHWM:")[1].split()[0])


@requires("openssl")
class Endless(ProbeCase):
    """What is read as long as there is any, by libraries that know no end."""

    def test_frames_of_http_2(self):
        self.certificate("own", "localhost")
        server = self.start([PYTHON, SERVERS / "frames.py", self.dir / "own.pem",
                             self.dir / "own.key"])
        ports = {}
        while (line := server.line()) != "ready":
            _, name, port = line.split(" ")
            ports[name] = port
        module = {"prober": "http", "http": {"tls_config": {"ca_file": "own.pem"}}}
        found = [destination(name, f"https://localhost:{port}/", "2s", module="own")
                 for name, port in ports.items()]
        found.append(destination("good", self.serve().url, "500ms"))
        exporter = self.exporter(config(destinations=found, modules={"own": module},
                                        discover={"enabled": False}))
        page = exporter.wait_for(lambda page: all(
            (page.get_value(RUNS, destination=name) or 0) >= 2 for name in ports),
            "two of each")
        page = self.assert_keeps_cadence(exporter, "good")
        self.assertEqual(reasons(page, "good"), {})
        for name in ports:
            self.assertLessEqual(set(reasons(page, name)),
                                 {"too_large", "closed_early", *IN_TIME}, name)
            self.assertEqual(page.value("outbound_probe_success", destination=name), 0)
        self.assertEqual(exporter.stop(), 0)


@requires_root
class Hanging(CrowdCase):
    """More names that hang than there are threads for."""

    def test_threads_have_an_end(self):
        found = [destination(f"hang-{number:03}", f"http://hang-{number}.test/", "2s")
                 for number in range(560)]
        found.append(destination("good", self.good.url, "200ms"))
        exporter = self.run_exporter_with(found)
        page = exporter.wait_for(lambda page: page.value(THREADS) >= 512, "all threads")
        self.assertEqual(page.value(THREADS), 512)
        page = self.assert_keeps_cadence(exporter, "good")
        self.assertEqual(reasons(page, "good"), {})
        self.assertLessEqual(page.value(THREADS), 512)
        exporter.signal(signal.SIGHUP)
        page = self.assert_keeps_cadence(exporter, "good")
        self.assertLessEqual(page.value(THREADS), 512)
        self.assertEqual(exporter.stop(), 0)


if __name__ == "__main__":
    unittest.main()
