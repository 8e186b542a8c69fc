"""GET /probe beside Debian's blackbox_exporter: one file, the same servers, metric by metric."""

import concurrent.futures
import fnmatch
import json
import pathlib
import re
import unittest

from blackbox import SECRETS, BlackboxCase, Case, ask, cases
from compare import Row, check_durations, differences, grouped, outdated, unexplained
from harness import ROOT, LiveCase, Page, requires, requires_root, tool, wait_until
from prometheus import Prometheus

PROXIED = ("proxy", "proxy 404", "proxy moved", "proxy tls", "proxy to_tls", "proxy missing",
           "proxy pass", "proxy pass, header", "proxy pass, plain", "proxy 407",
           "proxy 407 tls")
NO_TARGET = ("http no host", "tcp port too large", "tcp no host")
SKIPPED = ("proxy skip", "proxy skip tls")
LATER = "of later versions of blackbox_exporter"
SENSELESS = "a target that makes no sense is refused before anything is looked up"
BY_PROXY = ("a proxy is always given the name of the server, which only it may be able to look "
            "up; the address is the proxy's")
NO_FILE = "nothing is connected to when a file that the module names cannot be read"
UNASKED = "`compression` asks for that coding, `Accept-Encoding` need not be given as well"
UNREAD = "what was read of a body counts, also of a redirect or of one that is not as asked for"
BOUNDED = ("memory is bounded: without `body_size_limit` 10 MB of a body are read, and "
           "expressions see the first MB")
BLANK = "a blank in a query is sent as `+`, as browsers do; as it stands, servers refuse it"
AS_CURL = ("a request has `User-Agent: outbound_exporter` and `Accept: */*`, and no `Connection: "
           "close`")
ELSEWHERE = ("name, password, token and a secret header are for the target's own server, not for "
             "where it redirects")
CERTIFICATE = "a certificate and its key are for the target's own host"
OPENSSL = ("this host's OpenSSL decides which keys are too short; Debian's wants 2048 bits of RSA, "
           "as from all its clients")
# All that is meant to differ. The README has the reasons, in these words.
TABLE = [
    Row("probe_failure_reason_info", "added",
        "why it failed, from the list above; blackbox_exporter tells it in its log"),
    Row("probe_timeout_seconds", "added", LATER),
    Row("probe_tls_cipher_info", "added", LATER),
    Row("probe_ssl_last_chain_info", "label", LATER),
    Row("probe_http_duration_seconds", "phase",
        "of a probe that failed, the phase in which it did has the time until then: an alert "
        "on slow phases fires for a server that never answers, too"),
    *[Row(metric, "missing", SENSELESS, NO_TARGET) for metric in (
        "probe_dns_lookup_time_seconds", "probe_ip_addr_hash", "probe_ip_protocol")],
    Row("probe_http_duration_seconds", "missing", SENSELESS, ("http no host",)),
    *[Row(metric, "added", BY_PROXY, SKIPPED) for metric in (
        "probe_dns_lookup_time_seconds", "probe_ip_addr_hash", "probe_ip_protocol",
        "probe_http_duration_seconds")],
    Row("probe_ip_addr_hash", "value", BY_PROXY, PROXIED),
    Row("probe_ip_protocol", "value", BY_PROXY, ("proxy missing",)),
    Row("probe_http_duration_seconds", "added", BY_PROXY, ("proxy missing",)),
    *[Row(metric, "value", NO_FILE, ("tls no_such_file",)) for metric in (
        "probe_ip_addr_hash", "probe_ip_protocol")],
    *[Row(metric, "value", UNASKED, ("gzip alone",)) for metric in (
        "probe_success", "probe_http_content_length", "probe_http_uncompressed_body_length")],
    Row("probe_http_uncompressed_body_length", "value", UNREAD,
        ("http /loop", "stay", "stay, elsewhere", "stay, old word", "gzip not compressed")),
    Row("probe_success", "value", BOUNDED, ("body large", "body late")),
    Row("probe_http_uncompressed_body_length", "value", BOUNDED, ("body large",)),
    *[Row(metric, "value", BLANK, ("http blank in the query", "http /to_blank")) for metric in (
        "probe_http_status_code", "probe_http_content_length",
        "probe_http_uncompressed_body_length")],
    Row("probe_success", "value", BLANK, ("http blank in the query",)),
    *[Row(metric, "value", AS_CURL, ("http /sent",)) for metric in (
        "probe_http_content_length", "probe_http_uncompressed_body_length")],
    *[Row(metric, "value", reason, cases) for metric in (
        "probe_success", "probe_http_status_code", "probe_http_content_length",
        "probe_http_uncompressed_body_length")
      for reason, cases in ((ELSEWHERE, ("basic elsewhere", "token /to_token")),
                            (CERTIFICATE, ("client elsewhere",)))],
    *[Row(metric, "value", OPENSSL, ("tls weak tls",)) for metric in (
        "probe_success", "probe_http_ssl", "probe_http_status_code", "probe_http_version",
        "probe_http_content_length", "probe_http_uncompressed_body_length")],
    *[Row(metric, "missing", OPENSSL, ("tls weak tls",)) for metric in (
        "probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_expiry_timestamp_seconds",
        "probe_ssl_last_chain_info", "probe_tls_version_info")],
    Row("probe_success", "value", LATER, ("tcp tls hostname",)),
    *[Row(metric, "added", LATER, ("tcp tls hostname",)) for metric in (
        "probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_expiry_timestamp_seconds",
        "probe_ssl_last_chain_info", "probe_tls_version_info")],
]
README_SECTION = re.compile(r"^## In place of blackbox_exporter\n(.*?)^## ", re.M | re.S)
RULES = """
groups:
  - name: blackbox
    interval: 200ms
    rules:
      - alert: ProbeFailed
        expr: probe_success == 0
      - alert: SlowProbe
        expr: avg_over_time(probe_duration_seconds[1m]) > 1
      - alert: HttpStatusCode
        expr: probe_http_status_code <= 199 OR probe_http_status_code >= 400
      - alert: CertificateExpiresSoon
        expr: probe_ssl_earliest_cert_expiry - time() < 86400 * 20
      - alert: CertificateExpiresVerySoon
        expr: probe_ssl_earliest_cert_expiry - time() < 86400 * 3
      - alert: CertificateExpired
        expr: round((probe_ssl_last_chain_expiry_timestamp_seconds - time()) / 86400, 0.1) < 0
      - alert: SlowHttp
        expr: avg_over_time(probe_http_duration_seconds[1m]) > 1
      - alert: NotTls
        expr: probe_http_ssl == 0
      - alert: OldTls
        expr: probe_tls_version_info{version!="TLS 1.3"} == 1
"""
# What dashboards draw: of these only the labels are compared, the values are times.
DRAWN = ("probe_success", "sum by (instance) (probe_http_duration_seconds)",
         "avg by (phase) (probe_http_duration_seconds)", "probe_duration_seconds",
         "probe_dns_lookup_time_seconds", "probe_http_status_code", "probe_http_version",
         "probe_http_ssl", "probe_ssl_earliest_cert_expiry", "probe_ip_protocol",
         "probe_http_redirects", "probe_http_content_length", "probe_tls_version_info",
         "probe_failed_due_to_regex")
VALUES = ("probe_success", "probe_http_status_code", "probe_http_version", "probe_http_ssl",
          "probe_ssl_earliest_cert_expiry", "probe_ip_protocol", "probe_ip_addr_hash",
          "probe_http_redirects", "probe_http_content_length", "probe_tls_version_info",
          "probe_failed_due_to_regex", "up")
TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"


def job(name, module, targets, exporter, interval="1s", timeout="900ms"):
    """The block that blackbox_exporter's README shows: only `exporter` is not the same."""
    return {
        "job_name": name, "metrics_path": "/probe", "params": {"module": [module]},
        "scrape_interval": interval, "scrape_timeout": timeout,
        "static_configs": [{"targets": targets}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": exporter}]}


@requires_root
@requires("blackbox_exporter")
@requires("nginx")
@requires("openssl")
class Probe(BlackboxCase):
    def setUp(self):
        super().setUp()
        self.ours = self.exporter(None, f"--config.file={self.file}", "--log.level=debug",
                                  netns=self.netns, binary=self.script)

    def url(self, path="/", site="plain", host="127.0.0.1", scheme="http"):
        return f"{scheme}://{host}:{self.ports[site]}{path}"

    def page(self, exporter, case, **more):
        status, kind, body = ask(exporter, case.target, case.module, **case.more, **more)
        self.assertEqual((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"),
                         f"{case}: {body}")
        return Page(body)

    def test_every_pair(self):
        def both(case):
            return case, self.page(self.ours, case), self.page(self.theirs, case)

        found = []
        asked = cases(self.ports, self.misbehaving)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for case, ours, theirs in pool.map(both, asked):
                found += differences(case.name, ours, theirs)
                check_durations(ours)
        self.assertEqual(len(asked), len({case.name for case in asked}))
        self.assertEqual([], outdated(found, TABLE))
        self.assertEqual({}, grouped(unexplained(found, TABLE)))

    def test_what_is_refused(self):
        good = self.url()
        for what in ({}, {"target": ""}, {"target": good, "module": "nope"}, {"module": "nope"},
                     {"target": good, "module": "headers", "hostname": "other.test"}):
            with self.subTest(what):
                ours, theirs = ask(self.ours, **what), ask(self.theirs, **what)
                self.assertEqual(ours[:2], theirs[:2])
                self.assertEqual(ours[0], 400)
                # A header may be a secret: ours tells no values.
                text = re.sub(r" \([^)]*\)", "", theirs[2].decode())
                self.assertEqual(ours[2].decode().strip(), text.strip())
        for module in ("icmp", "dns", "grpc"):
            status, _, body = ask(self.ours, "127.0.0.1", module)
            self.assertEqual((status, body.decode().strip()),
                             (400, f'module "{module}": prober {module} is not supported'))
        self.assertEqual(ask(self.theirs, good, headers={TIMEOUT_HEADER: "soon"})[0], 500)
        self.assertEqual(ask(self.ours, good, headers={TIMEOUT_HEADER: "soon"})[0], 400)

    def test_the_time_allowed(self):
        """The shorter of the module's and the scraper's less half a second, of either prober."""
        targets = {"long": self.url(site="silent"), "tcp_long": f"127.0.0.1:{self.ports['silent']}",
                   "short": self.url(site="silent")}
        asked = [(module, header, allowed) for module, header, allowed in (
            ("long", "1.2", 0.7), ("tcp_long", "1.3", 0.8), ("short", "30", 0.8),
            ("short", None, 0.8), ("short", "", 0.8), ("short", "0", 0.8))]

        def taken(exporter, module, header):
            headers = {} if header is None else {TIMEOUT_HEADER: header}
            page = Page(ask(exporter, targets[module], module, headers)[2])
            self.assertEqual(page.value("probe_success"), 0)
            return page

        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            pages = [(pool.submit(taken, self.theirs, *what[:2]),
                      pool.submit(taken, self.ours, *what[:2]), what) for what in asked]
        for theirs, ours, (module, header, allowed) in pages:
            with self.subTest(module=module, header=header):
                self.assertAlmostEqual(ours.result().value("probe_timeout_seconds"), allowed)
                for page in (theirs.result(), ours.result()):
                    # The module's own is 8 s, when it is not the shorter one.
                    took = page.value("probe_duration_seconds")
                    self.assertTrue(allowed - 0.01 <= took < 6, took)

    def test_debug(self):
        def sections(exporter):
            status, _, body = ask(exporter, self.url("/basic"), "basic", debug="true")
            self.assertEqual(status, 200)
            return [text.strip().partition("\n")[::2]
                    for text in body.decode().split("\n\n\n")]

        theirs, ours = sections(self.theirs), sections(self.ours)
        self.assertEqual([title for title, _ in ours], [title for title, _ in theirs])
        for log in (theirs[0][1], ours[0][1]):
            self.assertIn('level=info msg="Beginning probe" probe=http timeout_seconds=3', log)
            self.assertIn("level=info msg=\"Received HTTP response\" status_code=200", log)
            self.assertIn("level=info msg=\"Probe succeeded\"", log)
        self.assertEqual(Page(ours[1][1].encode() + b"\n").value("probe_success"), 1)
        for dump in (theirs[2][1], ours[2][1]):
            self.assertRegex(dump, r"(?m)^prober: http$")
            self.assertRegex(dump, r"(?m)^    username: me$")
            self.assertRegex(dump, r'(?m)^    password: "?<secret>"?$')
        # Anything but "true" is a page as without.
        self.assertEqual(self.page(self.ours, Case("", "http_2xx", self.url(), {"debug": "1"}))
                         .value("probe_success"), 1)

    def test_secrets_are_not_shown(self):
        modules = ("basic", "basic_file", "bearer", "bearer_old_word", "proxy_header",
                   "proxy_407", "headers", "token")
        bodies = [ask(self.ours, self.url(path), module, debug=debug)[2].decode()
                  for module in modules for path in ("/", "/basic", "/missing")
                  for debug in (None, "true")]
        bodies += [self.ours.get(path)[2].decode() for path in ("/", "/metrics", "/config")]
        bodies.append(self.ours.log())
        for secret in SECRETS:
            self.assertEqual([], [body for body in bodies if secret in body], secret)

    @requires("prometheus")
    def test_prometheus_by_changing_the_address(self):
        web = [self.url(), self.url("/status/404"), self.url("/moved"),
               self.url("/", "both", "both.test"), self.url("/", "nobody"),
               "http://missing.test/", f"leaf.test:{self.ports['plain']}"]
        tls = [self.url("/", site, "leaf.test", "https") for site in (
            "tls", "old", "expired", "itself", "nobody")]
        tcp = [f"127.0.0.1:{self.ports[name]}" for name in ("plain", "nobody", "closes")]
        slow = f"http://127.0.0.1:{self.misbehaving.port}/drip"
        rules = self.write("rules.yml", RULES)
        servers = []
        for exporter in (self.theirs, self.ours):
            address = f"127.0.0.1:{exporter.port}"
            servers.append(Prometheus(self, json.dumps({
                "global": {"scrape_interval": "1s", "scrape_timeout": "900ms"},
                "rule_files": [str(rules)],
                "scrape_configs": [
                    job("web", "http_2xx", web, address), job("tls", "tls", tls, address),
                    job("tls_any", "tls_any", tls, address),
                    job("tcp", "tcp_connect", tcp, address),
                    job("body", "body_ill", web[:2], address),
                    job("slow", "long", [slow], address, "2s", "1800ms"),
                ]}), netns=self.netns))
        theirs, ours = (server.wait_ready() for server in servers)
        count = len(web) + 2 * len(tls) + len(tcp) + 3
        self.settle(theirs, ours, count)
        for expression in VALUES:
            self.assertEqual(self.answers(ours, expression, True),
                             self.answers(theirs, expression, True), expression)
        for expression in DRAWN:
            answered = self.answers(ours, expression)
            self.assertTrue(answered, expression)
            self.assertEqual(answered, self.answers(theirs, expression), expression)

    def answers(self, prometheus, expression, values=False):
        return {(frozenset(labels.items()), value if values else None)
                for labels, value in prometheus.query(expression)}

    def settle(self, theirs, ours, count):
        """Until all is scraped, and the same alerts fire, each of the rules among them."""
        firing = 'ALERTS{alertstate="firing"}'

        def is_settled():
            fired = self.answers(ours, firing)
            names = {dict(labels)["alertname"] for labels, _ in fired}
            return (all(len(self.answers(server, "up == 1")) == count
                        for server in (theirs, ours))
                    and names == set(re.findall("alert: (.*)", RULES))
                    and fired == self.answers(theirs, firing))

        def explain():
            return (f"only theirs: {self.answers(theirs, firing) - self.answers(ours, firing)}"
                    f"\nonly ours: {self.answers(ours, firing) - self.answers(theirs, firing)}"
                    f"\nup: {ours.query('up == 0')}")

        wait_until(is_settled, explain, 25, 0.2)


@requires("blackbox_exporter")
class File(LiveCase):
    def test_debians_own_file_loads_as_it_is(self):
        file = pathlib.Path(tool("blackbox_exporter")).parents[2] / "etc/prometheus/blackbox.yml"
        self.assertIn("prober: icmp", file.read_text())
        done = self.run_exporter("--config.check", f"--config.file={file}")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = done.stdout + done.stderr
        for module in ("icmp", "icmp_ttl5", "grpc", "grpc_plain"):
            prober = module.split("_")[0]
            self.assertIn(f"{module} (prober {prober} is not supported)", said)

    def test_the_readme_has_every_difference(self):
        section = README_SECTION.search((ROOT / "README.md").read_text())[1]
        lines = [line.strip("|").split("|") for line in section.splitlines()
                 if line.startswith("| `probe_")]
        told = [(pattern, cells[-1].strip()) for cells in lines
                for pattern in re.findall("`(probe_[a-z_*]+)`", cells[0])]
        for row in TABLE:
            self.assertTrue(any(fnmatch.fnmatch(row.metric, pattern) and row.reason == reason
                                for pattern, reason in told), row)
        self.assertEqual({reason for _, reason in told}, {row.reason for row in TABLE})


if __name__ == "__main__":
    unittest.main()
