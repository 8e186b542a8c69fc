"""What a module can ask for, against the real nginx: each does what it says, and is missed
where it is left out.
"""

import os
import signal
import socket
import threading
import unittest

from harness import config, requires, requires_root, target, tool, wait_until
from probing import PYTHON, SERVERS, ProbeCase, destination

NGINX = """
daemon off; master_process off; pid %(dir)s/nginx.pid; error_log %(dir)s/nginx.log;
events { worker_connections 500; }
http {
  access_log off;
  client_body_temp_path %(dir)s/t1; proxy_temp_path %(dir)s/t2; fastcgi_temp_path %(dir)s/t3;
  uwsgi_temp_path %(dir)s/t4; scgi_temp_path %(dir)s/t5;
  default_type text/plain; gzip on; gzip_min_length 1; gzip_types text/plain;
  ssl_certificate %(dir)s/leaf.pem; ssl_certificate_key %(dir)s/leaf.key;
  server { listen 127.0.0.1:%(plain)d; listen [::1]:%(plain)d; include %(dir)s/pages; }
  server { listen 127.0.0.1:%(tls)d ssl http2; ssl_protocols TLSv1.2 TLSv1.3;
           include %(dir)s/pages; }
  server { listen 127.0.0.1:%(old)d ssl; ssl_protocols TLSv1.2; include %(dir)s/pages; }
  server { listen 127.0.0.1:%(client)d ssl; ssl_client_certificate %(dir)s/ca.pem;
           ssl_verify_client on; include %(dir)s/pages; }
}
"""
# Each is 200 only when it was asked for in the right way.
PAGES = """
location = / { return 200 "it is well\\n"; }
location = /h2 { if ($http2 != h2) { return 400; } return 200; }
location = /basic { if ($http_authorization != "Basic bWU6bXkgc2VjcmV0") { return 401; }
                    return 200; }
location = /bearer { if ($http_authorization != "Bearer my-token") { return 401; }
                     return 200; }
location = /token { if ($http_authorization != "Token my-token") { return 401; } return 200; }
location = /headers { if ($http_x_forwarded_for != "first, second") { return 400; }
                      if ($http_user_agent != "probe/1") { return 400; }
                      if ($host != virtual.test) { return 404; } return 200; }
location = /secret { if ($http_x_token != "my-token") { return 401; } return 200; }
location = /post { if ($request_method != POST) { return 405; }
                   proxy_set_header X-Body $request_body; proxy_set_header Host said;
                   proxy_pass http://127.0.0.1:%(plain)d/said; }
location = /said { if ($http_x_body != "a=b c") { return 400; } return 200; }
location = /put { if ($request_method != PUT) { return 405; } return 200; }
location = /sni { if ($ssl_server_name != leaf.test) { return 421; } return 200; }
location = /from { if ($remote_addr != 127.0.0.9) { return 403; } return 200; }
location = /four { if ($server_addr != 127.0.0.1) { return 403; } return 200; }
location = /six { if ($server_addr != ::1) { return 403; } return 200; }
location = /gzip { if ($http_accept_encoding != gzip) { return 406; }
                   return 200 "it is well, it is well, it is well\\n"; }
location = /via { if ($http_via = "") { return 403; } return 200; }
location = /moved { return 301 /; }
location = /gone { return 301 /nowhere; }
"""
NAMES = ("leaf=127.0.0.1", "both=127.0.0.1", "both=::1", "four=127.0.0.1")
SITES = ("plain", "tls", "old", "client")


class Counter(threading.Thread):
    """A server that takes every connection, and notes what comes over it."""

    def __init__(self, address="127.0.0.1"):
        super().__init__(daemon=True)
        self.listener = socket.create_server((address, 0), backlog=128)
        self.address = f"{address}:{self.listener.getsockname()[1]}"
        self.heard = []
        self.start()

    def run(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.hear, args=(client,), daemon=True).start()

    def hear(self, client):
        with client:
            try:
                self.heard.append(client.recv(65536))
            except OSError as error:
                self.heard.append(error)


@requires_root
@requires("nginx")
@requires("openssl")
class Modules(ProbeCase):
    def setUp(self):
        super().setUp()
        self.netns, _, self.script = self.name_server(*NAMES)
        # All ports of the namespace are free.
        self.ports = {name: 7000 + number for number, name in enumerate((*SITES, "nobody"))}
        self.certificate("ca", "outboundtest CA")
        self.certificate("leaf", "leaf.test", "ca")
        self.certificate("client", "somebody", "ca")
        self.write("password", "my secret\n")
        self.write("token", "my-token\n")
        self.write("body", "a=b c")
        words = {"dir": self.dir, **self.ports}
        self.write("pages", PAGES % words)
        path = self.write("nginx.conf", NGINX % words)
        server = self.start([tool("nginx"), "-e", f"{self.dir}/nginx.log", "-c", path],
                            netns=self.netns)
        wait_until(lambda: (self.dir / "nginx.pid").exists() or not server.running(), "nginx")
        self.assertTrue(server.running(), server.log())

    def start_talks(self):
        server = self.start([PYTHON, SERVERS / "talk.py", self.dir / "leaf.pem",
                             self.dir / "leaf.key"], netns=self.netns)
        while (line := server.line()) != "ready":
            name, port = line.split(" ")
            self.ports[name] = int(port)

    def run_modules(self, modules, destinations, expected, **how):
        env = dict(os.environ, TEST_PASSWORD="my secret", TEST_TOKEN="my-token")
        exporter = self.exporter(config(destinations=destinations, modules=modules,
                                        discover={"enabled": False}),
                                 netns=self.netns, binary=self.script, env=env, **how)
        return exporter, self.wait_reasons(exporter, expected)

    def check(self, rows):
        """Rows of (path, module, the reason, the reason without the module, more...).

        More are the site (plain), the host (leaf.test), and keys of the probe itself.
        """
        modules = {"bare": {"prober": "http", "timeout": "900ms"},
                   "trusting": {"prober": "http", "timeout": "900ms",
                                "http": {"tls_config": self.ours()}}}
        found, expected = [], {}
        for number, (path, http, reason, without, *more) in enumerate(rows):
            site, host, keys = (*more, *("plain", "leaf.test", {})[len(more):])
            scheme = "http" if site == "plain" else "https"
            url = f"{scheme}://{host}:{self.ports[site]}{path}"
            name = f"{number} {path} {' '.join(http) or ' '.join(keys)}"
            modules[f"m{number}"] = {"prober": "http", "timeout": "900ms", "http": http}
            found.append(destination(name, url, module=f"m{number}"))
            found[-1]["probe"].update(keys)
            trusts = "tls_config" in http and without != "tls_certificate"
            bare = "trusting" if trusts else "bare"
            found.append(destination(f"{name}, without", url, module=bare))
            expected[name], expected[f"{name}, without"] = reason, without
        return self.run_modules(modules, found, expected)

    def ours(self, **more):
        return {"ca_file": "ca.pem", **more}

    def test_what_is_sent(self):
        here = str(self.dir)
        self.check([
            ("/basic", {"basic_auth": {"username": "me", "password_file": "password"}},
             None, "status"),
            ("/basic", {"basic_auth": {"username": "me", "password_env": "TEST_PASSWORD"}},
             None, "status"),
            ("/basic", {"basic_auth": {"username": "me", "password": "other"}},
             "status", "status"),
            ("/bearer", {"authorization": {"credentials_file": f"{here}/token"}},
             None, "status"),
            ("/bearer", {"authorization": {"credentials_env": "TEST_TOKEN"}}, None, "status"),
            ("/bearer", {"bearer_token_file": "token"}, None, "status"),
            ("/token", {"authorization": {"type": "Token", "credentials": "my-token"}},
             None, "status"),
            ("/headers", {"headers": {"User-Agent": "probe/1", "Host": "virtual.test"},
                          "http_headers": {"X-Forwarded-For": {"values": ["first", "second"]}}},
             None, "status"),
            ("/secret", {"http_headers": {"X-Token": {"files": ["token"]}}}, None, "status"),
            ("/secret", {"http_headers": {"X-Token": {"secrets": ["my-token"]}}},
             None, "status"),
            ("/post", {"method": "POST", "body": "a=b c"}, None, "status"),
            ("/post", {"method": "POST", "body_file": "body"}, None, "status"),
            ("/post", {"method": "POST", "body": "other"}, "status", "status"),
            ("/put", {"method": "PUT"}, None, "status"),
            ("/gzip", {"compression": "gzip",
                       "fail_if_body_not_matches_regexp": ["^it is well, .* well\n$"]},
             None, "status"),
            ("/moved", {"follow_redirects": False, "valid_status_codes": [301]}, None, None),
            ("/moved", {"follow_redirects": False}, "status", None),
            ("/gone", {"follow_redirects": True, "valid_status_codes": ["4xx"]},
             None, "status"),
        ])

    def test_tls(self):
        client = {"cert_file": "client.pem", "key_file": "client.key"}
        self.check([
            ("/", {"tls_config": self.ours()}, None, "tls_certificate", "tls"),
            ("/", {"tls_config": {"insecure_skip_verify": True}}, None, "tls_certificate",
             "tls"),
            ("/", {"tls_config": {"ca": (self.dir / "ca.pem").read_text()}}, None,
             "tls_certificate", "tls"),
            ("/h2", {"tls_config": self.ours()}, None, "tls_certificate", "tls"),
            ("/h2", {"tls_config": self.ours(), "enable_http2": False}, "status", None, "tls"),
            ("/h2", {"tls_config": self.ours()}, "status", "tls_certificate", "old"),
            ("/", {"tls_config": self.ours(**client)}, None, "status", "client"),
            ("/sni", {"tls_config": self.ours(server_name="leaf.test")}, None,
             "tls_certificate", "tls", "127.0.0.1"),
            ("/sni", {"tls_config": self.ours(server_name="other.test")}, "tls_certificate",
             None, "tls"),
            ("/", {"tls_config": self.ours(min_version="TLS13")}, "tls_handshake", None, "old"),
            ("/", {"tls_config": self.ours(min_version="TLS13")}, None, None, "tls"),
            ("/", {"tls_config": self.ours(max_version="TLS12")}, None, None, "old"),
        ])

    def test_whom_it_connects_to(self):
        self.start_talks()
        pinned = {"resolve": [f"nowhere.test:{self.ports['plain']}:127.0.0.1"]}
        proxy = f"http://127.0.0.2:{self.ports['proxy']}"
        strict = f"http://127.0.0.2:{self.ports['pass_proxy']}"
        self.check([
            ("/", {}, None, "dns_not_found", "plain", "nowhere.test", pinned),
            ("/", {"tls_config": self.ours()}, None, None, "tls", "leaf.test",
             {"resolve": [f"leaf.test:{self.ports['tls']}:127.0.0.1"]}),
            ("/", {}, "refused", None, "plain", "leaf.test",
             {"resolve": [f"leaf.test:{self.ports['plain']}:127.0.0.7"]}),
            ("/from", {"source_ip_address": "127.0.0.9"}, None, "status"),
            ("/from", {"source_ip_address": "127.0.0.8"}, "status", "status"),
            ("/", {"source_ip_address": "192.0.2.1"}, "config", None),
            ("/four", {"preferred_ip_protocol": "ip4"}, None, None, "plain", "four.test"),
            ("/four", {"preferred_ip_protocol": "ip6"}, None, None, "plain", "four.test"),
            ("/four", {"preferred_ip_protocol": "ip6", "ip_protocol_fallback": False},
             "dns_not_found", None, "plain", "four.test"),
            ("/via", {"proxy_url": proxy}, None, "status"),
            ("/via", {"proxy_url": proxy, "no_proxy": "leaf.test"}, "status", "status"),
            ("/", {"proxy_url": strict, "tls_config": self.ours()}, "proxy", None, "tls"),
            ("/", {"proxy_url": strict, "tls_config": self.ours(),
                   "proxy_connect_header": {"X-Pass": ["let me in"]}}, None, None, "tls"),
        ])

    def test_one_address_of_either_family(self):
        """Of a name with both: without a preference whichever connects first."""
        url = f"http://both.test:{self.ports['plain']}"
        modules = {family: {"prober": "http", "http": {"preferred_ip_protocol": family}}
                   for family in ("ip4", "ip6")}
        found = [destination(f"{family} {path}", f"{url}{path}", module=family)
                 for family in modules for path in ("/four", "/six")]
        self.run_modules(modules, found, {"ip4 /four": None, "ip4 /six": "status",
                                          "ip6 /four": "status", "ip6 /six": None})

    def test_a_secret_that_changes(self):
        """It is read anew for each run, whoever replaces the file."""
        basic = {"basic_auth": {"username": "me", "password_file": "password"}}
        self.write("password", "outdated\n")
        found = [destination("a", f"http://leaf.test:{self.ports['plain']}/basic", "200ms",
                             module="basic")]
        exporter, _ = self.run_modules({"basic": {"prober": "http", "http": basic}}, found,
                                       {"a": "status"})
        self.write("password.new", "my secret\n").rename(self.dir / "password")
        exporter.wait_value("outbound_probe_success", 1, destination="a")
        (self.dir / "password").unlink()
        page = exporter.wait_value("outbound_probe_success", 0, destination="a")
        exporter.wait_for(lambda page: page.get_value(
            "outbound_probes_failed_total", destination="a", reason="config"), "to be missed")
        self.write("password", "my secret\n")
        exporter.wait_value("outbound_probe_success", 1, destination="a")
        self.assertEqual(page.value("outbound_exporter_config_last_reload_successful"), 1)
        self.assertNotIn("secret", exporter.log())


class Automatic(ProbeCase):
    """Nothing is sent unasked; and when asked for, a connection is all there is."""

    def test_a_destination_of_the_configuration(self):
        servers = {name: Counter() for name in ("probed", "known")}
        destinations = [{"name": name, "address": "127.0.0.1",
                         "port": int(server.address.rpartition(":")[2])}
                        for name, server in servers.items()]
        destinations[0]["probe"] = "auto"
        exporter = self.exporter(config(destinations=destinations,
                                        discover={"enabled": False}))
        page = exporter.wait_value("outbound_probe_success", 1, destination="probed")
        self.assertEqual({labels["destination"] for labels, _ in
                          page.series("outbound_probes_total")}, {"probed"})
        wait_until(lambda: servers["probed"].heard, "the end of the connection")
        self.assertEqual(set(servers["probed"].heard), {b""})
        self.assertEqual(servers["known"].heard, [])

    def discover(self, word):
        """A client with a connection to each of two servers, one of which has a name."""
        named, nameless = Counter(), Counter()
        agent = self.agent()
        for server in (named, nameless):
            agent.call("dial", server.address)
        exporter = self.exporter(config(
            target("t", pid=agent.pid), discover={"enabled": False, "probe": word},
            destinations=[{"name": "named", "address": "127.0.0.1",
                           "port": int(named.address.rpartition(":")[2])}]))
        exporter.wait_value("outbound_connections", 1, target="t", state="established",
                            destination=nameless.address)
        return exporter, agent, named, nameless

    def test_what_was_found_is_asked_by_a_bare_connection(self):
        exporter, agent, named, nameless = self.discover("auto")
        page = exporter.wait_value("outbound_probe_success", 1, destination=nameless.address)
        self.assertEqual({labels["destination"] for labels, _ in
                          page.series("outbound_probes_total")}, {nameless.address})
        wait_until(lambda: nameless.heard, "the end of the connection")
        self.assertEqual((set(nameless.heard), named.heard), ({b""}, []))
        # The probe's own connection is no destination of anybody, and no reason for another.
        page = exporter.wait_tick()
        self.assertEqual(page.connections("t"), {("named", "established"): 1,
                                                 (nameless.address, "established"): 1})
        # A reload keeps what it knows, and without the word nothing is known any more.
        exporter.signal(signal.SIGHUP)
        page = exporter.wait_tick()
        self.assertGreaterEqual(page.value("outbound_probes_total",
                                           destination=nameless.address), 1)
        exporter.configure(exporter.config_file.read_text().replace('"auto"', '"off"'))
        exporter.signal(signal.SIGHUP)
        exporter.wait_for(lambda page: not page.series("outbound_probes_total"), "none")
        agent.call("hang_up")

    def test_without_the_word_nobody_is_asked(self):
        exporter, agent, named, nameless = self.discover("off")
        for _ in range(10):
            page = exporter.wait_tick()
        self.assertEqual(page.series("outbound_probes_total"), [])
        agent.call("hang_up")
        wait_until(lambda: named.heard and nameless.heard, "the client's own to end")
        self.assertEqual((len(named.heard), len(nameless.heard)), (1, 1))


if __name__ == "__main__":
    unittest.main()
