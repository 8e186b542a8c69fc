"""Why a probe failed: a closed list, and a real cause for each of it.

Here are the causes that no other file has; CAUSES tells where the rest is.
"""

import importlib
import inspect
import re
import unittest
import urllib.parse

from harness import ROOT, LiveCase, config, free_port, requires, tool, wait_until
from probing import PYTHON, SERVERS, ProbeCase, destination

# Which test makes it happen: of the file test_ANY.py, the class and the method.
CAUSES = {
    "dns_not_found": ["probe.Names.test_each_answer_has_its_reason",
                      "views.Names.test_its_own_name_server"],
    "dns_timeout": ["probe.Names.test_each_answer_has_its_reason",
                    "probe.Names.test_a_redirect_to_a_name_that_hangs",
                    "views.Names.test_its_own_name_server"],
    "dns_failed": ["probe.Names.test_each_answer_has_its_reason",
                   "views.Names.test_links_stay_inside"],
    "refused": ["probe.Misbehaviour.test_each_has_its_reason", "views.Egress.test_refused"],
    "reset": ["probe.Misbehaviour.test_each_has_its_reason",
              "conversations.Conversations.test_each_has_its_reason"],
    "connect_timeout": ["probe.Network.test_a_black_hole_and_a_wall",
                        "views.Egress.test_dropped"],
    "unreachable": ["probe.Network.test_a_black_hole_and_a_wall",
                    "views.Egress.test_unreachable"],
    "tls_handshake": ["probe.Misbehaviour.test_each_has_its_reason",
                      "conversations.Conversations.test_each_has_its_reason",
                      "reasons.Reasons.test_a_certificate_that_the_server_wants"],
    "tls_certificate": ["probe.Nginx.test_certificates",
                        "conversations.Conversations.test_each_has_its_reason"],
    "tls_expired": ["probe.Nginx.test_certificates",
                    "conversations.Conversations.test_an_expired_certificate"],
    "no_answer": ["probe.Misbehaviour.test_each_has_its_reason",
                  "conversations.Conversations.test_each_has_its_reason"],
    "slow": ["probe.Misbehaviour.test_each_has_its_reason",
             "conversations.Conversations.test_each_has_its_reason"],
    "status": ["probe.Misbehaviour.test_each_has_its_reason"],
    "header": ["reasons.Reasons.test_answers_that_are_not_as_wanted"],
    "body": ["probe.Expectations.test_status_and_body",
             "conversations.Conversations.test_each_has_its_reason",
             "reasons.Reasons.test_answers_that_are_not_as_wanted"],
    "http_version": ["reasons.Reasons.test_answers_that_are_not_as_wanted"],
    "tls_missing": ["reasons.Reasons.test_answers_that_are_not_as_wanted"],
    "tls_unwanted": ["reasons.Reasons.test_answers_that_are_not_as_wanted"],
    "closed_early": ["probe.Misbehaviour.test_each_has_its_reason",
                     "conversations.Conversations.test_each_has_its_reason"],
    "too_large": ["probe.Misbehaviour.test_each_has_its_reason",
                  "conversations.Conversations.test_each_has_its_reason"],
    "redirects": ["probe.Misbehaviour.test_each_has_its_reason"],
    "protocol": ["probe.Misbehaviour.test_each_has_its_reason"],
    "proxy": ["reasons.Reasons.test_proxies"],
    "local_ports": ["probe.Network.test_no_local_port_is_left"],
    "canceled": ["views.Comings.test_the_target_dies_and_comes_back"],
    "config": ["reasons.Reasons.test_what_the_module_names_is_not_there"],
    "other": ["views.Names.test_a_file_that_never_ends",
              "views.Rights.test_files_that_not_everybody_may_read"],
}
NOTHING = "OUTBOUNDTEST_NOT_SET"


class Reasons(ProbeCase):
    def setUp(self):
        super().setUp()
        self.certificate("ca", "ca")
        self.certificate("leaf", "localhost", "ca")
        self.trusted = {"tls_config": {"ca_file": str(self.dir / "ca.pem")}}

    def talk(self):
        """{name: port} of servers/talk.py."""
        server = self.start([PYTHON, SERVERS / "talk.py", self.dir / "leaf.pem",
                             self.dir / "leaf.key"])
        ports = {}
        while (line := server.line()) != "ready":
            name, port = line.split(" ")
            ports[name] = int(port)
        return ports

    def produce(self, cases):
        """`cases` is {name: (URL, reason, module)}: by the schedule, and by GET /probe."""
        modules = {name: {**module, "timeout": "900ms"}
                   for name, (_, _, module) in cases.items()}
        exporter = self.exporter(config(
            destinations=[destination(name, url, module=name)
                          for name, (url, _, _) in cases.items()],
            modules=modules, discover={"enabled": False}))
        for name, (url, reason, _) in cases.items():
            query = urllib.parse.urlencode({"target": url, "module": name})
            page = exporter.get(f"/probe?{query}")[2].decode()
            told = re.findall('probe_failure_reason_info{reason="(.*)"} 1', page)
            self.assertEqual(told, [reason] if reason else [], name)
            self.assertIn(f"probe_success {0 if reason else 1}\n", page)
        self.wait_reasons(exporter, {name: reason for name, (_, reason, _) in cases.items()})

    def http(self, **options):
        return {"prober": "http", "http": {**self.trusted, **options}}

    @requires("nginx")
    @requires("openssl")
    def test_answers_that_are_not_as_wanted(self):
        plain, tls = free_port(), free_port()
        self.nginx({plain: None, tls: "leaf"})
        plain, tls = f"http://localhost:{plain}/", f"https://localhost:{tls}/"
        talks = self.talk()
        is_nginx = {"header": "Server", "regexp": "nginx"}
        absent = {"header": "X-Absent", "regexp": "."}
        self.produce({
            "header": (plain, "header", self.http(fail_if_header_matches=[is_nginx])),
            "header_missing": (plain, "header", self.http(
                fail_if_header_not_matches=[absent])),
            "header_as_wanted": (plain, None, self.http(
                fail_if_header_not_matches=[is_nginx],
                fail_if_header_matches=[{**absent, "allow_missing": True}])),
            "body": (tls, "body", self.http(fail_if_body_matches_regexp=["is well"])),
            "not_compressed": (plain, "body", self.http(compression="gzip")),
            "only_1": (tls, "http_version", self.http(valid_http_versions=["HTTP/1.1"])),
            "only_2": (plain, "http_version", self.http(valid_http_versions=["HTTP/2.0"])),
            "version_as_wanted": (tls, None, self.http(valid_http_versions=["HTTP/2.0"])),
            "must_tls": (plain, "tls_missing", self.http(fail_if_not_ssl=True)),
            "must_not_tls": (tls, "tls_unwanted", self.http(fail_if_ssl=True)),
            "talk": (f"tcp://localhost:{talks['echo']}", "body", {"prober": "tcp", "tcp": {
                "query_response": [{"expect": "^220", "send": "hello"},
                                   {"expect": "^250 you said goodbye"}]}}),
        })

    @requires("nginx")
    @requires("openssl")
    def test_proxies(self):
        plain, tls = free_port(), free_port()
        self.nginx({plain: None, tls: "leaf"})
        talks = self.talk()
        urls = {"http": f"http://localhost:{plain}/", "https": f"https://localhost:{tls}/"}
        proxies = {
            # (scheme of the target, address of the proxy): reason
            "good": ("http", f"127.0.0.2:{talks['proxy']}", None),
            "good_tunnel": ("https", f"127.0.0.2:{talks['proxy']}", None),
            "refuses_connect": ("https", f"127.0.0.2:{talks['pass_proxy']}", "proxy"),
            "wants_a_password": ("http", f"127.0.0.2:{talks['password_proxy']}", "proxy"),
            "wants_one_first": ("https", f"127.0.0.2:{talks['password_proxy']}", "proxy"),
            "is_a_web_server": ("https", f"127.0.0.1:{plain}", "proxy"),
            "talks_otherwise": ("http", f"127.0.0.1:{talks['echo']}", "proxy"),
            "talks_otherwise_tunnel": ("https", f"127.0.0.1:{talks['half_and_end']}", "proxy"),
            "is_silent": ("https", f"127.0.0.1:{talks['silent']}", "no_answer"),
            "closes": ("https", f"127.0.0.1:{talks['closes']}", "proxy"),
            "is_not_there": ("https", f"127.0.0.1:{free_port()}", "refused"),
        }
        self.produce({name: (urls[scheme], reason, self.http(proxy_url=f"http://{proxy}"))
                   for name, (scheme, proxy, reason) in proxies.items()})

    def test_what_the_module_names_is_not_there(self):
        url = f"http://127.0.0.1:{self.misbehave().port}/"
        gone, nonsense = str(self.dir / "gone"), str(self.write("nonsense", "no PEM\n"))
        lines = str(self.write("lines", "one\ntwo\n"))
        leaf = {"cert_file": str(self.dir / "leaf.pem")}
        cases = {
            "password": {"basic_auth": {"username": "me", "password_file": gone}},
            "folder": {"basic_auth": {"username": "me", "password_file": str(self.dir)}},
            "variable": {"basic_auth": {"username": "me", "password_env": NOTHING}},
            "token": {"authorization": {"credentials_file": gone}},
            "token_variable": {"authorization": {"credentials_env": NOTHING}},
            "header": {"http_headers": {"X-Token": {"files": [gone]}}},
            "two_lines": {"http_headers": {"X-Token": {"files": [lines]}}},
            "request_body": {"method": "POST", "body_file": gone},
        }
        tls = {
            "authorities": {"ca_file": gone},
            "no_authorities": {"ca_file": nonsense},
            "key": {**leaf, "key_file": gone},
            "no_key": {**leaf, "key_file": nonsense},
            "another_key": {**leaf, "key_file": str(self.dir / "ca.key")},
            "no_certificate": {"cert_file": nonsense, "key_file": str(self.dir / "leaf.key")},
        }
        cases = {name: (url, "config", {"prober": "http", "http": http})
                 for name, http in cases.items()}
        for name, how in tls.items():
            cases[name] = (url.replace("http:", "https:"), "config",
                           {"prober": "http", "http": {"tls_config": how}})
            cases[f"tcp_{name}"] = (url.replace("http:", "tcp:").rstrip("/"), "config",
                                    {"prober": "tcp", "tcp": {"tls": True, "tls_config": how}})
        self.produce(cases)

    @requires("openssl")
    def test_a_certificate_that_the_server_wants(self):
        self.certificate("other", "other CA")
        self.certificate("known", "somebody", "ca")
        self.certificate("stranger", "somebody", "other")
        cases = {}
        for version in ("tls1_2", "tls1_3"):
            port = free_port()
            server = self.start([
                tool("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", f"-{version}",
                "-cert", self.dir / "leaf.pem", "-key", self.dir / "leaf.key", "-www",
                "-Verify", "1", "-verify_return_error", "-CAfile", self.dir / "ca.pem"])
            server.expect("ACCEPT")
            for who, reason in ((None, "tls_handshake"), ("stranger", "tls_handshake"),
                                ("known", None)):
                shown = {} if not who else {"cert_file": str(self.dir / f"{who}.pem"),
                                            "key_file": str(self.dir / f"{who}.key")}
                cases[f"{version}_{who}"] = (f"https://localhost:{port}/", reason, self.http(
                    tls_config={**self.trusted["tls_config"], **shown}))
        self.produce(cases)

    @requires("openssl")
    def test_versions_of_tls_that_do_not_meet(self):
        cases = {}
        for speaks, key, wants in (("tls1_2", "min_version", "TLS13"),
                                   ("tls1_3", "max_version", "TLS12")):
            port = free_port()
            server = self.start([
                tool("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", f"-{speaks}",
                "-cert", self.dir / "leaf.pem", "-key", self.dir / "leaf.key", "-www"])
            server.expect("ACCEPT")
            cases[speaks] = (f"https://localhost:{port}/", "tls_handshake", self.http(
                tls_config={**self.trusted["tls_config"], key: wants}))
            cases[f"{speaks}_well"] = (f"https://localhost:{port}/", None, self.http())
        self.produce(cases)


class List(LiveCase):
    def test_each_of_the_list_has_a_cause(self):
        source = (ROOT / "src/model/probe_row.c").read_text()
        listed = re.findall(r'\[PROBE_[A-Z_]+\] = "([a-z_]+)",',
                            source.split("reason_names")[1])
        self.assertGreater(len(listed), 20)
        self.assertEqual(sorted(CAUSES), sorted(listed))
        for reason, tests in CAUSES.items():
            for path in tests:
                module, case, name = path.split(".")
                test = getattr(getattr(importlib.import_module(f"test_{module}"), case), name)
                self.assertIn(f'"{reason}"', inspect.getsource(test), path)

    def test_the_readme_has_the_list(self):
        text = (ROOT / "README.md").read_text()
        told = re.search("reason from a closed list: (.*?)\\.\n", text, re.S)[1]
        self.assertEqual(sorted(re.findall("`([a-z_]+)`", told)), sorted(CAUSES))


if __name__ == "__main__":
    unittest.main()
