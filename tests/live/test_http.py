"""The web server of the real exporter: what it answers, and that nobody can keep it from that."""

import contextlib
import gzip
import http.client
import os
import re
import resource
import socket
import struct
import subprocess
import sys
import threading
import unittest

from harness import EXPORTER, LiveCase, config, free_port, requires, target, tool
from page import Page
from workshop import tools

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
UTF8 = "; escaping=allow-utf-8"
IDLE = 2000

# What Prometheus sends, by version, and what it is to get.
ACCEPT = {
    "2.42": ("application/openmetrics-text;version=1.0.0,"
             "application/openmetrics-text;version=0.0.1;q=0.75,"
             "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", OPENMETRICS),
    "2.53": ("application/openmetrics-text;version=1.0.0;q=0.5,"
             "application/openmetrics-text;version=0.0.1;q=0.4,"
             "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", OPENMETRICS),
    "3.0": ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
            "application/openmetrics-text;version=0.0.1;escaping=allow-utf-8;q=0.4,"
            "text/plain;version=1.0.0;escaping=allow-utf-8;escaping=allow-utf-8;q=0.3,"
            "text/plain;version=0.0.4;escaping=allow-utf-8;q=0.2,*/*;q=0.1", OPENMETRICS + UTF8),
    "3.5": ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            "application/openmetrics-text;version=0.0.1;q=0.5,"
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
            "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", OPENMETRICS + UTF8),
    "3.5 with native histograms": (
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
        "encoding=delimited;q=0.6,"
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
        "application/openmetrics-text;version=0.0.1;q=0.4,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
        "text/plain;version=0.0.4;q=0.2,*/*;q=0.1", OPENMETRICS + UTF8),
    "a browser": ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT),
    "curl": ("*/*", TEXT),
    "nothing we have": ("image/png", TEXT),
}


def strict_parser():
    """The OpenMetrics parser of python3-prometheus-client, or None."""
    path = tools().get("pythonpath")
    if path and path not in sys.path:
        sys.path.append(path)
    try:
        from prometheus_client.openmetrics import parser
    except ImportError:
        return None
    return parser.text_string_to_metric_families


def series(families):
    return {(sample.name, frozenset(sample.labels.items()))
            for family in families for sample in family.samples}


class Formats(LiveCase):
    """One exporter with targets that are there and not, with odd names, and with probes."""

    def setUp(self):
        super().setUp()
        server = self.serve()
        self.holder = self.hold(f"{server.address} established=3")
        self.exported = self.exporter(config(
            target("checkout", pid=self.holder.pid),
            target('q"uo\\te Zürich €', comm="obabsent"),
            destinations=[
                {"name": "good", "address": "127.0.0.1", "port": server.port,
                 "probe": {"url": f"tcp://{server.address}", "interval": "1s"}},
                {"name": "refused", "address": "127.0.0.2",
                 "probe": {"url": f"http://127.0.0.1:{free_port()}/", "interval": "1s"}}]))
        self.page = self.exported.wait_for(
            lambda page: len(page.series("outbound_probe_success")) == 2, "both probes")

    @requires("promtool")
    def test_promtool_has_nothing_to_say(self):
        done = subprocess.run([tool("promtool"), "check", "metrics"], capture_output=True,
                              input=self.page.text.encode(), timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    @unittest.skipUnless(strict_parser(), "needs python3-prometheus-client")
    def test_the_strict_openmetrics_parser_accepts(self):
        status, headers, body = self.exported.get("/metrics", headers={
            "Accept": "application/openmetrics-text;version=1.0.0"})
        self.assertEqual((status, headers["content-type"]), (200, OPENMETRICS))
        families = list(strict_parser()(body.decode()))
        self.assertEqual(series(families), set(self.exported.scrape()))
        types = {family.name: family.type for family in families}
        self.assertEqual(types["outbound_exporter_build"], "info")
        self.assertEqual(types["outbound_probes"], "counter")
        self.assertEqual(types["outbound_probe_duration_seconds"], "histogram")
        units = {family.name: family.unit for family in families}
        self.assertEqual(units["outbound_receive_queue_bytes"], "bytes")

    def test_odd_names_survive(self):
        self.assertEqual(self.page.value("outbound_target_up", target='q"uo\\te Zürich €'), 0)

    def test_every_client_gets_what_it_likes(self):
        for client, (accept, expected) in ACCEPT.items():
            with self.subTest(client):
                status, headers, body = self.exported.get("/metrics", headers={"Accept": accept})
                self.assertEqual((status, headers["content-type"]), (200, expected))
                self.assertEqual(body.endswith(b"\n# EOF\n"), expected.startswith(OPENMETRICS))

    def test_gzip(self):
        for encodings, packed in (("gzip", True), ("gzip;q=0", False), ("identity", False),
                                  ("deflate, gzip;q=0.5", True)):
            with self.subTest(encodings):
                status, headers, body = self.exported.get(
                    "/metrics", headers={"Accept-Encoding": encodings})
                self.assertEqual(status, 200)
                self.assertEqual(headers.get("content-encoding"), "gzip" if packed else None)
                self.assertEqual(headers["content-type"], TEXT)
                self.assertEqual(set(Page(gzip.decompress(body) if packed else body)),
                                 set(self.page))

    def test_counters_say_counter(self):
        for name, kind in self.page.types.items():
            self.assertEqual(kind == "counter", name.endswith("_total"), name)


class Paths(LiveCase):
    def setUp(self):
        super().setUp()
        self.exported = self.exporter(config(target("absent", comm="obabsent")))

    def test_what_is_where(self):
        for path, status, kind in (
                ("/", 200, "text/html; charset=utf-8"), ("/metrics", 200, TEXT),
                ("/-/healthy", 200, "text/plain; charset=utf-8"),
                ("/-/ready", 200, "text/plain; charset=utf-8"),
                ("/nope", 404, "text/plain; charset=utf-8"),
                ("/metrics/", 404, "text/plain; charset=utf-8")):
            with self.subTest(path):
                got, headers, body = self.exported.get(path)
                self.assertEqual((got, headers["content-type"]), (status, kind))
                self.assertEqual(headers["x-content-type-options"], "nosniff")
                self.assertEqual(int(headers["content-length"]), len(body))

    def test_head(self):
        for path, status in (("/", 200), ("/metrics", 200), ("/-/healthy", 200), ("/nope", 404)):
            with self.subTest(path):
                got, headers, body = self.exported.get(path, method="HEAD")
                self.assertEqual((got, body), (status, b""))
                self.assertGreater(int(headers["content-length"]), 0)

    def test_other_methods(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"):
            with self.subTest(method):
                status, headers, _ = self.exported.get("/metrics", method=method)
                self.assertEqual((status, headers["allow"]), (405, "GET, HEAD"))
                self.assertEqual(self.exported.get("/nope", method=method)[0], 404)

    def test_the_landing_page_links_to_what_is_there(self):
        _, headers, body = self.exported.get("/")
        self.assertIn("default-src 'none'", headers["content-security-policy"])
        links = re.findall(rb'href="([^"]+)"', body)
        self.assertIn(b"/metrics", links)
        for link in links:
            self.assertEqual(self.exported.get(link.decode())[0], 200, link)

    def test_several_scrapes_on_one_connection(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.exported.port, timeout=20)
        with contextlib.closing(connection):
            connection.connect()
            port = connection.sock.getsockname()[1]
            for _ in range(3):
                connection.request("GET", "/metrics")
                self.assertEqual(connection.getresponse().read()[:2], b"# ")
                self.assertEqual(connection.sock.getsockname()[1], port)


class Places(LiveCase):
    def test_telemetry_path(self):
        exported = self.exporter(config(target("absent", comm="obabsent")),
                                 "--web.telemetry-path=/numbers")
        self.assertEqual(exported.get("/numbers")[0], 200)
        self.assertEqual(exported.get("/metrics")[0], 404)
        self.assertIn(b'href="/numbers"', exported.get("/")[2])

    def test_several_addresses(self):
        second = free_port()
        exported = self.exporter(config(target("absent", comm="obabsent")),
                                 f"--web.listen-address=127.0.0.1:{second}")
        first, exported.port = exported.port, second
        self.assertEqual(exported.get("/metrics")[0], 200)
        exported.port = first
        self.assertEqual(exported.get("/metrics")[0], 200)

    def test_an_address_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = self.run_exporter(f"--web.listen-address={address}",
                                     "--config.file", self.write("c.yml", config(
                                         target("absent", comm="obabsent"))))
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"cannot listen on {address}: Address already in use", done.stderr)


class Reload(LiveCase):
    GOOD = config(target("first", comm="obabsent"))
    OTHER = config(target("second", comm="obabsent"))
    BROKEN = "collect: { interval: 200ms }\ntargtes: []\n"

    def test_reloads_by_post(self):
        exported = self.exporter(self.GOOD, "--web.enable-lifecycle")
        before = exported.value(
            "outbound_exporter_config_last_reload_success_timestamp_seconds")
        exported.configure(self.OTHER)
        self.assertEqual(exported.get("/-/reload", method="POST")[0], 200)
        page = exported.wait_for(
            lambda page: page.get_value("outbound_target_up", target="second") == 0)
        self.assertIsNone(page.get_value("outbound_target_up", target="first"))
        self.assertGreater(page.value(
            "outbound_exporter_config_last_reload_success_timestamp_seconds"), before)

    def test_keeps_the_old_and_says_why(self):
        exported = self.exporter(self.GOOD, "--web.enable-lifecycle")
        exported.configure(self.BROKEN)
        status, _, body = exported.get("/-/reload", method="POST")
        self.assertEqual(status, 500)
        self.assertRegex(body.decode(), r"^failed to reload config: .*:2:1: ")
        page = exported.wait_value("outbound_exporter_config_last_reload_successful", 0)
        self.assertEqual(page.value("outbound_target_up", target="first"), 0)
        exported.configure(self.GOOD)
        self.assertEqual(exported.get("/-/reload", method="PUT")[0], 200)
        exported.wait_value("outbound_exporter_config_last_reload_successful", 1)

    def test_only_by_post_and_only_when_enabled(self):
        exported = self.exporter(self.GOOD, "--web.enable-lifecycle")
        status, headers, _ = exported.get("/-/reload")
        self.assertEqual((status, headers["allow"]), (405, "POST, PUT"))
        self.assertIn(b"/-/reload", exported.get("/")[2])
        closed = self.exporter(self.GOOD)
        self.assertEqual(closed.get("/-/reload", method="POST")[0], 403)
        self.assertNotIn(b"/-/reload", closed.get("/")[2])

    def test_many_at_once(self):
        exported = self.exporter(self.GOOD, "--web.enable-lifecycle")
        answers = []

        def post():
            answers.append(exported.get("/-/reload", method="POST")[0])

        threads = [threading.Thread(target=post) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), 30)
        self.assertLessEqual(set(answers), {200, 500, 503})
        self.assertIn(200, answers)
        self.assertEqual(exported.get("/metrics")[0], 200)


class Abuse(LiveCase):
    """A scraper on the address of the abuser still gets its page, and nothing grows."""

    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if hard < IDLE + 100:
            self.skipTest(f"needs {IDLE + 100} descriptors, may have {hard}")
        self.exported = self.exporter(config(target("absent", comm="obabsent")))
        self.logged = self.exported.log()

    def tearDown(self):
        self.assertEqual(self.exported.log(), self.logged)
        page = self.exported.scrape()
        self.assertLess(page.value("process_resident_memory_bytes"), 64 << 20)
        self.assertLess(page.value("process_open_fds"), 300)
        super().tearDown()

    def dial(self, receive_buffer=None):
        client = socket.socket()
        self.addCleanup(client.close)
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(20)
        client.connect(("127.0.0.1", self.exported.port))
        return client

    def assert_serves(self, times=5):
        for _ in range(times):
            self.exported.scrape()
            self.assertEqual(self.exported.get("/-/healthy")[0], 200)

    def test_idle_connections(self):
        clients = [self.dial() for _ in range(IDLE)]
        self.assert_serves()
        ready = sum(self.is_open(client) for client in clients)
        self.assertLess(ready, 300)

    @staticmethod
    def is_open(client):
        client.setblocking(False)
        try:
            return client.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def test_idle_connections_when_descriptors_are_few(self):
        program = self.write("few", f'#!/bin/sh\nulimit -n 64\nexec {EXPORTER} "$@"\n')
        program.chmod(0o755)
        self.exported.stop()
        self.exported = self.exporter(config(target("absent", comm="obabsent")), binary=program)
        self.logged = self.exported.log()
        for _ in range(300):
            self.dial()
        self.assert_serves()

    def test_bytes_one_at_a_time(self):
        clients = [self.dial() for _ in range(200)]
        for byte in b"GET /metrics HTTP/1.1\r\nHost: x\r\n":
            for client in clients:
                with contextlib.suppress(OSError):
                    client.send(bytes([byte]))
            self.assert_serves(1)

    def test_one_slow_client_is_served(self):
        client = self.dial()
        for byte in b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
            client.send(bytes([byte]))
            self.assert_serves(1)
        self.assertTrue(client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n"))

    def test_a_header_of_a_megabyte(self):
        client = self.dial()
        with contextlib.suppress(OSError):
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * (1 << 20) + b"\r\n\r\n")
        with contextlib.suppress(OSError):
            self.assertRegex(client.recv(65536), rb"^HTTP/1.1 431 |^$")
        self.assert_serves()

    def test_a_path_of_a_megabyte(self):
        client = self.dial()
        with contextlib.suppress(OSError):
            client.sendall(b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        with contextlib.suppress(OSError):
            self.assertRegex(client.recv(65536), rb"^HTTP/1.1 4\d\d |^$")
        self.assert_serves()

    def test_a_body_that_never_ends(self):
        client = self.dial()
        client.sendall(b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        with self.assertRaises(OSError):
            for _ in range(1000):
                client.sendall(chunk)
        self.assert_serves()

    def test_garbage(self):
        for garbage in (b"\r\n\r\n", b"GET\r\n\r\n", b"\0" * 1000, b"\x16\x03\x01\x02\x00",
                        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                        b"GET /" + b"%00%ff../" * 20 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                        os.urandom(4096)):
            client = self.dial()
            with contextlib.suppress(OSError):
                client.sendall(garbage)
            self.assert_serves(1)

    def test_clients_that_do_not_read(self):
        for _ in range(400):
            client = self.dial(receive_buffer=2048)
            with contextlib.suppress(OSError):
                client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        self.assert_serves()

    def test_clients_that_vanish(self):
        for _ in range(200):
            client = self.dial()
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        self.assert_serves()

    def test_a_flood_of_connections(self):
        """Others connect as fast as they can while the scraper scrapes."""
        done = threading.Event()

        def flood():
            clients = []
            while not done.is_set():
                with contextlib.suppress(OSError):
                    clients.append(socket.create_connection(
                        ("127.0.0.1", self.exported.port), timeout=20))
                if len(clients) > 500:
                    clients.pop(0).close()
            for client in clients:
                client.close()

        thread = threading.Thread(target=flood)
        thread.start()
        try:
            self.assert_serves(50)
        finally:
            done.set()
            thread.join()


class Stopping(LiveCase):
    def test_ends_among_idle_connections(self):
        exported = self.exporter(config(target("absent", comm="obabsent")))
        for _ in range(100):
            client = socket.create_connection(("127.0.0.1", exported.port), timeout=20)
            self.addCleanup(client.close)
        self.assertEqual(exported.get("/metrics")[0], 200)
        self.assertEqual(exported.stop(timeout=4), 0)


if __name__ == "__main__":
    unittest.main()
