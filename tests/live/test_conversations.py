"""Conversations over TCP: what servers say, and what blackbox_exporter makes of the same."""

import contextlib
import http.client
import json
import unittest
import urllib.parse

from harness import config, free_port, requires, ss_counts, target, tool, wait_until
from probing import PYTHON, SERVERS, ProbeCase, destination, reasons

SSH = {"query_response": [{"expect": "^SSH-2.0-([^ ]+)"}]}
IRC = {"query_response": [
    {"send": "NICK prober"}, {"send": "USER prober prober prober :prober"},
    {"expect": "PING :([^ ]+)", "send": "PONG ${1}"}, {"expect": "^:[^ ]+ 001"}]}
STARTTLS = [
    {"expect": "^220 ([^ ]+) ESMTP$", "send": "EHLO prober"},
    {"expect": "^250-STARTTLS", "send": "STARTTLS"},
    {"expect": "^220", "starttls": True},
    {"send": "EHLO prober"}, {"expect": "^250-", "send": "QUIT"}, {"expect": "^221"}]
IMAP = [{"expect": r"^\* OK"}]
BLACKBOX_SAYS = ("probe_success", "probe_failed_due_to_regex", "probe_ssl_earliest_cert_expiry",
                 "probe_ssl_last_chain_expiry_timestamp_seconds", "probe_tls_version_info")


class Conversing(ProbeCase):
    def setUp(self):
        super().setUp()
        self.ca = self.certificate("ca", "ca")
        self.certificate("server", "localhost", "ca")
        server = self.start([PYTHON, SERVERS / "converse.py", self.dir / "server.pem",
                             self.dir / "server.key"])
        self.ports = {name: int(port) for name, port in
                      (pair.split("=") for pair in server.expect("ports").split())}
        trusted = {"tls_config": {"ca_file": str(self.ca)}}
        self.modules = {
            "connect": {"prober": "tcp"},
            "ssh": {"prober": "tcp", "tcp": SSH},
            "irc": {"prober": "tcp", "tcp": IRC},
            "smtp": {"prober": "tcp", "tcp": {"query_response": STARTTLS, **trusted}},
            "imaps": {"prober": "tcp", "tcp": {"query_response": IMAP, "tls": True, **trusted}},
            "tls": {"prober": "tcp", "tcp": {"tls": True, **trusted}},
            "distrust": {"prober": "tcp", "tcp": {"tls": True}},
            "smtp_distrust": {"prober": "tcp", "tcp": {"query_response": STARTTLS}},
            "greedy": {"prober": "tcp", "tcp": {"query_response": [
                {"send": "NICK $1 $$"}, {"send": "USER a"}, {"expect": "(?P<all>.*)"},
                {"expect": "^PING :(?P<word>.*)$", "send": "PONG ${word}$2$nobody"},
                {"expect": " (001) ", "send": "$1x$"}]}},
        }

    def url(self, way):
        return f"tcp://localhost:{self.ports[way]}"


class Conversations(Conversing):
    def test_what_probe_tells(self):
        said = {"expect_bytes": "SSH-"}, {"expect": "^(?P<version>[^ ]+)", "labels": [
            {"name": "version", "value": "${version}"}, {"name": "first", "value": "<$1>"}],
            "send": "PASS secret"}
        self.modules["labels"] = {"prober": "tcp", "tcp": {"query_response": said}}
        exporter = self.exporter(config(modules=self.modules, discover={"enabled": False}))

        def ask(way, more=""):
            path = f"/probe?target=localhost:{self.ports[way]}&module=labels{more}"
            return exporter.get(path)[2].decode().splitlines()

        page = ask("banner")
        self.assertIn('probe_expect_info{version="2.0-OpenSSH_9.2",first="<2.0-OpenSSH_9.2>"} 1',
                      page)
        self.assertIn("probe_failed_due_to_bytes 0", page)
        self.assertIn("probe_success 1", page)
        page = ask("wrong")
        self.assertIn("probe_failed_due_to_bytes 1", page)
        self.assertIn("probe_success 0", page)
        log = "\n".join(ask("banner", "&debug=true"))
        self.assertIn('msg="a line matches" line="2.0-OpenSSH_9.2 converse"', log)
        self.assertIn('msg="sent a line"', log)

    def probe_all(self, cases, **how):
        """`cases` is {destination: (way of the server, module)}."""
        found = [destination(name, self.url(way), module=module, **how)
                 for name, (way, module) in cases.items()]
        return self.exporter(config(destinations=found, modules=self.modules,
                                    discover={"enabled": False}))

    def test_each_has_its_reason(self):
        expected = {
            "banner": ("banner", "ssh", None), "pieces": ("pieces", "ssh", None),
            "last_words": ("last_words", "ssh", None),
            "irc": ("irc", "irc", None), "smtp": ("smtp", "smtp", None),
            "imaps": ("imaps", "imaps", None), "tls": ("imaps", "tls", None),
            "connect": ("hold", "connect", None),
            "silent": ("hold", "ssh", "no_answer"), "silent_tls": ("hold", "tls", "tls_handshake"),
            "drip": ("drip", "ssh", "slow"), "flood": ("flood", "ssh", "too_large"),
            "long_line": ("long_line", "ssh", "too_large"),
            "refuse": ("refuse", "ssh", "body"), "wrong": ("wrong", "ssh", "body"),
            "close": ("close", "ssh", "closed_early"),
            "close_tls": ("deaf", "tls", "tls_handshake"),
            "no_tls": ("banner", "tls", "tls_handshake"),
            "reset": ("reset", "ssh", "reset"),
            "distrust": ("imaps", "distrust", "tls_certificate"),
            "smtp_distrust": ("smtp", "smtp_distrust", "tls_certificate"),
        }
        exporter = self.probe_all({name: (way, module)
                                   for name, (way, module, _) in expected.items()})
        page = self.wait_reasons(exporter, {name: reason
                                            for name, (_, _, reason) in expected.items()})
        for name in ("imaps", "smtp", "tls", "distrust"):
            self.assertEqual(
                page.value("outbound_probe_tls_earliest_certificate_expiry_timestamp_seconds",
                           destination=name), self.not_after(self.dir / "server.pem"), name)

    def test_an_expired_certificate(self):
        self.certificate("old", "localhost", "ca", (-2, -1))
        server = self.start([PYTHON, SERVERS / "converse.py", self.dir / "old.pem",
                             self.dir / "old.key"])
        self.ports = {name: int(port) for name, port in
                      (pair.split("=") for pair in server.expect("ports").split())}
        cases = {"imaps": ("imaps", "imaps"), "smtp": ("smtp", "smtp")}
        self.wait_reasons(self.probe_all(cases), {name: "tls_expired" for name in cases})

    def test_what_hangs_or_floods_delays_nobody(self):
        hangs = {"silent": ("hold", "ssh"), "drip": ("drip", "ssh"), "stall": ("hold", "tls")}
        found = [destination(name, self.url(way), "60s", module=module)
                 for name, (way, module) in hangs.items()]
        found.append(destination("flood", self.url("flood"), "100ms", module="ssh"))
        found.append(destination("good", self.url("irc"), "500ms", module="irc"))
        exporter = self.exporter(config(destinations=found, modules=self.modules,
                                        discover={"enabled": False}))
        page = self.assert_keeps_cadence(exporter, "good")
        for name in hangs:
            self.assertEqual(page.value("outbound_probes_total", destination=name), 0)

    def test_many_that_flood_get_nobody_blamed(self):
        web = self.misbehave()
        found = [destination(f"flood{number}", self.url("flood"), module="ssh")
                 for number in range(150)]
        good = [f"good{number}" for number in range(3)]
        found += [destination(name, f"http://127.0.0.1:{web.port}/", "500ms", "300ms")
                  for name in good]
        exporter = self.exporter(config(destinations=found, modules=self.modules,
                                        discover={"enabled": False}))
        page = exporter.wait_for(lambda page: all(
            (page.get_value("outbound_probes_total", destination=name) or 0) >= 20
            for name in good), "20 runs of the good ones", 60)
        for name in good:
            self.assertEqual(reasons(page, name), {})

    def test_it_stops_in_the_middle_of_all(self):
        cases = {f"{way}{number}": (way, "ssh") for number in range(30)
                 for way in ("hold", "drip")}
        exporter = self.probe_all(cases, interval="60s")
        to = {f"127.0.0.1:{self.ports[way]}" for way in ("hold", "drip")}
        wait_until(lambda: sum(ss_counts(pid=exporter.pid, to=to).values()) == len(cases),
                   "all of them to be connected")
        self.assertEqual(exporter.stop(), 0)

    def test_our_connections_are_nobodys(self):
        found = [destination("silent", self.url("hold"), "60s", module="ssh")]
        exporter = self.exporter(config(
            target("all", cmdline="outbound_exporter"), destinations=found, modules=self.modules, discover={"enabled": False}))
        to = {f"127.0.0.1:{self.ports['hold']}"}
        wait_until(lambda: sum(ss_counts(pid=exporter.pid, to=to).values()) == 1, "connected")
        page = exporter.wait_tick()
        self.assertFalse([labels for labels, value in page.series("outbound_connections")
                          if labels["destination"] in to and value])


@requires("blackbox_exporter")
class BesideBlackbox(Conversing):
    """The same servers and modules; blackbox_exporter 0.23 knows neither labels nor bytes."""

    def blackbox(self):
        """The port of the real one, with the same modules."""
        port = free_port()
        path = self.write("blackbox.yml", json.dumps({"modules": self.modules}))
        self.start([tool("blackbox_exporter"), f"--config.file={path}",
                    f"--web.listen-address=127.0.0.1:{port}"])
        wait_until(lambda: self.ask(port, "/-/healthy"), "blackbox_exporter")
        return port

    def ask(self, port, path):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            with contextlib.closing(connection):
                connection.request("GET", path)
                return connection.getresponse().read()
        return None

    def answers(self, port, way, module):
        """{metric with its labels: value} of what /probe says, as far as both can know it."""
        query = urllib.parse.urlencode({"target": f"localhost:{self.ports[way]}",
                                        "module": module})
        page = self.ask(port, f"/probe?{query}").decode()
        samples = (line.rsplit(" ", 1) for line in page.splitlines() if line[0] != "#")
        return {name: float(value) for name, value in samples
                if name.split("{")[0] in BLACKBOX_SAYS}

    def test_both_agree(self):
        for module in self.modules.values():
            module["timeout"] = "1s"
            module["tcp"] = {**module.get("tcp", {}), "preferred_ip_protocol": "ip4"}
        blackbox = self.blackbox()
        exporter = self.exporter(config(modules=self.modules, discover={"enabled": False}))
        cases = [("banner", "ssh"), ("pieces", "ssh"), ("last_words", "ssh"), ("irc", "irc"),
                 ("smtp", "smtp"), ("imaps", "imaps"), ("imaps", "tls"), ("hold", "connect"),
                 ("hold", "ssh"), ("hold", "tls"), ("drip", "ssh"), ("long_line", "ssh"),
                 ("refuse", "ssh"), ("wrong", "ssh"), ("close", "ssh"), ("deaf", "tls"),
                 ("banner", "tls"), ("reset", "ssh"), ("imaps", "distrust"),
                 ("smtp", "smtp_distrust"), ("irc", "greedy")]
        for way, module in cases:
            with self.subTest(way=way, module=module):
                self.assertEqual(self.answers(exporter.port, way, module),
                                 self.answers(blackbox, way, module))


if __name__ == "__main__":
    unittest.main()
